/* engine.c: one iteration of one stage: plan, judge replies, fold. */
#include "campaigns/engine.h"
#include "campaigns/checks/pii.h"
#include "campaigns/checks/repair.h"
#include "campaigns/checks/schema.h"
#include "campaigns/prompts/prompt.h"
#include <string.h>

#define REASKS_MAX 1

struct engine_slot {
    struct json *reply; /* owns; what answers[i].reply points to */
    int refusals;
    bool settled;
    const char *refused_text; /* arena */
    struct objection objection;
    struct pii pii; /* of its prompt */
};

struct engine {
    struct campaign *campaign;
    const struct stage *stage;
    struct ask_list asks;
    struct engine_slot *slots;
    struct answer *answers;
    struct json **schemas; /* owns; per ask, NULL where none */
    int open;
};

/* Pause, resume, cancel and the end of its time belong to every kind, so they are
 * handled here; the rest of the mail is left for the stage. */
static void take_orders(struct campaign *c, bool *cancel)
{
    int kept = 0;
    for (int i = 0; i < c->mail_count; i++) {
        const struct campaign_mail *m = &c->mail[i];
        if (m->kind == MAIL_CANCEL) {
            *cancel = true;
        } else if (m->kind == MAIL_PAUSE && c->state != CAMPAIGN_PAUSED) {
            c->paused_from = c->state;
            c->state = CAMPAIGN_PAUSED;
        } else if (m->kind == MAIL_RESUME && c->state == CAMPAIGN_PAUSED) {
            c->state = c->paused_from;
        } else if (m->kind == MAIL_DEADLINE) {
            c->is_late = true;
        } else if (m->kind == MAIL_APPROVE || m->kind == MAIL_REJECT) {
            c->mail[kept++] = *m;
            continue;
        } else {
            continue; /* pause while paused, resume while running: nothing to do */
        }
        campaign_audit_field(campaign_audit_add(c, campaign_mail_name(m->kind)), "by",
                             m->by);
    }
    c->mail_count = kept; /* reviews stay until a stage takes them */
    if (c->is_late && c->state == CAMPAIGN_PAUSED)
        c->state = c->paused_from; /* to end */
}

static enum err load_schemas(struct engine *e)
{
    struct campaign *c = e->campaign;
    size_t n = (size_t)e->asks.count;
    e->slots = arena_array(c->arena, n + 1, sizeof *e->slots);
    e->answers = arena_array(c->arena, n + 1, sizeof *e->answers);
    e->schemas = arena_array(c->arena, n + 1, sizeof(struct json *));
    if (!e->slots || !e->answers || !e->schemas)
        return ERR_NOMEM;
    for (int i = 0; i < e->asks.count; i++) {
        const char *text = e->asks.items[i].schema;
        struct err_detail d;
        enum err err = ERR_OK;
        if (text)
            err = json_parse(text, strlen(text), &json_limits_spec, &e->schemas[i], &d);
        if (err)
            return err == ERR_NOMEM ? err
                                    : ERR_INTERNAL; /* a kind wrote a bad schema */
    }
    return ERR_OK;
}

/* The model is told what the tokens are and how long their values, so that it counts
 * right. */
static enum err describe_tokens(const struct campaign *c, const struct pii *p,
                                struct ask *ask)
{
    struct buf tokens;
    buf_init(&tokens, 4096);
    enum err e = pii_describe(p, &tokens);
    const struct prompt_value values[] = {{"tokens", buf_str(&tokens)}, {NULL, NULL}};
    const char *note =
        prompt_render(c->arena, prompt_text("pii", c->spec->locale[0]), values);
    buf_fini(&tokens);
    if (!e && note)
        ask->user = arena_printf(c->arena, "%s\n\n%s", ask->user, note);
    return e ? e : note && ask->user ? ERR_OK : ERR_NOMEM;
}

static bool is_masked(const struct engine *e, int index)
{
    return ask_is_call(e->asks.items[index].type) && !e->campaign->spec->send_pii;
}

/* A model was given tokens to write with. */
static bool is_restored(const struct engine *e, int index)
{
    return is_masked(e, index) && e->asks.items[index].type == ASK_CHAT;
}

