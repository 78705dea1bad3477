/* keys.c: the names, as lua/keys.lua has them (tests compare the two). */
#include "queues/keys.h"
#include "core/base/hash.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PARTITIONS_MAX 16384

static bool is_prefix(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > KEYS_PREFIX_MAX)
        return false;
    for (; *s; s++) {
        bool word = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                    (*s >= '0' && *s <= '9');
        if (!word && !strchr("._-:", *s))
            return false; /* above all no braces: the tag is ours */
    }
    return true;
}

enum err keys_init(struct keys *k, const char *prefix, int partition)
{
    if (!is_prefix(prefix) || partition < 0 || partition >= PARTITIONS_MAX)
        return ERR_BAD_VALUE;
    *k = (struct keys){.partition = partition};
    memcpy(k->prefix, prefix, strlen(prefix) + 1);
    int n = snprintf(k->root, sizeof k->root, "%s:{%d}", prefix, partition);
    check(n > 0 && (size_t)n < sizeof k->root);
    return ERR_OK;
}

int keys_partition_of(const char *campaign, int partitions)
{
    const char *end = strchr(campaign, '~');
    size_t n = end ? (size_t)(end - campaign) : strlen(campaign);
    return partitions > 1 ? hash_crc16(campaign, n) % partitions : 0;
}

/* A name that does not fit was made of an id nobody checked: no such key exists, and
 * it must not be cut to the name of another. */
static struct key key_join(const char *root, const char *const *parts)
{
    struct key key;
    size_t used = strlen(root);
    memcpy(key.name, root, used + 1);
    for (; *parts; parts++) {
        size_t n = strlen(*parts);
        if (n + 2 > sizeof key.name - used) {
            static const char nowhere[] = ":too_long";
            used = strlen(root);
            memcpy(key.name + used, nowhere, sizeof nowhere);
            return key;
        }
        key.name[used] = ':';
        memcpy(key.name + used + 1, *parts, n + 1);
        used += n + 1;
    }
    return key;
}

#define JOIN(root, ...) key_join(root, (const char *const[]){__VA_ARGS__, NULL})

struct key keys_meta(const struct keys *k)
{
    return JOIN(k->prefix, "meta");
}

struct key keys_worker(const struct keys *k, const char *id)
{
    return JOIN(k->prefix, "worker", id);
}

struct key keys_limits(const struct keys *k, const char *id)
{
    struct key key;
    int n = snprintf(key.name, sizeof key.name, "%s:{k:%s}", k->prefix, id);
    check(n > 0 && (size_t)n < sizeof key.name);
    return key;
}

struct key keys_tenant(const struct keys *k, const char *tenant)
{
    struct key key;
    int n = snprintf(key.name, sizeof key.name, "%s:{t:%s}", k->prefix, tenant);
    check(n > 0 && (size_t)n < sizeof key.name);
    return key;
}

struct key keys_ledger(const struct keys *k, const char *tenant, const char *date)
{
    return JOIN(keys_tenant(k, tenant).name, "spent", date);
}

struct key keys_of(const struct keys *k, const char *name)
{
    return JOIN(k->root, name);
}

struct key keys_reply(const struct keys *k, const char *tenant, const char *hash)
{
    return JOIN(k->root, "cache", tenant, hash);
}

struct key keys_dead(const struct keys *k, const char *id)
{
    return JOIN(k->root, "dead", id);
}

struct key keys_campaign(const struct keys *k, const char *id)
{
    return JOIN(k->root, "c", id);
}

struct key keys_campaign_part(const struct keys *k, const char *id, const char *part)
{
    return JOIN(k->root, "c", id, part);
}

struct key keys_variant(const struct keys *k, const char *id, const char *variant)
{
    return JOIN(k->root, "c", id, "v", variant);
}

struct key keys_placement(const struct keys *k, const char *id, const char *placement)
{
    return JOIN(k->root, "c", id, "p", placement);
}

struct key keys_rank(const struct keys *k, const char *id, const char *placement)
{
    return JOIN(k->root, "c", id, "rank", placement);
}

struct key keys_alloc(const struct keys *k, const char *id, const char *placement)
{
    return JOIN(k->root, "c", id, "alloc", placement);
}

struct key keys_journal(const struct keys *k, const char *id, const char *stage,
                        int iteration)
{
    char number[16];
    snprintf(number, sizeof number, "%d", iteration);
    return JOIN(k->root, "c", id, "jr", stage, number);
}
