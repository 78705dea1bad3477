/* redis.c: the public face: options, commands, end. What becomes of commands is in
 * redis_pipeline.c, the connection's life in redis_session.c. */
#include "core/io/redis.h"
#include "core/base/hash.h"
#include "core/io/redis_session.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 2000
#define COMMAND_TIMEOUT_MS 5000
#define QUEUE_MAX_BYTES ((size_t)64 << 20)
#define BACKOFF_BASE_MS 50
#define BACKOFF_CAP_MS 2000
#define WORDS_MAX 64

/* Takes c, also on error. */
static enum err redis_submit(struct redis *r, struct redis_call *c, int64_t timeout_ms,
                             redis_fn fn, void *arg, uint64_t ticket)
{
    enum err e = ERR_OK;
    if (!c) {
        return ERR_NOMEM;
    }
    size_t bytes = redis_call_bytes(c), most = r->options.queue_max_bytes;
    if (r->freed) {
        e = ERR_CANCELLED;
    } else if (bytes > most) {
        e = ERR_LIMIT;
    } else if (r->bytes + bytes > most) {
        e = ERR_BUSY;
    }
    if (e) {
        free(c);
        return e;
    }
    c->fn = fn;
    c->arg = arg;
    c->ticket = ticket;
    c->deadline_ms = loop_now_ms(r->loop) +
                     (timeout_ms > 0 ? timeout_ms : r->options.command_timeout_ms);
    redis_queue(r, &r->waiting, c);
    redis_arm_deadline(r, c->deadline_ms);
    redis_flush_soon(r);
    return ERR_OK;
}

enum err redis_command(struct redis *r, const struct redis_arg *argv, size_t argc,
                       int64_t timeout_ms, redis_fn fn, void *arg, uint64_t ticket)
{
    if (argc == 0) {
        return ERR_BAD_VALUE;
    }
    struct redis_call *c = redis_call_new(argv, argc, NULL, 0);
    return redis_submit(r, c, timeout_ms, fn, arg, ticket);
}

enum err redis_do(struct redis *r, redis_fn fn, void *arg, uint64_t ticket, ...)
{
    struct redis_arg argv[WORDS_MAX];
    size_t argc = 0;
    const char *word = NULL;
    va_list words;
    va_start(words, ticket);
    while ((word = va_arg(words, const char *)) && argc < WORDS_MAX) {
        argv[argc++] = redis_text(word);
    }
    va_end(words);
    return word ? ERR_LIMIT : redis_command(r, argv, argc, 0, fn, arg, ticket);
}

enum err redis_script(struct redis *r, struct redis_script *s, const char *key,
                      const struct redis_arg *argv, size_t argc, redis_fn fn, void *arg,
                      uint64_t ticket)
{
    if (!s->sha1[0]) {
        hash_sha1_hex(s->text, strlen(s->text), s->sha1);
    }
    struct redis_arg head[] = {redis_text("EVALSHA"), redis_text(s->sha1),
                               redis_text("1"), redis_text(key)};
    struct redis_call *c = redis_call_new(head, 4, argv, argc);
    if (c) {
        c->script = s->text;
    }
    return redis_submit(r, c, 0, fn, arg, ticket);
}

struct redis_arg redis_text(const char *s)
{
    return redis_bytes(s, strlen(s));
}

/* -- life --------------------------------------------------------------------- */

static void on_link_timer(void *arg)
{
    struct redis *r = arg;
    r->holds++;
    if (r->state != REDIS_DOWN) {
        redis_session_lost(r, r->state == REDIS_CONNECTING
                                  ? "connect timeout"
                                  : "no answer to the greeting");
    } else if (redis_session_connect(r)) {
        r->state = REDIS_CONNECTING; /* an attempt that has failed at once */
        redis_session_lost(r, "out of memory");
    }
    redis_session_release(r);
}

static struct redis *redis_new(struct loop *l, const struct redis_options *o)
{
    struct redis *r = calloc(1, sizeof *r);
    if (!r) {
        return NULL;
    }
    r->loop = l;
    r->holds = 1;
    r->options = *o;
    r->options.url = NULL; /* parsed below; not ours to keep */
    struct redis_options *mine = &r->options;
    mine->connect_timeout_ms =
        o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    mine->command_timeout_ms =
        o->command_timeout_ms > 0 ? o->command_timeout_ms : COMMAND_TIMEOUT_MS;
    mine->queue_max_bytes = o->queue_max_bytes ? o->queue_max_bytes : QUEUE_MAX_BYTES;
    list_init(&r->retry);
    list_init(&r->waiting);
    list_init(&r->sent);
    list_init(&r->ended);
    backoff_init(&r->backoff, BACKOFF_BASE_MS, BACKOFF_CAP_MS);
    rng_seed(&r->rng, rng_entropy());
    return r;
}

enum err redis_open(struct loop *l, const struct redis_options *o, struct redis **out,
                    struct err_detail *d)
{
    struct redis *r = redis_new(l, o);
    if (!r) {
        return err_set(d, ERR_NOMEM, "", "out of memory");
    }
    enum err e = redis_url_parse(o->url, &r->url, d);
    if (e) {
        free(r);
        return e;
    }
    e = loop_timer_new(l, on_link_timer, r, &r->link_timer);
    e = e ? e : loop_timer_new(l, redis_on_deadline, r, &r->deadline_timer);
    e = e ? e : redis_session_connect(r);
    if (e) {
        redis_free(r);
        return err_set(d, e, "", "the connection could not be started");
    }
    *out = r;
    return ERR_OK;
}

static void list_take(struct list *to, struct list *from)
{
    while (!list_empty(from)) {
        struct list *node = from->next;
        list_remove(node);
        list_push(to, node);
    }
}

void redis_free(struct redis *r)
{
    check(!r->freed);
    r->freed = true;
    r->state = REDIS_DOWN;
    if (r->link) {
        redis_link_close(r->link);
        r->link = NULL;
    }
    if (r->link_timer) {
        loop_timer_free(r->link_timer);
    }
    if (r->deadline_timer) {
        loop_timer_free(r->deadline_timer);
    }
    list_take(&r->ended, &r->sent);
    list_take(&r->ended, &r->retry);
    list_take(&r->ended, &r->waiting);
    redis_settle_ended(r);
    redis_session_release(r);
}

void redis_on_state(struct redis *r, redis_state_fn fn, void *arg)
{
    r->on_state = fn;
    r->state_arg = arg;
}

bool redis_is_up(const struct redis *r)
{
    return r->state == REDIS_UP;
}
