/* replay_state.h: what commits leave of a campaign, as names and texts: one such state
 * is derived by a replay, another is read from Redis, and they are held against each
 * other.
 * **owns** all its texts. */
#ifndef BARKER_WORKERS_REPLAY_REPLAY_STATE_H
#define BARKER_WORKERS_REPLAY_REPLAY_STATE_H

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "workers/run/ports.h"

#define REPLAY_NAME_MAX 200

struct replay_object { /* a hash */
    char name[REPLAY_NAME_MAX];
    char origin[96]; /* the run that made it; "" = not known */
    struct replay_word {
        char *name, *value; /* owns */
    } * words;
    int count, cap;
};
struct replay_table {
    struct replay_object **items; /* owns, in order of creation */
    int count, cap;
};
struct replay_state {
    struct replay_object campaign, checkpoint;
    struct replay_table variants;
    struct replay_table placements; /* with `shares`, the allocation as JSON */
    struct replay_table ranks;      /* per placement: variant → score */
};

void replay_state_fini(struct replay_state *s);
/* The object of that name, made if it is not there; NULL: no memory, or too long. */
struct replay_object *replay_table_put(struct replay_table *t, const char *name);
struct replay_object *replay_table_find(const struct replay_table *t, const char *name);
enum err replay_put(struct replay_object *o, const char *name, const char *value,
                    size_t n) MUST_USE;
void replay_drop(struct replay_object *o, const char *name);
const char *replay_get(const struct replay_object *o, const char *name); /* or NULL */
void replay_object_fini(struct replay_object *o);
void replay_table_fini(struct replay_table *t);
/* A score as text that is the same on both sides. */
enum err replay_put_score(struct replay_object *o, const char *name,
                          const char *score) MUST_USE;
/* The parts of a checkpoint that decide what comes next. */
enum err replay_put_checkpoint(struct replay_state *s, const char *text,
                               size_t n) MUST_USE;

/* SHA-256 over the canonical form of variants, placements, shares and ranks: the fields
 * that `like` has, in its order. */
enum err replay_hash(const struct replay_state *s, const struct replay_state *like,
                     char out[HASH_SHA256_HEX]) MUST_USE;
/* The first difference, in words: where it is, and both texts. False: there is none. */
bool replay_differ(const struct replay_state *derived,
                   const struct replay_state *stored, struct buf *where,
                   struct buf *what);

#endif