/* What leaves the machine: no personal data in it. */
static enum err mask_prompts(struct engine *e)
{
    struct campaign *c = e->campaign;
    int masked = 0;
    for (int i = 0; i < e->asks.count; i++) {
        struct ask *ask = &e->asks.items[i];
        struct pii *p = &e->slots[i].pii;
        pii_init(p, c->arena);
        if (!is_masked(e, i))
            continue;
        enum err err = pii_mask(p, ask->system, &ask->system);
        if (!err)
            err = pii_mask(p, ask->user, &ask->user);
        if (!err && p->count && is_restored(e, i))
            err = describe_tokens(c, p, ask);
        if (err)
            return err;
        masked += p->count;
    }
    if (masked)
        campaign_audit_field(campaign_audit_add(c, "masked"), "values",
                             arena_printf(c->arena, "%d", masked));
    return ERR_OK;
}

static enum err plan(struct engine *e)
{
    struct campaign *c = e->campaign;
    e->stage = kind_stage(c->kind, c->stage);
    if (!e->stage)
        return ERR_UNKNOWN_VERSION;
    e->asks.arena = c->arena;
    enum err err = e->stage->plan(c, &e->asks);
    if (err)
        return err;
    if (e->asks.failed)
        return ERR_LIMIT;
    e->open = e->asks.count;
    err = load_schemas(e);
    return err ? err : mask_prompts(e);
}

