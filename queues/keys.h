/* keys.h: every key name of Barker, here and in lua/keys.lua, nowhere else.
 * All keys of a partition share the tag {p}; KEYS[1] of every script is the root
 * "bk:{p}", from which it derives the rest ("bk:{k:<id>}" for the limits of an
 * endpoint, "bk:{t:<tenant>}" for those of a tenant). See docs/PROTOCOL.md for types
 * and TTLs. */
#ifndef BARKER_QUEUES_KEYS_H
#define BARKER_QUEUES_KEYS_H

#include "core/base/err.h"

#define KEYS_PREFIX_MAX 32 /* bytes of the configurable prefix */
#define KEYS_ID_MAX 64     /* campaign id: [A-Za-z0-9._-]{1,64}, "~<n>" for children */
#define KEYS_PLACEMENT_MAX 192
#define KEYS_NAME_MAX 384

struct keys {
    char prefix[KEYS_PREFIX_MAX + 1];
    char root[KEYS_PREFIX_MAX + 16]; /* "bk:{0}" */
    int partition;
};
struct key {
    char name[KEYS_NAME_MAX];
};

enum err keys_init(struct keys *k, const char *prefix, int partition) MUST_USE;
/* Home partition of a campaign: CRC16 of its root id (text before '~') mod count. */
int keys_partition_of(const char *campaign, int partitions);

/* global */
struct key keys_meta(const struct keys *k);                   /* bk:meta */
struct key keys_worker(const struct keys *k, const char *id); /* bk:worker:<id> */
/* root of what an endpoint allows, in a slot of its own: bk:{k:<id>} */
struct key keys_limits(const struct keys *k, const char *id);
/* root of what a tenant may do, in a slot of its own: bk:{t:<tenant>} */
struct key keys_tenant(const struct keys *k, const char *tenant);
/* what it has spent on a day: bk:{t:<tenant>}:spent:<YYYY-MM-DD> */
struct key keys_ledger(const struct keys *k, const char *tenant, const char *date);
/* of the partition: inbox events control rejected changes campaigns dead */
struct key keys_of(const struct keys *k, const char *name); /* bk:{p}:<name> */
/* of a reply that is kept: bk:{p}:cache:<tenant>:<hash> */
struct key keys_reply(const struct keys *k, const char *tenant, const char *hash);
/* of a campaign */
struct key keys_dead(const struct keys *k, const char *id);     /* bk:{p}:dead:<id> */
struct key keys_campaign(const struct keys *k, const char *id); /* bk:{p}:c:<id> */
struct key keys_campaign_part(const struct keys *k, const char *id, const char *part);
struct key keys_variant(const struct keys *k, const char *id, const char *variant);
struct key keys_placement(const struct keys *k, const char *id, const char *placement);
struct key keys_rank(const struct keys *k, const char *id, const char *placement);
struct key keys_alloc(const struct keys *k, const char *id, const char *placement);
struct key keys_journal(const struct keys *k, const char *id, const char *stage,
                        int iteration);

#endif
