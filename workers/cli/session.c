/* session.c: see session.h. */
#include "workers/cli/session.h"
#include "core/io/redis_url.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKET_PATH_MAX 107
#define FOREVER_MS ((int64_t)1000 * 3600 * 24)

enum err session_socket_url(const char *path, char out[SESSION_URL_MAX],
                            struct err_detail *d)
{
    size_t n = strlen(path), at = 0;
    if (n > SOCKET_PATH_MAX)
        return err_set(d, ERR_LIMIT, path,
                       "a socket path has at most %d bytes, this one has %zu; use a "
                       "shorter --data folder",
                       SOCKET_PATH_MAX, n);
    at = (size_t)snprintf(out, SESSION_URL_MAX, "unix://");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)path[i];
        bool plain = (c >= '0' && c <= '9') ||
                     ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || strchr("/._-~", c);
        at += (size_t)snprintf(out + at, SESSION_URL_MAX - at, plain ? "%c" : "%%%02X",
                               c);
    }
    return ERR_OK;
}

/* The configured URL, else the socket of `barker up` in the data folder. */
static enum err find_url(struct session *s, const struct cli *c, struct err_detail *d)
{
    char path[PATH_MAX], full[PATH_MAX];
    const char *url = config_str(c->config, "redis", "url");
    const char *folder = config_str(c->config, "server", "data");
    if (*url) {
        if ((size_t)snprintf(s->url, sizeof s->url, "%s", url) < sizeof s->url)
            return ERR_OK;
        return err_set(d, ERR_LIMIT, "", "the Redis URL is over %zu bytes",
                       sizeof s->url - 1);
    }
    int n = snprintf(path, sizeof path, "%s/redis.sock", folder);
    if (n < 0 || (size_t)n >= sizeof path || access(path, F_OK) != 0 ||
        !realpath(path, full))
        return err_set(d, ERR_REDIS_DOWN, "",
                       "no Redis: start `barker up`, or give --redis URL or "
                       "BARKER_REDIS_URL (there is no %s/redis.sock)",
                       folder);
    return session_socket_url(full, s->url, d);
}

static void on_state(void *arg, bool up, const char *error)
{
    struct session *s = arg;
    s->up = up;
    if (!up)
        (void)snprintf(s->why, sizeof s->why, "%s", error);
}

/* The URL without its password. */
static void print_address(const char *url, char *out, size_t size)
{
    struct redis_url u;
    if (redis_url_parse(url, &u, NULL))
        (void)snprintf(out, size, "the address given");
    else if (*u.host)
        (void)snprintf(out, size, "%s:%d", u.host, u.port);
    else
        (void)snprintf(out, size, "unix://%s", u.path);
}

static enum err wait_for_redis(struct session *s, int64_t wait_ms, struct err_detail *d)
{
    char address[512];
    redis_on_state(s->redis, on_state, s);
    s->up = redis_is_up(s->redis);
    enum err e = loop_run_until(s->loop, &s->up, wait_ms);
    redis_on_state(s->redis, NULL, NULL); /* s may move from now on */
    if (!e)
        return ERR_OK;
    print_address(s->url, address, sizeof address);
    return err_set(d, ERR_REDIS_DOWN, "",
                   "Redis cannot be reached at %s: %s; start it, or `barker up`, or "
                   "give --redis URL",
                   address, *s->why ? s->why : "no answer");
}

static enum err connect_redis(struct session *s, const struct cli *c, int64_t wait_ms,
                              struct err_detail *d)
{
    const char *prefix = config_str(c->config, "redis", "prefix");
    const struct redis_options o = {
        .url = s->url,
        .connect_timeout_ms = config_int(c->config, "redis", "connect_timeout_ms"),
        .command_timeout_ms = config_int(c->config, "redis", "command_timeout_ms"),
    };
    if (loop_new(&s->loop))
        return err_set(
            d, ERR_NOMEM, "",
            "the event loop cannot be made: no memory or no file descriptors");
    enum err e = redis_open(s->loop, &o, &s->redis, d);
    if (!e)
        e = wait_for_redis(s, wait_ms, d);
    if (!e && queue_init(&s->queue, s->redis, prefix, 0))
        e = err_set(d, ERR_CONFIG, "",
                    "the prefix '%s' is not valid (redis.prefix, BARKER_PREFIX)",
                    prefix);
    return e;
}

