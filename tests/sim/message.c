/* message.c: messages reach the store, change it, and come back; or are lost, doubled,
 * late, and their sender dies at the chosen write. */
#include "tests/sim/message.h"
#include "core/base/json.h"
#include "tests/sim/judge.h"
#include "tests/sim/scenario.h"
#include <stdlib.h>
#include <string.h>

#define RESEND_US (WORLD_SECOND_US / 2)

static void on_apply(struct world *w, void *arg);
static void on_answer(struct world *w, void *arg);

struct message *message_new(struct host *h, enum message_type type, const char *id)
{
    struct message *m = calloc(1, sizeof *m);
    check(m);
    m->host = h;
    m->type = type;
    arena_init(&m->arena, (size_t)64 << 20);
    m->id = arena_strdup(&m->arena, id);
    check(m->id);
    list_push(&h->world->messages, &m->link);
    return m;
}

static void message_free(struct message *m)
{
    list_remove(&m->link);
    arena_fini(&m->arena);
    free(m);
}

void message_free_all(struct world *w)
{
    list_each_safe (node, after, &w->messages) {
        message_free(list_item(node, struct message, link));
    }
}

/* One connection keeps the order, but for the misfortune of a reconnect. */
static int64_t travel(struct world *w, int64_t *last_us)
{
    int64_t at = w->now_us + world_between(w, 200, 2000);
    if (world_fate(w, FATE_DELAYED, 3))
        return at - w->now_us +
               world_between(w, 0, (world_chance(w, 10) ? 9 : 1) * WORLD_SECOND_US);
    if (at <= *last_us)
        at = *last_us + 1;
    *last_us = at;
    return at - w->now_us;
}

void message_send(struct message *m)
{
    struct world *w = m->host->world;
    m->number = ++m->host->sent;
    if (m->type == MESSAGE_TIMER)
        world_at(w, m->delay_us, on_answer, m);
    else
        world_at(w, travel(w, &m->host->last_sent_us), on_apply, m);
}

static void read_mail(struct message *m, const struct store_campaign *c)
{
    m->code = store_holds(c, m->fence) ? ERR_OK : ERR_FENCED;
    for (int i = m->from; i < c->mail_count && !m->code; i++) {
        if (strstr(c->mail[i], "\"do\":\"cancel\""))
            m->told = ERR_CANCELLED;
        m->pause |= strstr(c->mail[i], "\"do\":\"pause\"") != NULL;
        m->pause &= strstr(c->mail[i], "\"do\":\"resume\"") == NULL;
    }
}

static const char *result_of(struct world *w, const char *id)
{
    const struct store_campaign *c = store_find(w, id);
    if (!c || !c->ended)
        return "null";
    char *text = arena_printf(&w->arena, "{\"state\":\"%s\",\"memo\":%s}", c->state,
                              c->memo[0] ? c->memo : "null");
    check(text);
    return text;
}

static const char *cached(struct world *w, const char *key)
{
    for (const struct store_cache *i = w->store->cache; i; i = i->next) {
        if (strcmp(i->key, key) == 0)
            return i->value;
    }
    return "null";
}

static void put_cache(struct world *w, const char *key, const char *value)
{
    struct store_cache *item = world_alloc(w, sizeof *item);
    item->key = world_text(w, key);
    item->value = world_text(w, value);
    item->next = w->store->cache;
    w->store->cache = item;
}

static bool read_ask(struct world *w, struct message *m)
{
    m->text = "true";
    if (m->ask.type == ASK_RESULT) {
        m->text = result_of(w, m->ask.key);
    } else if (m->ask.type == ASK_CACHE_GET) {
        m->text = cached(w, m->ask.key);
    } else if (m->ask.type == ASK_CACHE_PUT) {
        put_cache(w, m->ask.key, m->ask.user);
        return true;
    } else if (m->ask.type == ASK_SPAWN) {
        m->code = store_bear(store_find(w, m->id), m->fence, m->ask.key, m->ask.user);
        return true;
    } else {
        m->code = ERR_NOT_SUPPORTED;
    }
    return false;
}

static bool reserve(struct message *m, struct store_campaign *c)
{
    m->code = store_holds(c, m->fence) ? ERR_OK : ERR_FENCED;
    for (int i = 0; i < m->count && !m->code; i++)
        m->verdicts[i] = store_reserve(c, m->fence, &m->places[i], m->attempts[i],
                                       &m->most[i], m->batch);
    return true;
}

static void hold(struct message *m, struct store_campaign *c)
{
    if (strcmp(m->why, "cooling") == 0)
        judge_cooled(c, m->fence, m->delay_us);
    m->code = store_hold(c, m->fence, m->batch, m->name, m->places, m->attempts,
                         m->count, m->delay_us / 1000);
}

/* What the message does to the store; true if that is a write. */
static bool apply(struct world *w, struct message *m)
{
    struct store_campaign *c = store_find(w, m->id);
    m->code = ERR_OK;
    switch (m->type) {
    case MESSAGE_CLAIM:
        return true; /* written by the queue */
    case MESSAGE_LOAD:
        m->code = store_load(c, m->fence, &m->arena, &m->image);
        return true;
    case MESSAGE_RESERVE:
        return reserve(m, c);
    case MESSAGE_READ:
        return read_ask(w, m);
    case MESSAGE_SETTLE:
        m->code = store_settle(c, &m->settlement);
        judge_settled(c, &m->settlement, m->code);
        return true;
    case MESSAGE_COMMIT:
        m->code = store_commit(c, m->commit);
        return true;
    case MESSAGE_RELEASE:
        m->code = store_release(c, m->fence);
        return true;
    case MESSAGE_HOLD:
        hold(m, c);
        return true;
    case MESSAGE_MAIL:
        read_mail(m, c);
        return false;
    default:
        return false;
    }
}

