/* rehearsal.c: the loop of a worker without the world. */
#include "workers/rehearsal/rehearsal.h"
#include "campaigns/engine.h"
#include "core/base/hash.h"
#include "core/base/utf8.h"
#include "workers/llm/llm_tokens.h"
#include "workers/rehearsal/rehearsal_reply.h"
#include <stdio.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)256 << 20)
#define REPLY_MAX_BYTES ((size_t)1 << 20)
#define STEPS_MAX 10000

struct play {
    struct campaign *c;
    struct engine *engine;
    bool good;           /* every reply is accepted */
    const char *refused; /* else: the stage in which none is, ever */
    struct rehearsal *out;
    struct err_detail *d;
    uint64_t said;
};

#define MESSAGE_TOKENS 4 /* role and marks around a message */

/* Most tokenizers: four letters, or one Han character or kana, a token. */
static int64_t likely_tokens(const char *text)
{
    int64_t cjk = 0, other = 0;
    for (size_t at = 0, n = text ? strlen(text) : 0; at < n;) {
        uint32_t point;
        size_t len = utf8_decode(text + at, n - at, &point);
        bool wide = len > 0 && utf8_is_cjk(point);
        len = len ? len : 1;
        cjk += wide;
        other += wide ? 0 : (int64_t)len;
        at += len;
    }
    return cjk + other > 0 ? cjk + (other + 3) / 4 + MESSAGE_TOKENS : 0;
}

static struct rehearsal_count *count_of(struct play *p)
{
    struct rehearsal_count *row = p->out->stage;
    while (row->stage && strcmp(row->stage, p->c->stage) != 0)
        row++;
    check(row < p->out->stage + REHEARSAL_STAGES_MAX - 1);
    row->stage = kind_stage(p->c->kind, p->c->stage)->name;
    return row;
}

static void add(struct rehearsal_count *row, const struct port_call *call)
{
    const struct ask *ask = call->ask;
    int64_t max = llm_reply_tokens(ask);
    row->calls++;
    row->in += likely_tokens(ask->system) + likely_tokens(ask->user) +
               likely_tokens(call->objection) + likely_tokens(call->refused_text);
    row->out += ask->likely_tokens > 0 && ask->likely_tokens < max ? ask->likely_tokens
                                                                   : max / 2;
    row->in_max += llm_prompt_tokens(call);
    row->out_max += max;
}

static void count(struct play *p, int index)
{
    struct port_call call = {.ask = engine_ask(p->engine, index),
                             .endpoint = "",
                             .model = "",
                             .refused_text = engine_refused_text(p->engine, index),
                             .objection = engine_objection(p->engine, index)};
    add(count_of(p), &call);
    add(&p->out->total, &call);
}

static enum err answer(struct play *p, int index, struct buf *reply)
{
    const struct ask *ask = engine_ask(p->engine, index);
    enum engine_verdict verdict = ENGINE_REASK;
    enum err e = ERR_OK;
    if (!ask_is_call(ask->type))
        return err_set(p->d, ERR_NOT_SUPPORTED, "", "stage %s reads stored data",
                       p->c->stage);
    for (int i = 0; !e && verdict == ENGINE_REASK; i++) {
        bool accepted = p->good || (i > 0 && strcmp(p->c->stage, p->refused) != 0);
        count(p, index);
        buf_clear(reply);
        if (accepted)
            e = rehearsal_reply(p->c, kind_stage(p->c->kind, p->c->stage), ask,
                                hash_mix(++p->said), reply, p->d);
        if (!e)
            e = engine_reply(p->engine, index, buf_str(reply), reply->len, 0, &verdict);
    }
    return e;
}

/* One iteration of one stage. */
static enum err step(struct play *p, struct next *next)
{
    bool direct = false;
    struct buf reply;
    enum err e = engine_begin(p->c, &p->engine, &direct, next);
    if (e || direct)
        return e;
    buf_init(&reply, REPLY_MAX_BYTES);
    for (int i = 0; i < engine_count(p->engine) && !e; i++)
        e = answer(p, i, &reply);
    if (!e)
        e = engine_finish(p->engine, next);
    engine_fini(p->engine);
    buf_fini(&reply);
    return e;
}

static enum err play(struct play *p)
{
    struct next next = {.type = NEXT_GOTO};
    for (int i = 0; next.type == NEXT_GOTO && i < STEPS_MAX; i++) {
        enum err e = step(p, &next);
        if (e)
            return e;
        if (next.type == NEXT_GOTO || next.type == NEXT_WAIT) {
            p->c->stage = next.stage;
            p->c->iteration = next.iteration;
        }
    }
    p->out->waits_at = next.type == NEXT_WAIT ? next.stage : NULL;
    p->out->code = next.type == NEXT_FAIL ? next.code : ERR_OK;
    return next.type == NEXT_GOTO
               ? err_set(p->d, ERR_INTERNAL, "", "the stages come to no end")
               : ERR_OK;
}

static enum err run(const struct spec *s, struct play how, struct err_detail *d)
{
    struct arena arena;
    struct play p = how;
    struct spec once = *s; /* one run of a campaign that repeats */
    once.repeat.cron = NULL;
    memset(p.out, 0, sizeof *p.out);
    arena_init(&arena, ARENA_MAX_BYTES);
    p.c = campaign_new(&arena, &once);
    p.d = d;
    enum err e = p.c ? campaign_restore(p.c, "", 0, d) : ERR_NOMEM;
    if (!e)
        e = play(&p);
    if (e && e != d->code)
        err_set(d, e, "", "the stages cannot be rehearsed");
    if (p.c)
        campaign_fini(p.c);
    arena_fini(&arena);
    return e;
}

enum err rehearsal_run(const struct spec *s, struct rehearsal *out,
                       struct err_detail *d)
{
    return run(s, (struct play){.good = true, .out = out}, d);
}

static void take_larger(struct rehearsal_count *to, const struct rehearsal_count *from)
{
    if (from->calls <= to->calls)
        return;
    *to = *from;
}

static void sum_up(struct rehearsal *r)
{
    r->total = (struct rehearsal_count){.calls = 0};
    for (const struct rehearsal_count *row = r->stage; row->stage; row++) {
        r->total.calls += row->calls;
        r->total.in += row->in;
        r->total.out += row->out;
        r->total.in_max += row->in_max;
        r->total.out_max += row->out_max;
    }
}

enum err rehearsal_worst(const struct spec *s, struct rehearsal *out,
                         struct err_detail *d)
{
    struct rehearsal bad;
    enum err e = run(s, (struct play){.good = true, .out = out}, d);
    for (struct rehearsal_count *row = out->stage; row->stage && !e; row++) {
        e = run(s, (struct play){.refused = row->stage, .out = &bad}, d);
        for (const struct rehearsal_count *b = bad.stage; b->stage && !e; b++)
            if (strcmp(b->stage, row->stage) == 0)
                take_larger(row, b);
    }
    sum_up(out);
    return e;
}
