/* order.c: see order.h. */
#include "workers/cli/order.h"
#include "core/base/clock.h"
#include "core/base/json_out.h"
#include "core/base/names.h"
#include "workers/cli/escape.h"
#include <string.h>

#define WAIT_MS 3000
#define LOOK_MS 50
#define OUT_MAX_BYTES ((size_t)4 << 20)

/* OPEN: not yet, or not visibly. */
enum effect { EFFECT_OPEN, EFFECT_GOOD, EFFECT_BAD };

static bool is_action(const struct order *o, const char *name)
{
    return strcmp(o->control.action, name) == 0;
}

/* Is the variant one that the order is for? By how it was before. */
static bool concerns(const struct order *o, const struct json *before)
{
    const char *wanted = o->control.variant;
    if (!wanted)
        return false;
    if (strcmp(wanted, "all") == 0)
        return strcmp(view_str(before, "state"), "pending") == 0;
    return strcmp(wanted, view_str(before, "id")) == 0;
}

static int send_one(struct order *o, const char *variant)
{
    struct control_order one = o->control;
    struct session_call call = {
        .session = o->session, .take = entry_take, .arg = &o->entry};
    one.variant = variant;
    o->entry.stream = "control";
    return session_end(
        &call, control_send(&o->session->queue, &one, session_settle, &call, 0));
}

int order_send(struct order *o)
{
    int rc = CLI_OK;
    if (!o->control.variant)
        return send_one(o, NULL);
    json_each (v, o->before)
        if (!rc && concerns(o, v))
            rc = send_one(o, view_str(v, "id"));
    return rc;
}

static enum effect effect_on_campaign(const struct order *o)
{
    static const char *const ended[] = {"done", "failed", "cancelled", "over_budget"};
    const char *state = view_str(o->campaign, "state");
    bool paused = strcmp(state, "paused") == 0, over = names_index(ended, state) >= 0;
    if (is_action(o, "cancel"))
        return !over                             ? EFFECT_OPEN
               : strcmp(state, "cancelled") == 0 ? EFFECT_GOOD
                                                 : EFFECT_BAD;
    if (over)
        return EFFECT_BAD;
    return paused == is_action(o, "pause") ? EFFECT_GOOD : EFFECT_OPEN;
}

static enum effect effect_on_variant(const struct order *o, const struct json *before)
{
    const struct json *now = view_find(o->now, view_str(before, "id"));
    const char *state = view_str(now, "state");
    bool rejected = strcmp(state, "rejected") == 0;
    if (strcmp(state, view_str(before, "state")) != 0)
        return rejected == is_action(o, "reject") ? EFFECT_GOOD : EFFECT_BAD;
    /* Refused once more for the same reason, the variant looks as before. */
    bool again = o->late && o->control.text && *view_str(now, "reason");
    if (again || strcmp(view_str(now, "reason"), view_str(before, "reason")) != 0)
        return EFFECT_BAD;
    return EFFECT_OPEN;
}

static bool is_settled(const struct order *o)
{
    if (!o->control.variant)
        return effect_on_campaign(o) != EFFECT_OPEN;
    json_each (v, o->before)
        if (concerns(o, v) && effect_on_variant(o, v) == EFFECT_OPEN)
            return false;
    return true;
}

static int look(struct order *o)
{
    int rc = entry_look(&o->entry, o->session);
    if (!rc && o->control.variant) {
        json_free(o->now);
        rc = view_variants(o->session, o->control.campaign, &o->now);
    } else if (!rc) {
        json_free(o->campaign);
        rc = view_campaign(o->session, o->control.campaign, false, &o->campaign);
    }
    return rc;
}

int order_wait(struct order *o)
{
    int64_t start_ms = clock_mono_ms();
    for (;;) {
        int rc = look(o);
        int64_t waited_ms = clock_mono_ms() - start_ms;
        o->late = waited_ms > WAIT_MS && !o->entry.waits;
        if (rc || (!o->entry.waits && is_settled(o)) || waited_ms > WAIT_MS ||
            entry_is_alone(&o->entry, waited_ms))
            return rc;
        session_sleep(o->session, LOOK_MS);
    }
}

/* object: the campaign, or the variant. */
static void put_line(const struct order *o, struct buf *out, const struct json *object,
                     enum effect effect)
{
    struct json_out w;
    const char *state = view_str(object, "state"), *reason = view_str(object, "reason");
    bool variant = o->control.variant != NULL;
    const struct json *before = view_find(o->before, view_str(object, "id"));
    bool same = strcmp(view_str(before, "state"), state) == 0;
    if (cli_is_json(o->cli)) {
        json_out_init(&w, out);
        json_out_open(&w, '{');
        json_out_kstr(&w, "id", o->control.campaign);
        json_out_kstr(&w, "action", o->control.action);
        if (variant)
            json_out_kstr(&w, "variant", view_str(object, "id"));
        json_out_kstr(&w, "state", state);
        if (variant)
            json_out_kstr(&w, "reason", reason);
        json_out_kbool(&w, "done", effect == EFFECT_GOOD);
        json_out_close(&w, '}');
    } else {
        escape_text(out, view_str(object, "id"), strlen(view_str(object, "id")));
        buf_printf(out, effect == EFFECT_BAD && same ? " still %s" : " %s", state);
        if (effect == EFFECT_BAD && *reason) {
            buf_append_str(out, ": ");
            escape_text(out, reason, strlen(reason));
        }
    }
    buf_append_char(out, '\n');
}

static void say_open(const struct order *o)
{
    if (!o->entry.waits)
        cli_note(o->cli, "sent and read, not done yet: `barker status %s` follows it",
                 o->control.campaign);
    else if (o->entry.workers)
        cli_note(o->cli, "sent; the workers are busy, the order waits");
    else
        cli_note(o->cli, "sent; no worker is running, the order waits: start "
                         "`barker up` or `barker worker`");
}

int order_report(const struct order *o)
{
    enum effect worst = o->control.variant ? EFFECT_GOOD : effect_on_campaign(o);
    bool open = worst == EFFECT_OPEN, bad = worst == EFFECT_BAD;
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    if (!o->control.variant)
        put_line(o, &out, o->campaign, worst);
    json_each (v, o->before) {
        if (!concerns(o, v))
            continue;
        enum effect effect = effect_on_variant(o, v);
        open |= effect == EFFECT_OPEN;
        bad |= effect == EFFECT_BAD;
        put_line(o, &out, view_find(o->now, view_str(v, "id")), effect);
    }
    int rc = cli_print(o->cli, &out);
    if (open || o->entry.waits)
        say_open(o);
    return rc ? rc : bad ? CLI_FAILED : CLI_OK;
}
