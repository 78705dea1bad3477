/* content_write.c: stages `angles` and `generate`. */
#include "campaigns/kinds/content/content.h"
#include "campaigns/checks/channel_text.h"
#include "campaigns/checks/garble.h"
#include "campaigns/checks/terms.h"
#include "campaigns/kinds/content/content_near.h"
#include "campaigns/kinds/content/content_prompts.h"
#include "core/base/hash.h"
#include <stdlib.h>
#include <string.h>

#define GENERATE_TRIES 3 /* iterations that fill gaps left by refused replies */

enum err content_open_round(struct campaign *c, int round, const int *want)
{
    int total = 0;
    c->round = round;
    for (int p = 0; p < c->placement_count; p++) {
        enum err e = content_memo_set_int(c, "want", p, want[p]);
        if (e)
            return e;
        total += want[p];
    }
    int pages = (total + ASK_LIST_MAX - 1) / ASK_LIST_MAX;
    int last = round * CONTENT_ROUND_STRIDE + pages + GENERATE_TRIES - 2;
    return json_set_num(c->memo, "last", last);
}

static enum err open_first_round(struct campaign *c, int n)
{
    int want[SPEC_PLACEMENTS_MAX] = {0};
    for (int p = 0; p < c->placement_count; p++)
        want[p] = n;
    return content_open_round(c, 1, want);
}

enum err content_angles_plan(struct campaign *c, struct ask_list *asks)
{
    struct content_input in;
    struct err_detail d;
    enum err e = content_input_read(c->spec, &in, &d);
    if (e || in.is_prompt || in.angle_count || in.n == 1)
        return e;
    struct ask *ask = ask_add(asks, ASK_CHAT);
    e = ask ? content_prompts_prepare(c, &in) : ERR_NOMEM;
    return e ? e : content_prompts_angles(c, &in, ask);
}

static enum err keep_angles(struct campaign *c, const struct json *list)
{
    struct json *angles = json_new_array();
    enum err e = angles ? ERR_OK : ERR_NOMEM;
    json_each (angle, list) {
        if (!e && json_count(angles) < CONTENT_ANGLES_MAX && json_str(angle, "")[0])
            e = json_push(angles, json_new_str(json_str(angle, "")));
    }
    if (e) {
        json_free(angles);
        return e;
    }
    return json_set(c->memo, "angles", angles);
}

enum err content_angles_finish(struct campaign *c, const struct answers *a,
                               struct next *next)
{
    struct content_input in;
    struct err_detail d;
    enum err e = content_input_read(c->spec, &in, &d);
    if (!e && a->count && a->items[0].code) {
        next_fail(next, a->items[0].code);
        return ERR_OK;
    }
    if (!e && a->count)
        e = keep_angles(c, json_get(a->items[0].reply, "angles"));
    else if (!e && in.angle_count)
        e = keep_angles(c, json_get(c->spec->input, "angles"));
    if (!e)
        e = open_first_round(c, in.n);
    next_goto(next, "generate", CONTENT_ROUND_STRIDE);
    return e;
}

/* Variants of this round in this placement; a rejected one is not asked for again. */
static int64_t have(const struct campaign *c, int placement)
{
    int64_t n = 0;
    for (int i = 0; i < c->variant_count; i++) {
        const struct variant *v = &c->variants[i];
        n += v->placement == placement && v->round == c->round &&
             strcmp(v->reason, "control_given") != 0;
    }
    return n;
}

static int64_t missing(const struct campaign *c, int placement)
{
    int64_t n = content_memo_int(c, "want", placement) - have(c, placement);
    return n > 0 ? n : 0;
}