static void say(const struct world *w, const struct message *m)
{
    static const char *const names[] = {
        [MESSAGE_CLAIM] = "claim",        [MESSAGE_POKE] = "poke",
        [MESSAGE_LOAD] = "load",          [MESSAGE_RESERVE] = "reserve",
        [MESSAGE_READ] = "read",          [MESSAGE_SETTLE] = "settle",
        [MESSAGE_COMMIT] = "commit",      [MESSAGE_RELEASE] = "release",
        [MESSAGE_MAIL] = "look for mail", [MESSAGE_TIMER] = "timer",
        [MESSAGE_HOLD] = "hold"};
    world_say(w, "write %lld: worker %d, %s of %s fence %lld: %s", (long long)w->writes,
              m->host->name, names[m->type], m->id, (long long)m->fence,
              err_code(m->code));
}

/* A script of Redis that fails as a whole, for example for want of memory. */
static bool refuse(const struct world *w, struct message *m)
{
    int64_t at = w->now_us - WORLD_START_US;
    const struct scenario *s = w->plan.scenario;
    m->code = ERR_REDIS;
    m->text = "";
    return m->torture == TORTURE_FAILED ||
           (m->type != MESSAGE_CLAIM && m->type != MESSAGE_POKE &&
            at >= s->refused_from_us && at < s->refused_until_us);
}

static void on_apply(struct world *w, void *arg)
{
    struct message *m = arg;
    if (!m->host->alive && !world_chance(w, 50)) {
        message_free(m); /* was still in its socket */
        return;
    }
    bool claims = m->type == MESSAGE_CLAIM || m->type == MESSAGE_POKE;
    if (claims &&
        world_fate(w, m->type == MESSAGE_CLAIM ? FATE_CLAIM_LOST : FATE_POKE_LOST, 3)) {
        message_free(m); /* the reply of the queue was lost, nobody asks again */
        return;
    }
    if (!claims && world_fate(w, FATE_DROPPED, 3)) {
        world_at(w, RESEND_US, on_apply, m);
        return;
    }
    if (m->number < m->host->applied)
        world_note(w, FATE_OVERTAKEN);
    else
        m->host->applied = m->number;
    bool wrote = refuse(w, m) || apply(w, m);
    w->writes += wrote;
    if (wrote)
        say(w, m);
    if (wrote && w->writes == w->plan.crash_at) {
        m->kill_reader = w->plan.crash_after_reply;
        if (!m->kill_reader)
            host_kill(m->host);
    }
    if (!claims && world_fate(w, FATE_ANSWER_LOST, 3)) {
        world_at(w, RESEND_US, on_apply, m); /* asked again */
        return;
    }
    if (m->torture == TORTURE_DONE)
        m->code = ERR_REDIS; /* as if the script had failed at its very end */
    world_at(w, travel(w, &m->host->last_read_us), on_answer, m);
}

/* What cannot be started is never loaded, so the queue takes it back. */
static void start(struct message *m, struct runner *r)
{
    enum err e = runner_start(r, m->id, m->fence);
    if (e)
        world_say(m->host->world, "runner_start: %s", err_code(e));
    judge_started(m->host, m->id);
}

static void deliver(struct message *m)
{
    struct runner *r = m->host->runner;
    switch (m->type) {
    case MESSAGE_CLAIM:
        start(m, r);
        break;
    case MESSAGE_POKE:
        runner_poke(r, m->id);
        break;
    case MESSAGE_LOAD:
        m->fn.load(m->arg, m->ticket, m->code, m->code ? NULL : &m->image);
        break;
    case MESSAGE_RESERVE:
        judge_granted(m->host, m->id, m->places, m->attempts,
                      m->code ? NULL : m->verdicts, m->count);
        m->fn.reserve(m->arg, m->ticket, m->code, m->verdicts, m->count);
        break;
    case MESSAGE_READ:
        m->fn.read(m->arg, m->ticket, m->code, m->text, strlen(m->text));
        break;
    case MESSAGE_MAIL:
        m->fn.mail(m->arg, m->ticket, m->code, m->told, m->pause);
        break;
    default:
        m->fn.done(m->arg, m->ticket, m->code);
    }
}

static void on_answer(struct world *w, void *arg)
{
    struct message *m = arg;
    bool late = m->type != MESSAGE_CLAIM && m->type != MESSAGE_TIMER;
    if (!m->host->alive) {
        message_free(m);
        return;
    }
    m->deliveries++;
    deliver(m);
    if (m->kill_reader && m->host->alive)
        host_kill(m->host);
    if (late && m->deliveries == 1 && world_fate(w, FATE_DOUBLED, 3))
        world_at(w, world_between(w, 0, 5 * WORLD_SECOND_US), on_answer, m);
    else
        message_free(m);
}
