/* replay_store.h: the store of a replay: takes commits, as Redis would, and gives out
 * what the next run is given. */
#ifndef BARKER_WORKERS_REPLAY_REPLAY_STORE_H
#define BARKER_WORKERS_REPLAY_REPLAY_STORE_H

#include "core/base/json.h"
#include "workers/replay/replay.h"

struct replay_store {
    const struct replay_source *source; /* borrows */
    struct replay_state *state;         /* borrows: of the report */
    const struct kind *kind;            /* NULL: its spec is not readable */
    struct replay_table counts;         /* as last given */
    char stage[64];                     /* where the next run begins */
    int iteration;
    struct buf checkpoint;
    int64_t run;           /* number of the next commit */
    int at;                /* inputs that are used up */
    bool waits;            /* the last commit was a wait */
    bool over;             /* the campaign has ended, or its record has */
    struct json *given;    /* **owns**: of the run under way; NULL = nothing */
    int64_t records, made; /* journal records given; commits made */
    char problem[512];
};
enum err replay_store_init(struct replay_store *s, const struct replay_source *source,
                           struct replay_state *state) MUST_USE;
void replay_store_fini(struct replay_store *s);
/* Looks for the inputs of the next run. False: there is none to make again; `over` or
 * `problem` is set. */
bool replay_store_begin(struct replay_store *s);
/* The image of that run; strings are borrowed from the store, arrays in the arena. */
enum err replay_store_image(struct replay_store *s, struct arena *a,
                            struct port_image *out) MUST_USE;
bool replay_store_is_unpaid(const struct replay_store *s, int index);
/* The error that ended this ask in the journal, or ERR_OK. */
enum err replay_store_failure(const struct replay_store *s, int index);
/* What results_commit() would send. */
struct results;
enum err replay_store_commit(struct replay_store *s, struct results *w) MUST_USE;
/* Could nobody read it in this run, which ended it? Then that is done. */
bool replay_store_end_unread(struct replay_store *s);
void replay_store_fail(struct replay_store *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
