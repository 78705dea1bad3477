/* schedule.c: times of a schedule become children. */
#include "campaigns/schedule.h"
#include "core/base/buf.h"
#include <string.h>

#define LOOK_MS 300000 /* a child whose end nobody told is found by then */
#define AGAIN_MS                                                                       \
    INT64_C(5000)         /* for a run that there was no room for: twice as long       \
                           */
#define AGAIN_MOST 6      /* each time, up to five minutes */
#define MISSED_MAX 100000 /* times looked at in one run: two months of minutes */

static int64_t memo(const struct campaign *c, const char *name)
{
    return json_int(json_get(c->memo, name), 0);
}

static enum err count(struct campaign *c, const char *name, int64_t more)
{
    return json_set_num(c->memo, name, (double)(memo(c, name) + more));
}

/* -1: none is left. */
static int64_t next_slot(const struct campaign *c, int64_t after_ms)
{
    const struct spec_repeat *r = &c->spec->repeat;
    if (r->times && memo(c, "fired") + memo(c, "failed") >= r->times)
        return -1;
    int64_t slot = cron_next(&r->at, c->inputs.zone, after_ms);
    return slot < 0 || (r->until_ms && slot > r->until_ms) ? -1 : slot;
}

/* Waits for the next time, or ends if there is none. */
static enum err go_on(struct campaign *c, int64_t after_ms, struct next *next)
{
    int64_t slot = next_slot(c, after_ms);
    json_remove(c->memo, "tries");
    if (slot < 0) {
        next_goto(next, "end", 0);
        return json_set_num(c->memo, "slot_ms", 0);
    }
    c->waits_for = "repeat";
    next_wait(next, "fire", c->iteration + 1, WAKE_TIME | WAKE_MAIL, slot);
    return json_set_num(c->memo, "slot_ms", (double)slot);
}

static enum err plan_nothing(struct campaign *c, struct ask_list *asks)
{
    (void)c, (void)asks;
    return ERR_OK;
}

static enum err start_finish(struct campaign *c, const struct answers *a,
                             struct next *next)
{
    int64_t from_ms = c->spec->not_before_ms - 1;
    (void)a;
    return go_on(c, from_ms > c->now_ms ? from_ms : c->now_ms, next);
}

/* The time that this run is for; 0: none, or it has passed by too long. */
struct slot {
    int64_t ms;
    int64_t missed; /* times before it that nobody looked at */
    bool too_late;
};
static struct slot find_slot(const struct campaign *c)
{
    struct slot s = {.ms = memo(c, "slot_ms")};
    if (s.ms == 0 || s.ms > c->now_ms)
        return (struct slot){.ms = 0};
    int64_t after = next_slot(c, s.ms);
    while (after > 0 && after <= c->now_ms && s.missed < MISSED_MAX) {
        s.ms = after;
        s.missed++;
        after = next_slot(c, s.ms);
    }
    /* until the next one, be it wanted or not */
    after = cron_next(&c->spec->repeat.at, c->inputs.zone, s.ms);
    s.too_late = after > 0 && 2 * (c->now_ms - s.ms) > after - s.ms;
    return s;
}

static const char *child_id(const struct campaign *c)
{
    return arena_printf(c->arena, "%s~%lld", c->spec->id,
                        (long long)memo(c, "fired") + memo(c, "failed") + 1);
}

static const char *child_spec(const struct campaign *c)
{
    static const char *const not_of_it[] = {"id", "repeat", "not_before_ms"};
    struct json *spec = json_dup(c->spec->root);
    struct buf text;
    if (!spec)
        return NULL;
    for (size_t i = 0; i < sizeof not_of_it / sizeof *not_of_it; i++)
        json_remove(spec, not_of_it[i]);
    buf_init(&text, json_limits_spec.max_bytes);
    enum err e = json_print(spec, &text);
    json_free(spec);
    const char *copy = e ? NULL : arena_strdup(c->arena, buf_str(&text));
    buf_fini(&text);
    return copy;
}

static enum err note_missed(struct campaign *c, int64_t slot_ms, enum err code,
                            const char *as)
{
    struct campaign_audit *line = campaign_audit_add(c, "not_fired");
    campaign_audit_field(line, "slot_ms",
                         arena_printf(c->arena, "%lld", (long long)slot_ms));
    campaign_audit_field(line, "code", err_code(code));
    return count(c, as, 1);
}

