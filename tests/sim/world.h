/* world.h: one simulated run: a virtual clock, an event queue, workers, a store and a
 * model. Everything is decided by the plan, so a failure repeats from its numbers. */
#ifndef BARKER_TESTS_SIM_WORLD_H
#define BARKER_TESTS_SIM_WORLD_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/list.h"
#include "core/base/rng.h"
#include "core/base/zone.h"
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
struct model_batch;
typedef void (*world_fn)(struct world *w, void *arg);

struct world_event {
    int64_t at_us;
    uint64_t tie; /* order among events of the same microsecond */
    world_fn fn;
    void *arg;
};

/* What befalls messages and workers in chaos; each is counted. */
enum fate {
    FATE_DROPPED,      /* a request to the store, sent again later */
    FATE_ANSWER_LOST,  /* done, but the answer is gone: the request comes again */
    FATE_DELAYED,      /* by up to nine seconds */
    FATE_OVERTAKEN,    /* arrives after one that was sent later */
    FATE_DOUBLED,      /* an answer is delivered again, much later */
    FATE_CLAIM_LOST,   /* the queue's gift never reaches the worker */
    FATE_POKE_LOST,    /* nor the news of an order */
    FATE_MODEL_SLOW,   /* a reply after up to eight seconds */
    FATE_MODEL_SILENT, /* no reply: the deadline ends the call */
    FATE_MODEL_DOUBLED,
    FATE_NO_ROOM,   /* an endpoint takes no call now */
    FATE_CLOSED,    /* nor for a minute or so */
    FATE_COOLED,    /* a worker gave its job back for that */
    FATE_NO_MEMORY, /* an operation cannot be begun */
    FATE_KILL,
    FATE_SILENCE,
    FATE_DRAIN,
    FATE_COUNT
};
const char *fate_name(enum fate f);

/* How the Nth fallible effect of a worker fails. */
enum torture {
    TORTURE_NONE,
    TORTURE_REFUSED, /* at once, nothing was sent */
    TORTURE_FAILED,  /* answered with an error, nothing was done */
    TORTURE_DONE,    /* done, and yet answered with an error */
    TORTURE_END
};

struct world_plan {
    const struct scenario *scenario;
    const struct channel_set *channels;
    uint64_t seed;
    int hosts;
    int64_t crash_at;       /* the worker of this write dies after it; 0 = nobody */
    bool crash_after_reply; /* … once it has read the answer; else before */
    int64_t torture_at;     /* this effect of a worker fails; 0 = none */
    enum torture torture;   /* … in this way */
    bool chaos;             /* all fates, by seed */
    bool verbose;
};

struct world {
    struct world_plan plan;
    struct arena arena; /* owns all of the world but runners and open messages */
    int64_t now_us;
    struct world_event *heap; /* owns */
    int count, cap;
    struct rng rng;
    struct zone utc;
    struct store *store;
    struct host *hosts[WORLD_HOSTS_MAX];
    int host_count, host_names;
    struct list messages;  /* open ones of all hosts */
    int64_t writes, steps; /* writes of workers to the store */
    int64_t effects;       /* operations that workers began */
    int64_t fates[FATE_COUNT];
    int kills, misfortunes;
    int64_t closed_until_us; /* the endpoint takes no call before */
    int failed_in_row;       /* calls, in an outage */
    int tenant_paid;         /* calls that began, see scenario.tenant_calls */
    int64_t cancelled;       /* calls that a worker cancelled */
    int64_t batch_us;        /* when the model was first given its batch; 0 = not yet */
    struct model_batch *batches;
    int batch_count;
    bool spawn_taken; /* a job was taken while its holder asked for a child, once */
    int64_t in_flight_at_crash; /* reservations open when their holder was lost */
    char failure[400];          /* "" = none; the first is kept */
};

/* What a run came to, to compare with. */
struct world_outcome {
    bool failed;
    char failure[400];
    int64_t writes, effects, sent, lost, cancelled;
    int64_t fates[FATE_COUNT];
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
/* The same, and if so it is counted. */
bool world_fate(struct world *w, enum fate f, int percent);
void world_note(struct world *w, enum fate f);

#endif