enum err engine_begin(struct campaign *c, struct engine **out, bool *direct,
                      struct next *next)
{
    bool cancel = false, was_paused = c->state == CAMPAIGN_PAUSED;
    *out = NULL;
    *direct = true;
    take_orders(c, &cancel);
    if (cancel) {
        c->state = CAMPAIGN_CANCELLED;
        next_fail(next, ERR_CANCELLED);
    } else if (c->inputs.more_letters && !c->is_late && campaign_can_hold_mail(c)) {
        next_goto(next, c->stage, c->iteration); /* all mail is read before anything */
    } else if (c->state == CAMPAIGN_PAUSED) {
        next_wait(next, c->stage, c->iteration, WAKE_MAIL, 0);
    } else if (was_paused && !c->is_late) {
        next_goto(next, c->stage, c->iteration); /* told to readers before it goes on */
    } else {
        *direct = false;
    }
    if (*direct)
        return ERR_OK;
    struct engine *e = arena_alloc(c->arena, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->campaign = c;
    enum err err = plan(e);
    if (err) {
        engine_fini(e);
        return err;
    }
    *out = e;
    return ERR_OK;
}

void engine_fini(struct engine *e)
{
    if (!e)
        return;
    for (int i = 0; i < e->asks.count; i++) {
        if (e->slots)
            json_free(e->slots[i].reply);
        if (e->schemas)
            json_free(e->schemas[i]);
    }
    e->asks.count = 0;
}

int engine_count(const struct engine *e)
{
    return e->asks.count;
}

const struct ask *engine_ask(const struct engine *e, int index)
{
    return &e->asks.items[index];
}

bool engine_is_settled(const struct engine *e, int index)
{
    return e->slots[index].settled;
}

int engine_open(const struct engine *e)
{
    return e->open;
}

static void settle(struct engine *e, int index, enum err code)
{
    struct engine_slot *slot = &e->slots[index];
    if (slot->settled)
        return;
    slot->settled = true;
    e->open--;
    e->answers[index].code = code;
    e->answers[index].reply = code == ERR_OK ? slot->reply : NULL;
}

/* In base64: the engine knows no more of it. */
static bool is_as_long(const struct ask *ask, size_t n)
{
    size_t bytes = (size_t)ask->dimensions * sizeof(float);
    return ask->dimensions <= 0 || n == (bytes + 2) / 3 * 4;
}

static enum err take_string(struct engine *e, int index, const char *text, size_t n)
{
    char *copy = arena_strndup(e->campaign->arena, text, n);
    e->slots[index].reply = copy ? json_new_str(copy) : NULL;
    return e->slots[index].reply ? ERR_OK : ERR_NOMEM;
}

static enum err parse_reply(struct engine *e, int index, const char *text, size_t n,
                            struct objection *o)
{
    const struct ask *ask = &e->asks.items[index];
    struct engine_slot *slot = &e->slots[index];
    struct err_detail d = {.message = ""};
    bool repaired = false;
    json_free(slot->reply);
    slot->reply = NULL;
    if (ask->type == ASK_EMBED && !is_as_long(ask, n))
        objection_raise(o, "The embedding has not the %d numbers that were asked for.",
                        ask->dimensions);
    if (ask->type == ASK_EMBED || (ask->type == ASK_CHAT && !ask->schema))
        return take_string(e, index, text, n);
    enum err err = repair_parse(text, n, &slot->reply, &repaired, &d);
    if (err == ERR_NOMEM)
        return err;
    if (err)
        objection_raise(o, "The reply is not the JSON that was asked for: %s",
                        d.message);
    else if (e->schemas[index] && schema_check(e->schemas[index], slot->reply, &d))
        objection_raise(o, "The JSON does not fit the schema at %s: %s", d.path,
                        d.message);
    return ERR_OK;
}

/* The reply with what its tokens stand for, as all that follows sees it. */
static enum err unmask(const struct engine *e, int index, const char **text, size_t *n,
                       struct objection *o)
{
    char token[PII_TOKEN_MAX];
    const struct pii *p = &e->slots[index].pii;
    if (!is_restored(e, index))
        return ERR_OK;
    if (pii_find_unknown(p, *text, *n, token))
        objection_raise(o, "%s stands for nothing: no such word was given.", token);
    enum err err = pii_restore(p, *text, *n, text, n);
    if (err != ERR_LIMIT)
        return err;
    objection_raise(o, "The text is too long.");
    return ERR_OK;
}

/* An objection goes to the model, and may quote what was put in for its tokens. */
static enum err mask_objection(struct engine *e, int index, struct objection *o)
{
    const char *message = o->message;
    if (!is_restored(e, index))
        return ERR_OK;
    enum err err = pii_mask(&e->slots[index].pii, o->message, &message);
    if (err || message == o->message)
        return err;
    o->raised = false;
    objection_raise(o, "%s", message);
    return ERR_OK;
}

static enum err judge(struct engine *e, int index, const char *text, size_t n,
                      struct objection *o)
{
    struct engine_slot *slot = &e->slots[index];
    enum err err = unmask(e, index, &text, &n, o);
    e->answers[index].text = text;
    if (err || o->raised)
        return err; /* what it says of tokens is for the model */
    err = parse_reply(e, index, text, n, o);
    if (!err && !o->raised && e->stage->accept)
        err = e->stage->accept(e->campaign, &e->asks.items[index], slot->reply, o);
    return !err && o->raised ? mask_objection(e, index, o) : err;
}

/* So that people see why a call was made twice. */
static void record_reask(struct engine *e, int index)
{
    struct campaign *c = e->campaign;
    struct campaign_audit *line = campaign_audit_add(c, "reask");
    campaign_audit_field(line, "ask", arena_printf(c->arena, "%d", index));
    campaign_audit_field(line, "reason",
                         arena_strdup(c->arena, e->slots[index].objection.message));
}

enum err engine_reply(struct engine *e, int index, const char *text, size_t n,
                      int64_t usd_nano, enum engine_verdict *verdict)
{
    struct engine_slot *slot = &e->slots[index];
    struct objection o = {.raised = false, .message = ""};
    *verdict = ENGINE_SETTLED;
    if (slot->settled)
        return ERR_OK;
    char *kept = arena_strndup(e->campaign->arena, text, n);
    if (!kept)
        return ERR_NOMEM;
    e->answers[index].usd_nano += usd_nano;
    enum err err = judge(e, index, kept, n, &o);
    if (err)
        return err;
    if (!o.raised) {
        settle(e, index, ERR_OK);
        return ERR_OK;
    }
    slot->objection = o;
    slot->refused_text = kept;
    if (slot->refusals++ < REASKS_MAX && e->asks.items[index].type == ASK_CHAT) {
        record_reask(e, index);
        *verdict = ENGINE_REASK;
    } else {
        settle(e, index, ERR_BAD_OUTPUT);
    }
    return ERR_OK;
}

void engine_fail(struct engine *e, int index, enum err code)
{
    settle(e, index, code);
}

void engine_close(struct engine *e, enum err code)
{
    for (int i = 0; i < e->asks.count; i++)
        settle(e, i, code);
}

const char *engine_objection(const struct engine *e, int index)
{
    return e->slots[index].objection.raised ? e->slots[index].objection.message : "";
}

const char *engine_refused_text(const struct engine *e, int index)
{
    const char *text = e->slots[index].refused_text;
    return text ? text : "";
}

/* There is no time for what it wants to do next. What is live has done its work. */
static void end_late(const struct campaign *c, struct next *next)
{
    if (next->type == NEXT_DONE || next->type == NEXT_FAIL)
        return;
    if (c->state == CAMPAIGN_LIVE)
        next_done(next);
    else
        next_fail(next, ERR_DEADLINE);
}

enum err engine_finish(struct engine *e, struct next *next)
{
    check(e->open == 0);
    struct answers answers = {
        .asks = e->asks.items, .items = e->answers, .count = e->asks.count};
    enum err err = e->stage->finish(e->campaign, &answers, next);
    if (!err && e->campaign->is_late)
        end_late(e->campaign, next);
    return err;
}