enum err content_write_plan(struct campaign *c, struct ask_list *asks)
{
    struct content_input in;
    struct err_detail d;
    enum err e = content_input_read(c->spec, &in, &d);
    if (!e)
        e = content_prompts_prepare(c, &in);
    const struct json *angles = json_get(c->memo, "angles");
    int angle_count = (int)json_count(angles);
    int step = c->iteration % CONTENT_ROUND_STRIDE;
    for (int p = 0; p < c->placement_count && !e; p++) {
        int first = (int)have(c, p), wanted = (int)missing(c, p);
        for (int i = 0; i < wanted && asks->count < ASK_LIST_MAX && !e; i++) {
            int number = first + i;
            /* a retry moves to the next angle, so the same gap is asked differently */
            int angle = angle_count ? (number + step + c->round - 1) % angle_count : 0;
            struct ask *ask = ask_add(asks, ASK_CHAT);
            if (!ask)
                return ERR_NOMEM;
            ask->tag[0] = p;
            ask->tag[1] = number;
            ask->note = json_str(json_at(angles, (size_t)angle), "");
            /* a seed of the spec's own says: the same again, whatever its id */
            uint64_t own = c->spec->seed ? 0 : hash_fast_str(c->spec->id, 1);
            ask->seed = hash_mix(c->spec->seed ^ own ^
                                 (uint64_t)(c->iteration * 1000 + p * 64 + number)) >>
                        33;
            e = content_prompts_write(c, &in, ask);
        }
    }
    return e;
}

enum err content_judge_text(struct arena *a, const struct spec *s,
                            const struct channel *channel, const char *text,
                            struct objection *o)
{
    struct channel_finding found[8];
    struct buf all;
    int n = channel_judge(channel, text, strlen(text), found, 8);
    buf_init(&all, sizeof o->message - 1);
    for (int i = 0; i < n; i++) {
        if (found[i].hard)
            buf_printf(&all, "%s%s", all.len ? "; " : "", found[i].message);
    }
    for (int i = 0; i < n; i++) /* also when there was no memory to join them */
        if (found[i].hard)
            objection_raise(o, "%s", all.len ? buf_str(&all) : found[i].message);
    buf_fini(&all);
    const char *body = channel_text_body(a, channel, s->facts, text);
    if (!body)
        return ERR_NOMEM;
    if (garble_find(body, strlen(body)))
        objection_raise(o, "The text contains control characters or damaged ones.");
    const char *term = terms_find(body, strlen(body), s->never, (size_t)s->never_count);
    if (term)
        objection_raise(o, "The text contains \"%s\", which must never appear.", term);
    return ERR_OK;
}

enum err content_write_accept(const struct campaign *c, const struct ask *ask,
                              const struct json *reply, struct objection *o)
{
    const struct channel *channel = c->placements[ask->tag[0]].spec->channel;
    const char *text = content_reply_text(c->arena, c->spec, channel, reply);
    if (!text)
        return ERR_NOMEM;
    if (text[0])
        return content_judge_text(c->arena, c->spec, channel, text, o);
    objection_raise(o, "The text is empty.");
    return ERR_OK;
}

static enum err refuse(struct campaign *c, const struct ask *ask, const char *why,
                       const char *text)
{
    c->rejected++;
    struct campaign_audit *line = campaign_audit_add(c, "refused");
    if (!line)
        return ERR_NOMEM;
    campaign_audit_field(line, "placement", c->placements[ask->tag[0]].spec->name);
    campaign_audit_field(line, "reason", why);
    campaign_audit_field(line, "text", text ? text : "");
    return ERR_OK;
}

