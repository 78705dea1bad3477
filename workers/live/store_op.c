/* store_op.c: sending, repeating and ending store operations. */
#include "workers/live/store_op.h"
#include "core/base/backoff.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "queues/jobs.h"
#include "workers/live/commit_group.h"
#include "workers/live/ports_live_state.h"
#include "workers/live/settle_group.h"
#include "workers/live/spawn_live.h"
#include "workers/live/store_image.h"
#include <stdlib.h>
#include <string.h>

#define REPEAT_BASE_MS 50
#define REPEAT_CAP_MS 1000

static void on_repeat(void *arg);
static void repeat(struct store_op *op, enum err e);
static enum err send(struct store_op *op);

struct store_op *store_op_new(struct ports_live *p, enum store_op_type type,
                              const char *campaign, int64_t fence, void *arg,
                              uint64_t ticket)
{
    struct store_op *op = calloc(1, sizeof *op);
    if (!op)
        return NULL;
    list_init(&op->link);
    list_init(&op->group);
    list_init(&op->waiting);
    list_init(&op->wait);
    op->owner = p;
    op->type = type;
    op->fence = fence;
    op->arg = arg;
    op->ticket = ticket;
    buf_init(&op->record, 4 * 1024 * 1024);
    arena_init(&op->words, 64 * 1024);
    results_init(&op->results);
    op->id = idmap_put(&p->ops_by_id, op);
    if (strlen(campaign) >= sizeof op->campaign || !op->id ||
        loop_timer_new(p->loop, on_repeat, op, &op->timer)) {
        store_op_free(op);
        return NULL;
    }
    memcpy(op->campaign, campaign, strlen(campaign) + 1);
    list_push(&p->ops, &op->link);
    return op;
}

void store_op_free(struct store_op *op)
{
    idmap_take(&op->owner->ops_by_id, op->id);
    list_remove(&op->link);
    list_remove(&op->group);
    list_remove(&op->waiting);
    list_remove(&op->wait);
    if (op->timer)
        loop_timer_free(op->timer);
    buf_fini(&op->record);
    arena_fini(&op->words);
    results_fini(&op->results);
    free(op);
}

enum err store_op_place(struct store_op *op, const struct port_place *at)
{
    if (strlen(at->stage) >= sizeof op->stage)
        return ERR_LIMIT;
    const char *batch = at->batch ? at->batch : "";
    const char *endpoint = at->endpoint ? at->endpoint : "";
    if (strlen(batch) >= sizeof op->batch || strlen(endpoint) >= sizeof op->endpoint)
        return ERR_LIMIT;
    memcpy(op->endpoint, endpoint, strlen(endpoint) + 1);
    memcpy(op->batch, batch, strlen(batch) + 1);
    memcpy(op->stage, at->stage, strlen(at->stage) + 1);
    op->iteration = at->iteration;
    return ERR_OK;
}

static void end_load(struct store_op *op, enum err e, const struct reply *r)
{
    struct arena arena;
    struct port_image image;
    arena_init(&arena, 64u * 1024 * 1024);
    if (!e)
        e = store_image_read(r, op->campaign, &arena, &image);
    op->fn.load(op->arg, op->ticket, e, e ? NULL : &image);
    arena_fini(&arena);
}

static void end_reserve(struct store_op *op, enum err e, const struct reply *r)
{
    enum port_verdict verdicts[STORE_BATCH_MAX];
    int count = (int)reply_count(r);
    if (count > STORE_BATCH_MAX)
        count = STORE_BATCH_MAX;
    for (int i = 0; i < count && !e; i++) {
        const char *word = reply_str(reply_at(r, (size_t)i), NULL);
        verdicts[i] = strcmp(word, "ok") == 0            ? PORT_GRANTED
                      : strcmp(word, "over_budget") == 0 ? PORT_OVER_BUDGET
                                                         : PORT_EXISTS;
    }
    op->fn.reserve(op->arg, op->ticket, e, verdicts, e ? 0 : count);
}

