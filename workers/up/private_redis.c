/* private_redis.c: see private_redis.h. */
#include "workers/up/private_redis.h"
#include "core/base/log.h"
#include "core/io/process.h"
#include "workers/up/redis_program.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHECK_MS 250
#define QUICK_DEATH_MS 3000
#define QUICK_DEATHS_MAX 3

struct private_redis {
    struct loop *loop;
    const char *folder, *wanted;
    struct process *child;
    struct loop_timer *check;
    bool adopted, stopping, ended_told;
    int quick_deaths;
    int64_t started_ms;
    private_redis_fn ended;
    void *arg;
    char log[PATH_MAX];
    struct sockaddr_un address;
};

/* The first word of a small file; false without one. */
static bool read_word(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(out, (int)size, f);
    if (f)
        (void)fclose(f);
    if (ok)
        out[strcspn(out, " \r\n")] = '\0';
    return ok && *out;
}

/* Is anybody listening on the socket? A server that loads its data does; so does one so
 * long stalled that no more connections fit its queue (EAGAIN). Without a descriptor to
 * ask with, an adopted server counts as there: two on one folder would ruin its data.
 */
static bool is_answering(const struct private_redis *p)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return p->adopted;
    bool ok =
        connect(fd, (const struct sockaddr *)&p->address, sizeof p->address) == 0 ||
        errno == EAGAIN;
    (void)close(fd);
    return ok;
}

/* Process id of the server that wrote redis.pid and still runs on this folder; 0
 * if there is none. Such a one keeps writing its data, whether or not its socket is to
 * be found. */
static long find_server(const struct private_redis *p)
{
    char path[PATH_MAX + 16], name[32] = "", cwd[PATH_MAX];
    long pid = 0;
    (void)snprintf(path, sizeof path, "%s/redis.pid", p->folder);
    if (!read_word(path, name, sizeof name) || (pid = strtol(name, NULL, 10)) <= 0)
        return 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    if (!read_word(path, name, sizeof name) || !redis_program_is(p->wanted, name))
        return 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/cwd", pid);
    ssize_t n = readlink(path, cwd, sizeof cwd - 1);
    cwd[n > 0 ? n : 0] = '\0';
    return strcmp(cwd, p->folder) == 0 ? pid : 0;
}

static void tell_ended(struct private_redis *p, enum err e, const struct err_detail *d)
{
    if (p->ended_told)
        return;
    p->ended_told = true;
    loop_timer_stop(p->check);
    p->ended(p->arg, e, d);
}

static void on_exit_seen(void *arg, int64_t status, int signum);

static enum err spawn(struct private_redis *p, struct err_detail *d)
{
    char program[PATH_MAX];
    enum err e = redis_program_find(p->wanted, program, sizeof program, d);
    if (e)
        return e;
    const char *const argv[] = {"setsid",
                                program,
                                "--port",
                                "0",
                                "--unixsocket",
                                "redis.sock",
                                "--unixsocketperm",
                                "700",
                                "--dir",
                                ".",
                                "--pidfile",
                                "redis.pid",
                                "--daemonize",
                                "no",
                                "--appendonly",
                                "yes",
                                "--appendfsync",
                                "everysec",
                                "--save",
                                "",
                                "--maxmemory-policy",
                                "noeviction",
                                NULL};
    const struct process_options o = {
        .argv = argv, .log_path = p->log, .cwd = p->folder};
    p->started_ms = loop_now_ms(p->loop);
    return process_start(p->loop, &o, on_exit_seen, p, &p->child, d);
}

static void on_exit_seen(void *arg, int64_t status, int signum)
{
    struct private_redis *p = arg;
    struct err_detail d = {.path = ""};
    (void)status;
    (void)signum;
    p->child = NULL;
    if (p->stopping) {
        tell_ended(p, ERR_OK, &d);
        return;
    }
    log_event(LOG_WARN, "redis.died", "folder", p->folder, "log", p->log, NULL);
    bool quick = loop_now_ms(p->loop) - p->started_ms < QUICK_DEATH_MS;
    p->quick_deaths = quick ? p->quick_deaths + 1 : 0;
    if (p->quick_deaths < QUICK_DEATHS_MAX)
        return; /* the check starts it again */
    err_set(&d, ERR_IO, p->log, "the server does not stay up; its log says why");
    tell_ended(p, d.code, &d);
}

static void on_check(void *arg)
{
    struct private_redis *p = arg;
    struct err_detail d = {.path = ""};
    if (p->child || (p->adopted && (is_answering(p) || find_server(p))))
        return;
    p->adopted = false;
    if (p->stopping) {
        tell_ended(p, ERR_OK, &d);
        return;
    }
    enum err e = spawn(p, &d);
    if (e)
        tell_ended(p, e, &d);
}

enum err private_redis_start(struct loop *l, const struct private_redis_options *o,
                             private_redis_fn ended, void *arg,
                             struct private_redis **out, struct err_detail *d)
{
    struct private_redis *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(d, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
    *p = (struct private_redis){.loop = l,
                                .folder = o->folder,
                                .wanted = o->program,
                                .ended = ended,
                                .arg = arg};
    p->address.sun_family = AF_UNIX;
    (void)snprintf(p->log, sizeof p->log, "%s/redis.log", o->folder);
    int n = snprintf(p->address.sun_path, sizeof p->address.sun_path, "%s/redis.sock",
                     o->folder);
    check(n > 0 && (size_t)n < sizeof p->address.sun_path); /* the caller saw to it */
    p->adopted = is_answering(p);
    enum err e = loop_timer_new(l, on_check, p, &p->check);
    if (e)
        err_set(d, e, "", "%s", err_meaning(e));
    long other = p->adopted ? 0 : find_server(p);
    if (!e && other)
        e = err_set(d, ERR_IO, o->folder,
                    "the Redis or Valkey with process id %ld still runs on this "
                    "folder, but not on redis.sock; "
                    "end it: kill %ld",
                    other, other);
    if (!e && !p->adopted)
        e = spawn(p, d);
    if (e) {
        private_redis_free(p);
        return e;
    }
    log_event(LOG_INFO, p->adopted ? "redis.adopted" : "redis.started", "folder",
              o->folder, NULL);
    loop_timer_start(p->check, CHECK_MS, CHECK_MS);
    *out = p;
    return ERR_OK;
}

/* SHUTDOWN is answered by the end of the connection. A server that will not stop is
 * left to the next run. */
static void on_shutdown(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct err_detail d = {.path = ""};
    (void)ticket;
    if (e == ERR_UNKNOWN_OUTCOME || e == ERR_CANCELLED)
        return;
    log_event(LOG_WARN, "redis.not_stopped", "code", err_code(e), "error",
              reply_str(r, NULL), NULL);
    tell_ended(arg, ERR_OK, &d);
}

void private_redis_stop(struct private_redis *p, struct redis *r)
{
    p->stopping = true;
    if (p->child)
        process_signal(p->child, SIGTERM);
    else if (p->adopted && redis_do(r, on_shutdown, p, 0, "SHUTDOWN", NULL))
        p->adopted = false; /* no memory to say it: the next run adopts it again */
}

void private_redis_free(struct private_redis *p)
{
    if (p->check)
        loop_timer_free(p->check);
    free(p);
}