/* Only decides, so that what comes of a time never depends on when a crash is over. */
static enum err fire_finish(struct campaign *c, const struct answers *a,
                            struct next *next)
{
    struct slot slot = find_slot(c);
    (void)a;
    if (!slot.ms) { /* woken before its time */
        c->waits_for = "repeat";
        next_wait(next, "fire", c->iteration, WAKE_TIME | WAKE_MAIL,
                  memo(c, "slot_ms"));
        return ERR_OK;
    }
    enum err e = count(c, "skipped", slot.missed);
    if (!e)
        e = json_set_num(c->memo, "slot_ms", (double)slot.ms);
    if (!e && slot.too_late) {
        e = note_missed(c, slot.ms, ERR_EXPIRED, "skipped");
        return e ? e : go_on(c, c->now_ms, next);
    }
    next_goto(next, "spawn", c->iteration);
    return e;
}

/* Of this number, whatever the time is by now. */
static enum err spawn_plan(struct campaign *c, struct ask_list *asks)
{
    struct ask *ask = ask_add(asks, ASK_SPAWN);
    if (!ask)
        return ERR_NOMEM;
    ask->key = child_id(c);
    ask->user = child_spec(c);
    return ask->key && ask->user ? ERR_OK : ERR_NOMEM;
}

/* Nothing is wrong with the run: there was no room for it now (Redis is full, memory),
 * or the stage was closed before its answer came. */
static bool passes(enum err code)
{
    return code == ERR_BUSY || code == ERR_NOMEM || code == ERR_DEADLINE;
}

/* The same number is asked for again, later and later, until the next time has come: so
 * a child that was born all the same is found, and no time has two runs. */
static enum err try_again(struct campaign *c, enum err code, struct next *next)
{
    int64_t slot_ms = memo(c, "slot_ms"), tries = memo(c, "tries");
    int64_t after_ms = cron_next(&c->spec->repeat.at, c->inputs.zone, slot_ms);
    int64_t at_ms = c->now_ms + (AGAIN_MS << (tries < AGAIN_MOST ? tries : AGAIN_MOST));
    if (after_ms > 0 && after_ms <= c->now_ms) {
        enum err e = note_missed(c, slot_ms, code, "skipped");
        return e ? e : go_on(c, slot_ms, next);
    }
    c->waits_for = "room";
    next_wait(next, "spawn", c->iteration + 1, WAKE_TIME | WAKE_MAIL,
              after_ms > 0 && after_ms < at_ms ? after_ms : at_ms);
    return count(c, "tries", 1);
}

/* What passed meanwhile is looked at in `fire`, as after any outage. */
static enum err spawn_finish(struct campaign *c, const struct answers *a,
                             struct next *next)
{
    int64_t slot_ms = memo(c, "slot_ms");
    enum err code = a->items[0].code;
    if (passes(code))
        return try_again(c, code, next);
    enum err e = code ? note_missed(c, slot_ms, code, "failed") : count(c, "fired", 1);
    return e ? e : go_on(c, slot_ms, next);
}

struct schedule_view schedule_view(const struct campaign *c)
{
    struct schedule_view v = {.fired = memo(c, "fired"),
                              .skipped = memo(c, "skipped"),
                              .failed = memo(c, "failed"),
                              .next_ms = memo(c, "slot_ms")};
    for (int i = 0; i < c->child_count; i++) {
        enum campaign_state state;
        bool ended = campaign_state_from(c->children[i].state, &state) &&
                     campaign_state_is_terminal(state);
        v.ended += ended;
        v.open += !ended;
    }
    return v;
}

static enum err end_finish(struct campaign *c, const struct answers *a,
                           struct next *next)
{
    (void)a;
    if (schedule_view(c).open == 0) {
        next_done(next);
    } else {
        c->waits_for = "children";
        next_wait(next, "end", c->iteration + 1, WAKE_CHILDREN | WAKE_TIME | WAKE_MAIL,
                  c->now_ms + LOOK_MS);
    }
    return ERR_OK;
}

static const struct stage stages[] = {
    {"start", plan_nothing, NULL, start_finish},
    {"fire", plan_nothing, NULL, fire_finish},
    {"spawn", spawn_plan, NULL, spawn_finish},
    {"end", plan_nothing, NULL, end_finish},
    {NULL, NULL, NULL, NULL},
};
const struct kind kind_schedule = {.name = "schedule",
                                   .meaning = "begins a campaign again and again",
                                   .stages = stages};