static enum err keep(struct campaign *c, const struct ask *ask,
                     const struct answer *answer, const char *text)
{
    struct variant *v = campaign_add_variant(c, ask->tag[0], text);
    if (!v)
        return ERR_NOMEM;
    v->state = c->spec->approval ? VARIANT_PENDING : VARIANT_LIVE;
    v->angle = arena_strdup(c->arena, ask->note ? ask->note : "");
    v->usd_nano = answer->usd_nano;
    if (c->round > 1) {
        v->parent =
            arena_strdup(c->arena, content_memo_text(c, "parents", ask->tag[0]));
        v->reason =
            ask->tag[2] ? "regenerated from what won" : "regenerated, fresh idea";
        v->prior_mean = strtod(content_memo_text(c, "prior", ask->tag[0]), NULL);
        v->prior_weight = v->prior_mean > 0 ? posterior_prior_default.m_within / 2 : 0;
    }
    if (!v->angle || !v->parent)
        return ERR_NOMEM;
    if (c->round == 1 && !content_memo_text(c, "control", ask->tag[0])[0]) {
        if (!c->spec->approval)
            v->state = VARIANT_CONTROL;
        v->reason = "control_generated";
        return content_memo_set_text(c, "control", ask->tag[0], v->id);
    }
    return ERR_OK;
}

static enum err take_answer(struct campaign *c, struct content_near *texts,
                            const struct ask *ask, const struct answer *answer)
{
    const struct channel *channel = c->placements[ask->tag[0]].spec->channel;
    if (answer->code)
        return refuse(c, ask, err_code(answer->code), answer->text);
    const char *text = content_reply_text(c->arena, c->spec, channel, answer->reply);
    const struct variant *near = NULL;
    enum err e = text ? content_near_find(texts, ask->tag[0], text, &near) : ERR_NOMEM;
    if (e == ERR_LIMIT) /* too long to compare: no channel shows such a text */
        return refuse(c, ask, err_code(e), NULL);
    if (e)
        return e;
    return near ? refuse(c, ask, "duplicate", text) : keep(c, ask, answer, text);
}

/* A control that the spec gives competes from the start and needs no review. */
static enum err add_given_controls(struct campaign *c)
{
    for (int p = 0; p < c->placement_count; p++) {
        const char *text = c->placements[p].spec->control;
        if (!text || content_memo_text(c, "control", p)[0])
            continue;
        struct variant *v = campaign_add_variant(c, p, text);
        if (!v)
            return ERR_NOMEM;
        v->state = VARIANT_CONTROL;
        v->reason = "control_given";
        enum err e = content_memo_set_text(c, "control", p, v->id);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* What is next once nothing more is asked for in this round. */
static void close_round(struct campaign *c, enum err last_code, bool over_budget,
                        struct next *next)
{
    if (over_budget && c->round == 1) {
        next_fail(next, ERR_OVER_BUDGET);
        return;
    }
    for (int p = 0; p < c->placement_count && c->round == 1; p++) {
        if (have(c, p) == 0) {
            next_fail(next, last_code ? last_code : ERR_BAD_OUTPUT);
            return;
        }
    }
    next_goto(next, c->spec->approval && c->round == 1 ? "review" : "live", c->round);
}

enum err content_write_finish(struct campaign *c, const struct answers *a,
                              struct next *next)
{
    enum err last_code = ERR_OK, e = c->round == 1 ? add_given_controls(c) : ERR_OK;
    bool over_budget = false;
    struct content_near texts;
    content_near_init(&texts, c);
    for (int i = 0; i < a->count && !e; i++) {
        e = take_answer(c, &texts, &a->asks[i], &a->items[i]);
        if (a->items[i].code)
            last_code = a->items[i].code;
        over_budget |= a->items[i].code == ERR_OVER_BUDGET;
    }
    content_near_fini(&texts);
    if (!e && over_budget)
        e = json_set_bool(c->memo, "frozen", true);
    if (e)
        return e;
    int64_t open = 0, wanted = 0;
    for (int p = 0; p < c->placement_count; p++) {
        open += missing(c, p);
        wanted += content_memo_int(c, "want", p);
    }
    if (c->round == 1 && wanted)
        c->progress = (int)(90 * (wanted - open) / wanted);
    bool more =
        open && !over_budget && c->iteration < json_int(json_get(c->memo, "last"), 0);
    if (more)
        next_goto(next, "generate", c->iteration + 1);
    else
        close_round(c, last_code, over_budget, next);
    return ERR_OK;
}