static void read_order(struct store_op *op, const char *text, size_t n)
{
    struct json *j = NULL;
    struct err_detail d;
    if (json_parse(text, n, &json_limits_spec, &j, &d) == ERR_OK) {
        const char *what = json_str(json_get(j, "do"), "");
        if (strcmp(what, "cancel") == 0)
            op->told = ERR_CANCELLED;
        else if (strcmp(what, "deadline") == 0 && !op->told)
            op->told = ERR_DEADLINE;
        op->pause |= strcmp(what, "pause") == 0;
        op->pause &= strcmp(what, "resume") != 0;
    }
    json_free(j);
}

/* True: the next page is asked for. */
static bool read_letters(struct store_op *op, const struct reply *r)
{
    const struct reply *letters = reply_at(r, 0);
    for (size_t i = 0; i < reply_count(letters); i++) {
        size_t n;
        const char *text = reply_str(reply_at(letters, i), &n);
        read_order(op, text, n);
    }
    op->from += (int)reply_count(letters);
    if (!reply_int(reply_at(r, 1)) || reply_count(letters) == 0)
        return false;
    if (send(op))
        repeat(op, ERR_BUSY);
    return true;
}

/* Those that waited are sent first: Redis works while their forerunners are told. */
static void end_settle(struct store_op *first, enum err e)
{
    struct store_op *next = settle_group_next(first);
    if (next && e == ERR_CANCELLED)
        end_settle(next, e);
    else if (next && send(next))
        repeat(next, ERR_BUSY);
    for (int i = 0; i < first->count; i++) {
        struct store_op *op = first->members[i];
        op->fn.done(op->arg, op->ticket, e);
    }
    for (int i = 1; i < first->count; i++)
        store_op_free(first->members[i]);
    store_op_free(first);
}

static bool is_passing(enum err e)
{
    return e == ERR_BUSY || e == ERR_NOMEM;
}

static void end_commit(struct store_op *first, enum err e, const struct reply *r);

static void start_commit(struct store_op *first);

static void start_commit(struct store_op *first)
{
    enum err e = send(first);
    if (is_passing(e))
        repeat(first, e);
    else if (e)
        end_commit(first, e, NULL);
}

/* One that Redis refuses is asked again. */
static void end_member(struct store_op *op, enum err e)
{
    if (e == ERR_REDIS) {
        repeat(op, e);
        return;
    }
    op->fn.done(op->arg, op->ticket, e);
    store_op_free(op);
}

/* As end_settle(); each has a verdict of its own. */
static void end_commit(struct store_op *first, enum err e, const struct reply *r)
{
    struct store_op *next = commit_group_next(first);
    if (next && e == ERR_CANCELLED)
        end_commit(next, e, NULL);
    else if (next)
        start_commit(next);
    for (int i = first->count - 1; i >= 0; i--) /* the first one keeps the others */
        end_member(first->members[i], e ? e : results_verdict(r, (size_t)i));
}

static void end(struct store_op *op, enum err e, const struct reply *r)
{
    switch (op->type) {
    case STORE_LOAD:
        end_load(op, e, r);
        break;
    case STORE_RESERVE:
        end_reserve(op, e, r);
        break;
    case STORE_MAIL:
        if (!e && read_letters(op, r))
            return;
        op->fn.mail(op->arg, op->ticket, e, op->told, op->pause);
        break;
    case STORE_SPAWN:
        spawn_live_end(op, e, r);
        break;
    case STORE_SETTLE:
        end_settle(op, e);
        return;
    case STORE_COMMIT:
        end_commit(op, e, r);
        return;
    default:
        op->fn.done(op->arg, op->ticket, e);
        break;
    }
    store_op_free(op);
}

void store_op_end_load(struct store_op *op, const struct port_image *image)
{
    op->fn.load(op->arg, op->ticket, ERR_OK, image);
    store_op_free(op);
}

/* Not answered: asked again, as long as it takes. A job that was lost meanwhile answers
 * "fenced" then. */
static void repeat(struct store_op *op, enum err e)
{
    struct backoff b;
    backoff_init(&b, REPEAT_BASE_MS, REPEAT_CAP_MS);
    b.attempt = (unsigned)op->tries++;
    if (op->tries == 1)
        log_event(LOG_WARN, "store.repeat", "campaign", op->campaign, "code",
                  err_code(e), NULL);
    loop_timer_start(op->timer, backoff_next_ms(&b, &op->owner->rng, REPEAT_BASE_MS),
                     0);
}

