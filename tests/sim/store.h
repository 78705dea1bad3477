/* store.h: a store in memory with the semantics of queues/jobs.h, journal.h and
 * results.h: fences, claims, journal, reservations, budget, mailbox, wakes, children.
 * All operations are atomic and happen at the world's present moment. */
#ifndef BARKER_TESTS_SIM_STORE_H
#define BARKER_TESTS_SIM_STORE_H

#include "tests/sim/world.h"
#include "workers/run/ports.h"

#define STORE_LEASE_US (3 * WORLD_SECOND_US)
#define STORE_FIELDS_MAX 32
#define STORE_MAIL_MAX 64
#define STORE_KIDS_MAX 8
#define STORE_THINGS_MAX 64

enum store_job { JOB_QUEUED, JOB_CLAIMED, JOB_WAITING, JOB_DONE, JOB_DEAD };
enum store_what { RECORD_SENT, RECORD_OK, RECORD_ERR, RECORD_LOST };

struct store_place {
    const char *stage;
    int iteration, index;
};
/* One attempt: its journal record, its reservation, and what really happened. */
struct store_record {
    struct store_record *next;
    struct store_place place;
    int attempt;
    enum store_what what;
    const char *text;
    bool held;     /* the reservation is open */
    bool in_batch; /* … and of no holder */
    bool is_call;
    int64_t fence, tokens, usd_nano; /* of the reservation */
    const struct host *granted_to;   /* truth: who may send it; */
    bool sent, good;                 /* it went out; the reply is acceptable */
};
/* A public hash: a variant or a placement. */
struct store_thing {
    const char *id;
    int64_t epoch;
    struct port_field fields[STORE_FIELDS_MAX];
    int field_count;
};
struct store_things {
    struct store_thing *items[STORE_THINGS_MAX];
    int count;
};
enum { CALLS, TOKENS, NANO, MONIES };

struct store_campaign {
    struct store_campaign *next;
    struct world *world;
    const char *id, *parent, *spec, *checkpoint, *stage, *state, *error, *memo;
    int iteration;
    enum store_job job;
    int64_t fence, released_fence;
    int owner; /* name of the worker */
    bool is_loaded;
    int wake, dirty;
    int64_t due_ms; /* 0 = none */
    int64_t commits, commit_fence, progress, progress_claim, pending_events;
    int crashes, ended;
    int64_t most[MONIES], spent[MONIES], reserved[MONIES], billed[MONIES];
    struct store_record *journal;
    int64_t sent, lost;
    const char *mail[STORE_MAIL_MAX];
    int mail_count;
    struct campaign_child kids[STORE_KIDS_MAX];
    int kid_count;
    struct store_things variants, placements;
    int turns; /* for the scenario's people */
};
struct store_cache {
    struct store_cache *next;
    const char *key, *value;
};
struct store {
    struct store_campaign *campaigns;
    struct store_cache *cache;
    bool dispatching;
};

void store_new(struct world *w);
struct store_campaign *store_find(struct world *w, const char *id);
/* ERR_ID_CONFLICT if the id has another spec; the same spec again changes nothing. */
enum err store_admit(struct world *w, const char *id, const char *parent,
                     const char *spec);
/* A child of this one. ERR_FENCED: it is not made, by who does not hold the parent;
 * ERR_BUSY: the store has no room. */
enum err store_bear(struct store_campaign *parent, int64_t fence, const char *id,
                    const char *spec);
bool store_holds(const struct store_campaign *c, int64_t fence);

/* store_job.c: into the queue, out to the workers, back after a crash */
void store_dispatch(struct world *w); /* soon */
void store_enqueue(struct store_campaign *c);
void store_due(struct store_campaign *c, int64_t at_ms);
void store_wake(struct store_campaign *c, int what);
void store_finish(struct store_campaign *c, enum store_job as, const char *state,
                  const char *error);
/* This worker is lost: its jobs go to others, charged with one crash. */
void store_reap(struct world *w, int owner);
enum err store_release(struct store_campaign *c, int64_t fence);
/* Mail {"do","v","by"}; false if the campaign has ended. */
bool store_mail(struct store_campaign *c, const char *order, const char *variant);

/* store_journal.c */
struct store_record *store_record(const struct store_campaign *c,
                                  const struct store_place *at, int attempt);
enum port_verdict store_reserve(struct store_campaign *c, int64_t fence,
                                const struct store_place *at, int attempt,
                                const struct port_estimate *most, const char *batch);
/* As hold.lua; delay_ms < 0: the job stays claimed. */
enum err store_hold(struct store_campaign *c, int64_t fence, const char *mark,
                    const char *name, const struct store_place *at, const int *attempts,
                    int count, int64_t delay_ms);
#define STORE_ENDPOINT "sim" /* of all batches */
/* The campaign has ended: what is still in batches is lost. */
void store_lose_batches(struct store_campaign *c);
struct store_settlement {
    struct store_place place;
    int attempt;
    int64_t fence;
    bool ok, is_call, was_sent;
    const char *record;
    int64_t tokens, usd_nano;
};
enum err store_settle(struct store_campaign *c, const struct store_settlement *s);
/* Reservations of older fences become lost; returns how many. */
int store_lose(struct store_campaign *c, int64_t fence);

/* store_image.c */
enum err store_load(struct store_campaign *c, int64_t fence, struct arena *a,
                    struct port_image *image);

/* store_commit.c: a commit as text, so that it can be sent twice. */
struct store_commit {
    int64_t fence, number;
    enum next_type type;
    const char *stage, *checkpoint, *state, *error, *memo;
    int iteration, wake, mail_taken;
    int64_t until_ms;
    struct store_things variants, placements;
};
void store_commit_fill(struct world *w, const struct port_commit *from,
                       struct store_commit *to);
enum err store_commit(struct store_campaign *c, const struct store_commit *commit);
/* Field of a public hash; "" if absent. */
const char *store_get(const struct store_thing *t, const char *name);
void store_set(struct world *w, struct store_thing *t, const char *name,
               const char *value);
/* Readers did this much with every variant: counts, then a wake for a re-rank. */
void store_count(struct store_campaign *c, struct store_thing *variant,
                 int64_t impressions, int64_t clicks);

#endif
