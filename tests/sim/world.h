/* world.h: one simulated run: a virtual clock, an event queue, workers, a store and a
 * model. Everything is decided by the plan, so a failure repeats from its numbers. */
#ifndef BARKER_TESTS_SIM_WORLD_H
#define BARKER_TESTS_SIM_WORLD_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/list.h"
#include "core/base/rng.h"
#include <stdbool.h>
#include <stdint.h>

#define WORLD_HOSTS_MAX 32
#define WORLD_START_US 1767225600000000LL /* 2026-01-01 */
#define WORLD_SECOND_US 1000000LL
#define WORLD_HOUR_US (3600 * WORLD_SECOND_US)

struct world;
struct store;
struct host;
struct channel_set;
typedef void (*world_fn)(struct world *w, void *arg);

struct world_event {
    int64_t at_us;
    uint64_t tie; /* order among events of the same microsecond */
    world_fn fn;
    void *arg;
};

struct world_plan {
    const struct scenario *scenario;
    const struct channel_set *channels;
    uint64_t seed;
    int hosts;
    int64_t crash_at;       /* the worker of this write dies after it; 0 = nobody */
    bool crash_after_reply; /* … once it has read the answer; else before */
    bool chaos;             /* kills, pauses, lost and doubled messages, by seed */
    bool verbose;
};

struct world {
    struct world_plan plan;
    struct arena arena; /* owns all of the world but runners and open messages */
    int64_t now_us;
    struct world_event *heap; /* owns */
    int count, cap;
    struct rng rng;
    struct store *store;
    struct host *hosts[WORLD_HOSTS_MAX];
    int host_count, host_names;
    struct list messages;  /* open ones of all hosts */
    int64_t writes, steps; /* writes of workers to the store */
    int kills, misfortunes;
    int64_t batch_us; /* when the model was first given its batch; 0 = not yet */
    int64_t in_flight_at_crash; /* reservations open when their holder was lost */
    char failure[400];          /* "" = none; the first is kept */
};

/* What a run came to, to compare with. */
struct world_outcome {
    bool failed;
    char failure[400];
    int64_t writes, sent, lost;
    struct buf digest; /* what the campaign resulted in */
};

/* Runs the plan to its end. The outcome's digest is the caller's (buf_fini). */
void world_run(const struct world_plan *plan, struct world_outcome *out);

void world_at(struct world *w, int64_t delay_us, world_fn fn, void *arg);
void world_fail(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
void world_say(const struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* In the arena; a world that does not fit is a bug of the simulator. */
void *world_alloc(struct world *w, size_t bytes);
char *world_text(struct world *w, const char *text);
int64_t world_now_ms(const struct world *w);
int64_t world_between(struct world *w, int64_t lo, int64_t hi);
bool world_chance(struct world *w, int percent); /* only ever true in chaos */

#endif