enum err session_connect(struct session *s, const struct cli *c, int64_t wait_ms,
                         struct err_detail *d)
{
    memset(s, 0, sizeof *s);
    s->cli = c;
    *d = (struct err_detail){.path = ""};
    enum err e = find_url(s, c, d);
    if (!e)
        e = connect_redis(s, c, wait_ms, d);
    d->code = e;
    if (e)
        session_close(s);
    return e;
}

struct meta {
    int64_t version, partitions;
};

static enum err take_meta(void *arg, const struct reply *r)
{
    struct meta *m = arg;
    if (reply_type(reply_at(r, 0)) != REPLY_NIL)
        m->version = reply_int(reply_at(r, 0));
    if (reply_type(reply_at(r, 1)) != REPLY_NIL)
        m->partitions = reply_int(reply_at(r, 1));
    return ERR_OK;
}

static int write_meta(struct session *s, const char *field)
{
    struct key key = keys_meta(&s->queue.keys);
    struct session_call call = {.session = s};
    return session_end(&call, redis_do(s->redis, session_settle, &call, 0, "HSETNX",
                                       key.name, field, "1", NULL));
}

static int check_meta(struct session *s, bool found)
{
    struct key key = keys_meta(&s->queue.keys);
    struct meta m = {SESSION_DATA_VERSION, 1};
    int rc = found ? write_meta(s, "v") : CLI_OK;
    if (!rc && found)
        rc = write_meta(s, "partitions");
    struct session_call call = {.session = s, .take = take_meta, .arg = &m};
    if (!rc)
        rc = session_end(&call, redis_do(s->redis, session_settle, &call, 0, "HMGET",
                                         key.name, "v", "partitions", NULL));
    if (rc)
        return rc;
    if (m.version != SESSION_DATA_VERSION)
        cli_error(
            s->cli, ERR_CONFIG,
            "the data in Redis is of version %lld, this program knows version %d; "
            "use the newer program",
            (long long)m.version, SESSION_DATA_VERSION);
    else if (m.partitions != 1)
        cli_error(s->cli, ERR_CONFIG,
                  "the data in Redis has %lld partitions, this version serves 1",
                  (long long)m.partitions);
    else
        return CLI_OK;
    return CLI_FAILED;
}

int session_open(struct session *s, struct cli *c, int64_t wait_ms, bool found)
{
    struct err_detail d;
    if (session_connect(s, c, wait_ms, &d)) {
        if (*d.path)
            return cli_refuse(c, &d);
        cli_error(c, d.code, "%s", *d.message ? d.message : err_meaning(d.code));
        return cli_exit_of(d.code);
    }
    int rc = check_meta(s, found);
    if (rc)
        session_close(s);
    return rc;
}

void session_disconnect(struct session *s)
{
    if (s->redis)
        redis_free(s->redis);
    s->redis = NULL;
}

void session_close(struct session *s)
{
    session_disconnect(s);
    queue_fini(&s->queue);
    if (s->loop)
        loop_free(s->loop);
    memset(s, 0, sizeof *s);
}

void session_settle(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct session_call *call = arg;
    (void)ticket;
    if (r && reply_type(r) == REPLY_ERROR)
        (void)snprintf(call->message, sizeof call->message, "%s", reply_str(r, NULL));
    if (!e && call->take)
        e = call->take(call->arg, r);
    call->err = e;
    call->done = true;
}

enum err session_wait(struct session_call *call, enum err started)
{
    if (started)
        return started;
    enum err waited = loop_run_until(call->session->loop, &call->done, FOREVER_MS);
    check(waited == ERR_OK); /* nobody stops this loop; the call has a deadline */
    return call->err;
}

int session_end(struct session_call *call, enum err started)
{
    enum err e = session_wait(call, started);
    if (!e)
        return CLI_OK;
    int rc = cli_exit_of(e);
    if (rc == CLI_NO_REDIS)
        cli_error(call->session->cli, e,
                  "Redis did not answer (%s); try again when it is back", err_code(e));
    else
        cli_error(call->session->cli, e, "Redis refused: %s (%s)",
                  *call->message ? call->message : err_meaning(e), err_code(e));
    return rc == CLI_NO_REDIS ? rc : CLI_FAILED;
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

void session_sleep(struct session *s, int64_t ms)
{
    struct loop_timer *timer = NULL;
    bool over = false;
    if (loop_timer_new(s->loop, set_true, &over, &timer))
        return;
    loop_timer_start(timer, ms, 0);
    enum err e = loop_run_until(s->loop, &over, ms + 1000);
    check(e == ERR_OK || e == ERR_DEADLINE); /* nobody stops this loop */
    loop_timer_free(timer);
}
