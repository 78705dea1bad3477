/* schedule.c: times of a schedule become children. */
#include "campaigns/schedule.h"
#include "core/base/buf.h"
#include <string.h>

#define LOOK_MS 300000    /* a child whose end nobody told is found by then */
#define MISSED_MAX 100000 /* times looked at in one run: two months of minutes */
/* Between two attempts at a run: 5 s, then twice as long each, 5 minutes at most. */
#define TRY_LEAST_MS INT64_C(5000)
#define TRY_MOST_MS INT64_C(300000)
#define TRIES_DOUBLED 6

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

static enum err rest(struct campaign *c, const char *what, int iteration,
                     int64_t until_ms, struct next *next)
{
    c->waits_for = what;
    next_wait(next, "fire", iteration, WAKE_TIME | WAKE_MAIL, until_ms);
    return ERR_OK;
}

/* What stands of the attempts at a run that there was no room for. */
static void forget_tries(struct campaign *c)
{
    static const char *const names[] = {"tries", "again_ms", "why"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_remove(c->memo, names[i]);
}

/* Waits for the time after this one, or ends if there is none. It may have passed, if
 * a run was long in coming: then it is looked at as any time that was missed. */
static enum err go_on(struct campaign *c, int64_t after_ms, struct next *next)
{
    int64_t slot = next_slot(c, after_ms);
    forget_tries(c);
    if (slot < 0)
        next_goto(next, "end", 0);
    else if (slot <= c->now_ms)
        next_goto(next, "fire", c->iteration + 1);
    else
        rest(c, "repeat", c->iteration + 1, slot, next);
    return json_set_num(c->memo, "slot_ms", slot < 0 ? 0 : (double)slot);
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

/* From then on it is too late for a run of this time, be the next one wanted or not. */
static int64_t late_ms(const struct campaign *c, int64_t slot_ms)
{
    int64_t after_ms = cron_next(&c->spec->repeat.at, c->inputs.zone, slot_ms);
    return after_ms < 0 ? INT64_MAX : slot_ms + (after_ms - slot_ms) / 2 + 1;
}

/* The time that this run is for; 0: none, or it has passed by too long. */
struct slot {
    int64_t ms;
    int64_t missed; /* times before it that nobody looked at, or that had no room */
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
    s.too_late = c->now_ms >= late_ms(c, s.ms);
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

static struct campaign_audit *note(struct campaign *c, const char *what,
                                   int64_t slot_ms, const char *code)
{
    struct campaign_audit *line = campaign_audit_add(c, what);
    campaign_audit_field(line, "slot_ms",
                         arena_printf(c->arena, "%lld", (long long)slot_ms));
    campaign_audit_field(line, "code", code);
    return line;
}

/* No run for this time any more; if it was asked for, why there was none. */
static void note_skipped(struct campaign *c, int64_t slot_ms)
{
    struct campaign_audit *line = note(c, "not_fired", slot_ms, err_code(ERR_EXPIRED));
    const char *why = json_str(json_get(c->memo, "why"), "");
    if (memo(c, "tries") == 0)
        return;
    campaign_audit_field(line, "tries",
                         arena_printf(c->arena, "%lld", (long long)memo(c, "tries")));
    campaign_audit_field(line, "why", arena_strdup(c->arena, why));
}

/* It was asked for, and what came of that was not heard: it may be there. */
static bool is_born(const struct campaign *c)
{
    const char *id = memo(c, "tries") ? child_id(c) : NULL;
    for (int i = 0; id && i < c->child_count; i++) {
        if (strcmp(c->children[i].id, id) == 0)
            return true;
    }
    return false;
}

static enum err pass_over(struct campaign *c, const struct slot *slot)
{
    if (slot->missed && memo(c, "tries")) {
        note_skipped(c, memo(c, "slot_ms"));
        forget_tries(c);
    }
    if (slot->too_late)
        note_skipped(c, slot->ms);
    enum err e = count(c, "skipped", slot->missed + slot->too_late);
    return e ? e : json_set_num(c->memo, "slot_ms", (double)slot->ms);
}

static enum err begun(struct campaign *c, struct next *next)
{
    enum err e = count(c, "fired", 1);
    return e ? e : go_on(c, memo(c, "slot_ms"), next);
}

/* Only decides, so that what comes of a time never depends on when a crash is over. */
static enum err fire_finish(struct campaign *c, const struct answers *a,
                            struct next *next)
{
    struct slot slot = find_slot(c);
    (void)a;
    if (!slot.ms) /* woken before its time */
        return rest(c, "repeat", c->iteration, memo(c, "slot_ms"), next);
    if (is_born(c))
        return begun(c, next);
    if (memo(c, "again_ms") > c->now_ms && !slot.too_late && !slot.missed)
        return rest(c, "room", c->iteration, memo(c, "again_ms"), next);
    enum err e = pass_over(c, &slot);
    if (!e && slot.too_late)
        return go_on(c, c->now_ms, next);
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

/* Nothing is wrong with the run itself. */
static bool is_passing(enum err code)
{
    return code == ERR_BUSY || code == ERR_NOMEM || code == ERR_IO ||
           code == ERR_DEADLINE || code == ERR_REDIS || code == ERR_REDIS_DOWN;
}

/* Asked for again after a while that grows, as long as it is not too late. */
static enum err try_later(struct campaign *c, enum err code, struct next *next)
{
    int64_t slot_ms = memo(c, "slot_ms"), tries = memo(c, "tries");
    int64_t pause_ms = tries < TRIES_DOUBLED ? TRY_LEAST_MS << tries : TRY_MOST_MS;
    int64_t until_ms = c->now_ms + pause_ms, late = late_ms(c, slot_ms);
    if (tries == 0)
        note(c, "fire_waits", slot_ms, err_code(code));
    if (until_ms > late)
        until_ms = late;
    enum err e = count(c, "tries", 1);
    if (!e)
        e = json_set_num(c->memo, "again_ms", (double)until_ms);
    if (!e)
        e = json_set_str(c->memo, "why", err_code(code));
    return e ? e : rest(c, "room", c->iteration + 1, until_ms, next);
}

static enum err spawn_finish(struct campaign *c, const struct answers *a,
                             struct next *next)
{
    enum err code = a->items[0].code;
    if (!code)
        return begun(c, next);
    if (is_passing(code))
        return try_later(c, code, next);
    note(c, "not_fired", memo(c, "slot_ms"), err_code(code));
    enum err e = count(c, "failed", 1);
    return e ? e : go_on(c, memo(c, "slot_ms"), next);
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
