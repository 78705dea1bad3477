/* world.c: the virtual clock and its events, and the frame of one run. */
#include "tests/sim/world.h"
#include "tests/sim/host.h"
#include "tests/sim/judge.h"
#include "tests/sim/scenario.h"
#include "tests/sim/store.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)512 << 20)
#define STEPS_MAX 400000 /* more: the run does not come to an end */

void *world_alloc(struct world *w, size_t bytes)
{
    void *p = arena_alloc(&w->arena, bytes);
    check(p);
    return p;
}

char *world_text(struct world *w, const char *text)
{
    char *copy = arena_strdup(&w->arena, text);
    check(copy);
    return copy;
}

int64_t world_now_ms(const struct world *w)
{
    return w->now_us / 1000;
}

int64_t world_between(struct world *w, int64_t lo, int64_t hi)
{
    return lo + (int64_t)rng_below(&w->rng, (uint64_t)(hi - lo + 1));
}

bool world_chance(struct world *w, int percent)
{
    return w->plan.chaos && rng_below(&w->rng, 100) < (uint64_t)percent;
}

const char *fate_name(enum fate f)
{
    static const char *const names[FATE_COUNT] = {
        [FATE_DROPPED] = "requests dropped",
        [FATE_ANSWER_LOST] = "answers lost",
        [FATE_DELAYED] = "messages delayed",
        [FATE_OVERTAKEN] = "messages overtaken",
        [FATE_DOUBLED] = "answers doubled",
        [FATE_CLAIM_LOST] = "claims lost",
        [FATE_POKE_LOST] = "pokes lost",
        [FATE_MODEL_SLOW] = "slow replies",
        [FATE_MODEL_SILENT] = "replies that never came",
        [FATE_MODEL_DOUBLED] = "replies doubled",
        [FATE_NO_ROOM] = "times without room",
        [FATE_CLOSED] = "times closed for long",
        [FATE_COOLED] = "jobs given back for that",
        [FATE_NO_MEMORY] = "times without memory",
        [FATE_KILL] = "kills",
        [FATE_SILENCE] = "silences",
        [FATE_DRAIN] = "drains"};
    return names[f];
}

void world_note(struct world *w, enum fate f)
{
    w->fates[f]++;
}

bool world_fate(struct world *w, enum fate f, int percent)
{
    bool befalls = world_chance(w, percent);
    w->fates[f] += befalls;
    return befalls;
}

void world_fail(struct world *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (!w->failure[0])
        vsnprintf(w->failure, sizeof w->failure, fmt, args);
    va_end(args);
}

void world_say(const struct world *w, const char *fmt, ...)
{
    if (!w->plan.verbose)
        return;
    va_list args;
    va_start(args, fmt);
    printf("%14.6f  ", (double)(w->now_us - WORLD_START_US) / 1e6);
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
}

static bool is_before(const struct world_event *a, const struct world_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->tie < b->tie;
}

static void swap(struct world_event *a, struct world_event *b)
{
    struct world_event t = *a;
    *a = *b;
    *b = t;
}

void world_at(struct world *w, int64_t delay_us, world_fn fn, void *arg)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 256;
        w->heap = realloc(w->heap, (size_t)w->cap * sizeof *w->heap);
        check(w->heap);
    }
    int i = w->count++;
    w->heap[i] =
        (struct world_event){.at_us = w->now_us + (delay_us > 0 ? delay_us : 0),
                             .tie = rng_next(&w->rng),
                             .fn = fn,
                             .arg = arg};
    for (; i && is_before(&w->heap[i], &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&w->heap[i], &w->heap[(i - 1) / 2]);
}

static struct world_event pop(struct world *w)
{
    struct world_event first = w->heap[0];
    w->heap[0] = w->heap[--w->count];
    for (int i = 0;;) {
        int least = i;
        for (int child = 2 * i + 1; child <= 2 * i + 2 && child < w->count; child++) {
            if (is_before(&w->heap[child], &w->heap[least]))
                least = child;
        }
        if (least == i)
            return first;
        swap(&w->heap[i], &w->heap[least]);
        i = least;
    }
}

static void start(struct world *w)
{
    const struct scenario *s = w->plan.scenario;
    store_new(w);
    for (int i = 0; i < w->plan.hosts; i++)
        host_start(w, NULL);
    store_admit(w, SCENARIO_ID, "", s->spec);
    if (s->start)
        s->start(w);
    if (w->plan.chaos)
        host_start_chaos(w);
}

static void go(struct world *w)
{
    while (w->count && !w->failure[0]) {
        struct world_event e = pop(w);
        w->now_us = e.at_us;
        e.fn(w, e.arg);
        if (++w->steps > STEPS_MAX)
            world_fail(w, "no end after %d events", STEPS_MAX);
    }
}

void world_run(const struct world_plan *plan, struct world_outcome *out)
{
    struct world w = {.plan = *plan, .now_us = WORLD_START_US};
    arena_init(&w.arena, ARENA_BYTES);
    list_init(&w.messages);
    rng_seed(&w.rng, plan->seed);
    zone_init_utc(&w.utc);
    memset(out, 0, sizeof *out);
    buf_init(&out->digest, (size_t)4 << 20);
    start(&w);
    go(&w);
    if (!w.failure[0])
        judge_end(&w);
    judge_digest(&w, out);
    host_end_all(&w);
    out->writes = w.writes;
    out->effects = w.effects;
    out->cancelled = w.cancelled;
    memcpy(out->fates, w.fates, sizeof out->fates);
    out->failed = w.failure[0] != '\0';
    memcpy(out->failure, w.failure, sizeof out->failure);
    free(w.heap);
    arena_fini(&w.arena);
}