/* A leave that was long on its way may be of a claim that is lost by now: another
 * worker asks in its place. Once: where each reply takes so long, calls go all the
 * same. */
static bool renew(struct store_op *op)
{
    int64_t age_ms = clock_mono_ms() - op->sent_ms, most_ms = op->owner->leave_ms;
    if (op->type != STORE_RESERVE || op->renewed || most_ms <= 0 || age_ms <= most_ms)
        return false;
    op->renewed = true;
    if (send(op))
        repeat(op, ERR_BUSY);
    return true;
}

/* Of what is not under way yet only a birth is refused for want of memory: its parent
 * asks again later, and holds no slot until then. */
static bool is_full(const struct store_op *op, enum err e, const struct reply *r)
{
    return e == ERR_REDIS && op->type == STORE_SPAWN &&
           strncmp(reply_str(r, NULL), "OOM ", 4) == 0;
}

static void on_reply(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct ports_live *p = arg;
    struct store_op *op = idmap_get(&p->ops_by_id, ticket);
    if (!op)
        return;
    if (is_full(op, e, r)) {
        end(op, ERR_BUSY, r);
        return;
    }
    if (e == ERR_REDIS)
        log_event(LOG_ERROR, "store.refused", "campaign", op->campaign, "error",
                  reply_str(r, NULL), NULL);
    if (!e && renew(op))
        return;
    if (e == ERR_OK || e == ERR_FENCED || e == ERR_CANCELLED)
        end(op, e, r);
    else
        repeat(op, e);
}

static enum err send(struct store_op *op)
{
    struct ports_live *p = op->owner;
    const struct journal_result *results[STORE_BATCH_MAX];
    int count;
    struct journal_place at = {.campaign = op->campaign,
                               .fence = op->fence,
                               .stage = op->stage,
                               .iteration = op->iteration,
                               .batch = *op->batch ? op->batch : NULL,
                               .endpoint = *op->endpoint ? op->endpoint : NULL};
    struct journal_hold hold = {
        .name = op->name, .delay_ms = op->delay_ms, .why = op->why};
    switch (op->type) {
    case STORE_LOAD:
        return jobs_load(p->queue, op->campaign, op->fence, on_reply, p, op->id);
    case STORE_RESERVE:
        op->sent_ms = clock_mono_ms();
        return journal_reserve(p->queue, &at, op->calls, op->count, on_reply, p,
                               op->id);
    case STORE_SETTLE:
        count = settle_group_results(op, results);
        return journal_settle(p->queue, &at, results, count, on_reply, p, op->id);
    case STORE_COMMIT:
        return commit_group_send(op, on_reply, p, op->id);
    case STORE_RELEASE:
        return jobs_release(p->queue, op->campaign, op->fence, on_reply, p, op->id);
    case STORE_HOLD:
        return journal_hold(p->queue, &at, &hold, op->calls, op->count, on_reply, p,
                            op->id);
    case STORE_MAIL:
        return jobs_mail(p->queue, op->campaign, op->fence, op->from, on_reply, p,
                         op->id);
    case STORE_SPAWN:
        return inbox_admit(p->queue, &op->admission, on_reply, p, op->id);
    case STORE_TIMER:
        break;
    }
    return ERR_OK;
}

enum err store_op_start(struct store_op *op)
{
    if ((op->type == STORE_SETTLE && settle_group_join(op)) ||
        (op->type == STORE_COMMIT && commit_group_join(op)))
        return ERR_OK;
    enum err e = send(op);
    if (is_passing(e)) {
        repeat(op, e);
        return ERR_OK;
    }
    if (e && op->type == STORE_COMMIT)
        (void)commit_group_next(op); /* nobody waits yet */
    if (e)
        store_op_free(op);
    return e;
}

static void on_repeat(void *arg)
{
    struct store_op *op = arg;
    if (op->type == STORE_TIMER)
        end(op, ERR_OK, NULL);
    else if (op->type == STORE_COMMIT && commit_group_rejoin(op))
        return;
    else if (send(op))
        repeat(op, ERR_BUSY);
}
