/* redis_pipeline.c: commands under way: outcomes, writing and deadlines. */
#include "core/io/redis_session.h"
#include <stdlib.h>
#include <string.h>

#define WRITE_BYTES ((size_t)1 << 20) /* commands of about so much go in one write */

void redis_queue(struct redis *r, struct list *calls, struct redis_call *c)
{
    r->bytes += redis_call_bytes(c);
    list_push(calls, &c->node);
}

/* -- outcomes ----------------------------------------------------------------- */

static void redis_settle(struct redis *r, struct redis_call *c, enum err e,
                         const struct reply *reply)
{
    redis_fn fn = c->fn;
    void *arg = c->arg;
    uint64_t ticket = c->ticket;
    list_remove(&c->node);
    r->bytes -= redis_call_bytes(c);
    free(c);
    fn(arg, ticket, e, reply);
}

/* A callback may call redis_free(), which empties the list from inside. */
void redis_settle_ended(struct redis *r)
{
    struct redis_call *c = NULL;
    while ((c = redis_call_first(&r->ended))) {
        redis_settle(r, c, r->freed ? ERR_CANCELLED : c->outcome, NULL);
    }
}

static bool is_refusal(const char *text)
{
    static const char *const prefixes[] = {"LOADING ", "READONLY ", "MASTERDOWN ",
                                           "UNBLOCKED "};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void redis_retry_eval(struct redis *r, struct redis_call *c)
{
    c->eval = true;
    list_remove(&c->node);
    list_push(&r->retry, &c->node);
    redis_flush_soon(r);
}

static void take_error(struct redis *r, struct redis_call *c, const struct reply *reply)
{
    const char *text = reply_str(reply, NULL);
    if (is_refusal(text)) {
        if (r->state == REDIS_UP) {
            r->state = REDIS_DRAINING;
            (void)strncpy(r->why, text, sizeof r->why - 1);
        }
        redis_settle(r, c, ERR_UNSENT, NULL);
    } else if (c->script && !c->eval && strncmp(text, "NOSCRIPT", 8) == 0) {
        redis_retry_eval(r, c);
    } else {
        redis_settle(r, c, ERR_REDIS, reply);
    }
}

void redis_take_reply(struct redis *r, const struct reply *reply)
{
    struct redis_call *c = redis_call_first(&r->sent);
    bool error = reply_type(reply) == REPLY_ERROR;
    if (!c) {
        redis_session_lost(r, "a reply that nothing asked for");
    } else if (error && !c->greeting) {
        take_error(r, c, reply);
    } else {
        if (!c->greeting) {
            backoff_reset(&r->backoff);
        }
        redis_settle(r, c, error ? ERR_REDIS : ERR_OK, reply);
    }
    if (r->state == REDIS_DRAINING && list_empty(&r->sent)) {
        redis_session_lost(r, r->why);
    }
}

/* -- writing ------------------------------------------------------------------ */

static struct list *unsent_list(struct redis *r)
{
    return list_empty(&r->retry) ? &r->waiting : &r->retry;
}

static void unsent_measure(struct list *calls, size_t *count, size_t *bytes)
{
    list_each (node, calls) {
        if (*bytes >= WRITE_BYTES) {
            return;
        }
        *bytes += redis_call_wire_bytes(list_item(node, struct redis_call, node));
        *count += 1;
    }
}

void redis_flush(struct redis *r)
{
    if (r->freed || r->state != REDIS_UP || redis_link_is_writing(r->link)) {
        return;
    }
    size_t count = 0, size = 0;
    unsent_measure(&r->retry, &count, &size);
    unsent_measure(&r->waiting, &count, &size);
    if (count == 0) {
        return;
    }
    char *bytes = malloc(size), *at = bytes;
    if (!bytes) {
        redis_session_lost(r, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct redis_call *c = redis_call_first(unsent_list(r));
        at = redis_call_write(c, at);
        list_remove(&c->node);
        list_push(&r->sent, &c->node);
    }
    check(at == bytes + size);
    if (redis_link_write(r->link, bytes, size)) {
        redis_session_lost(r, "the write failed");
    }
}

static void on_flush(void *arg)
{
    struct redis *r = arg;
    r->flush_deferred = false;
    redis_flush(r);
    redis_session_release(r);
}

/* When memory is so short that not even this can be deferred, the next write takes the
 * command along, or its deadline ends it. */
void redis_flush_soon(struct redis *r)
{
    if (r->state != REDIS_UP || r->flush_deferred ||
        loop_defer(r->loop, on_flush, r) != ERR_OK) {
        return;
    }
    r->flush_deferred = true;
    r->holds++;
}

/* -- deadlines ---------------------------------------------------------------- */

void redis_arm_deadline(struct redis *r, int64_t deadline_ms)
{
    if (r->deadline_due_ms && r->deadline_due_ms <= deadline_ms) {
        return; /* it fires earlier, and looks again then */
    }
    r->deadline_due_ms = deadline_ms;
    loop_timer_start(r->deadline_timer, deadline_ms - loop_now_ms(r->loop), 0);
}

static void expire_unsent(struct redis *r, struct list *calls, int64_t now_ms)
{
    list_each_safe (node, after, calls) {
        struct redis_call *c = list_item(node, struct redis_call, node);
        if (c->deadline_ms <= now_ms) {
            c->outcome = ERR_UNSENT;
            list_remove(node);
            list_push(&r->ended, node);
        }
    }
}

static bool expire_sent(struct redis *r, int64_t now_ms)
{
    bool any = false;
    list_each (node, &r->sent) {
        struct redis_call *c = list_item(node, struct redis_call, node);
        if (c->deadline_ms <= now_ms) {
            c->outcome = ERR_DEADLINE;
            any = true;
        }
    }
    return any;
}

static int64_t earliest(struct list *calls, int64_t so_far_ms)
{
    list_each (node, calls) {
        int64_t at_ms = list_item(node, struct redis_call, node)->deadline_ms;
        so_far_ms = at_ms < so_far_ms ? at_ms : so_far_ms;
    }
    return so_far_ms;
}

void redis_on_deadline(void *arg)
{
    struct redis *r = arg;
    int64_t now_ms = loop_now_ms(r->loop);
    r->deadline_due_ms = 0;
    r->holds++;
    expire_unsent(r, &r->retry, now_ms);
    expire_unsent(r, &r->waiting, now_ms);
    if (expire_sent(r, now_ms)) {
        redis_session_lost(r, "no reply in time");
    }
    redis_settle_ended(r);
    int64_t next_ms = earliest(&r->retry, INT64_MAX);
    next_ms = earliest(&r->waiting, next_ms);
    next_ms = earliest(&r->sent, next_ms);
    if (!r->freed && next_ms != INT64_MAX) {
        redis_arm_deadline(r, next_ms);
    }
    redis_session_release(r);
}
