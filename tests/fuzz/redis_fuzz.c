/* redis_fuzz.c: the transport against a server that says anything. The first byte of
 * the input, a letter, says who ends it (a small one: we do, at the first reply) and
 * how the rest, the server's bytes, is cut in writes ('@', '`': not at all). */
#include "core/io/redis.h"
#include "tests/fakes/temp_folder.h"
#include "tests/fuzz/fuzz.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COMMANDS 6
#define END_MS 10000 /* never waited for: the server's end comes first */

struct server {
    char folder[80], url[128];
    int listener;
};

struct scene {
    struct loop *loop;
    struct redis *redis;
    int peer;
    const uint8_t *at;
    size_t left, part;
    bool free_early, done;
    int settled[COMMANDS];
};

static void server_end(void);

static struct server *server(void)
{
    static struct server s;
    if (s.url[0])
        return &s;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    check(temp_folder_make(s.folder, sizeof s.folder));
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/s", s.folder);
    (void)snprintf(s.url, sizeof s.url, "unix://:pass@%s?db=1", at.sun_path);
    s.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check(!bind(s.listener, (void *)&at, sizeof at) && !listen(s.listener, 8));
    atexit(server_end);
    return &s;
}

static void server_end(void)
{
    temp_folder_remove(server()->folder);
}

/* -1: nobody is waiting. */
static int server_accept(void)
{
    return accept4(server()->listener, NULL, NULL, SOCK_CLOEXEC);
}

static void walk(const struct reply *r, int depth)
{
    size_t n = 0;
    const char *text = reply_str(r, &n);
    check(reply_type(r) <= REPLY_STATUS && text[n] == '\0' && depth < 16);
    (void)reply_int(r);
    (void)reply_get(r, "key");
    for (size_t i = 0; i < reply_count(r) && i < 1000; i++)
        walk(reply_at(r, i), depth + 1);
}

static void scene_free_redis(struct scene *s)
{
    struct redis *r = s->redis;
    s->redis = NULL; /* its end calls on_reply */
    if (r)
        redis_free(r);
}

static void on_reply(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct scene *s = arg;
    check(ticket < COMMANDS && s->settled[ticket]++ == 0);
    check((r != NULL) == (e == ERR_OK || e == ERR_REDIS));
    check(e == ERR_OK || e == ERR_REDIS || e == ERR_UNSENT || e == ERR_CANCELLED ||
          e == ERR_UNKNOWN_OUTCOME);
    check((reply_type(r) == REPLY_ERROR) == (e == ERR_REDIS));
    walk(r, 0);
    if (s->free_early)
        scene_free_redis(s);
    s->done |= s->free_early;
}

static void on_state(void *arg, bool up, const char *error)
{
    struct scene *s = arg;
    check(up == !error[0]);
    s->done |= !up;
}

static void on_turn(void *arg)
{
    struct scene *s = arg;
    size_t n = s->left < s->part ? s->left : s->part;
    (void)!send(s->peer, s->at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    s->at += n;
    s->left -= n;
    if (s->left)
        check(loop_defer(s->loop, on_turn, s) == ERR_OK);
    else
        (void)shutdown(s->peer, SHUT_WR);
}

static void ask(struct scene *s)
{
    struct redis_script script = {.name = "one", .text = "return 1"};
    struct redis_arg list[] = {redis_text("GET"), redis_bytes("a\0b", 3)};
    for (uint64_t i = 0; i < COMMANDS; i += 2) {
        check(redis_command(s->redis, list, 2, 0, on_reply, s, i) == ERR_OK);
        check(redis_script(s->redis, &script, "k", list, 1, on_reply, s, i + 1) ==
              ERR_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct err_detail d;
    struct scene s = {.at = data + 1,
                      .left = n - 1,
                      .part = data[0] % 32 ? data[0] % 32 * 4u : n,
                      .free_early = (data[0] & 32) != 0};
    struct redis_options o = {.url = server()->url,
                              .connect_timeout_ms = END_MS,
                              .command_timeout_ms = END_MS,
                              .queue_max_bytes = 1 << 20};
    while ((s.peer = server_accept()) >= 0)
        close(s.peer); /* a backoff so short that the last scene connected twice */
    check(loop_new(&s.loop) == ERR_OK);
    check(redis_open(s.loop, &o, &s.redis, &d) == ERR_OK);
    redis_on_state(s.redis, on_state, &s);
    ask(&s);
    s.peer = server_accept();
    check(s.peer >= 0 && loop_defer(s.loop, on_turn, &s) == ERR_OK);
    check(loop_run_until(s.loop, &s.done, 2 * END_MS) == ERR_OK);
    scene_free_redis(&s);
    for (int i = 0; i < COMMANDS; i++)
        check(s.settled[i] == 1);
    loop_free(s.loop);
    close(s.peer);
    return 0;
}
