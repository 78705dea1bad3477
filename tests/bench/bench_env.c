/* bench_env.c: a private redis-server, waiting, admitting, and reading figures. */
#include "tests/bench/bench_env.h"
#include "core/base/hash.h"
#include "queues/inbox.h"
#include "tests/fakes/redis_exec.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "barker-bench: %s: %s\n", what, why);
    exit(1);
}

const char *bench_option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 0; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    }
    return fallback;
}

int64_t bench_number(int argc, char **argv, const char *name, int64_t fallback)
{
    const char *text = bench_option(argc, argv, name, NULL);
    if (!text)
        return fallback;
    char *end;
    long long n = strtoll(text, &end, 10);
    if (*end || n < 0)
        bench_die(name, "takes a whole number");
    return n;
}

int bench_flag(int argc, char **argv, const char *name)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return 1;
    }
    return 0;
}

static void start_server(struct bench_env *b, char *url, size_t size)
{
    strcpy(b->folder, "/tmp/barker-bench.XXXXXX");
    if (!mkdtemp(b->folder))
        bench_die("temporary folder", "cannot be made");
    char path[128];
    snprintf(path, sizeof path, "%s/r.sock", b->folder);
    snprintf(url, size, "unix://%s", path);
    b->server_pid = fork();
    if (b->server_pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* bench_die() does not stop it */
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        const char *argv[] = {
            NULL,      "--port", "0", "--unixsocket", path, "--dir",
            b->folder, "--save", "",  "--appendonly", "no", "--loglevel",
            "warning", NULL};
        redis_exec(argv);
        _exit(127);
    }
    if (b->server_pid < 0)
        bench_die("redis-server", "cannot be started");
}

static void on_state(void *arg, bool up, const char *error)
{
    (void)error;
    bool *seen = arg;
    *seen = *seen || up;
}

void bench_env_open(struct bench_env *b, const char *url)
{
    char own[160];
    struct err_detail d;
    bool up = false;
    memset(b, 0, sizeof *b);
    if (!url) {
        start_server(b, own, sizeof own);
        url = own;
    }
    if (loop_new(&b->loop))
        bench_die("loop", "out of memory");
    struct redis_options o = {.url = url,
                              .connect_timeout_ms = 2000,
                              .command_timeout_ms = 60000,
                              .queue_max_bytes = 256u << 20};
    if (redis_open(b->loop, &o, &b->redis, &d))
        bench_die("redis", d.message);
    redis_on_state(b->redis, on_state, &up);
    if (!redis_is_up(b->redis) && loop_run_until(b->loop, &up, 5000))
        bench_die("redis", "not reached within 5 s");
    if (queue_init(&b->queue, b->redis, "bk", 0))
        bench_die("queue", "cannot be opened");
}

void bench_env_close(struct bench_env *b)
{
    if (b->redis)
        redis_free(b->redis);
    queue_fini(&b->queue);
    loop_free(b->loop);
    if (b->server_pid) {
        kill(b->server_pid, SIGTERM);
        waitpid(b->server_pid, NULL, 0);
        char path[128];
        snprintf(path, sizeof path, "%s/r.sock", b->folder);
        unlink(path);
        rmdir(b->folder);
    }
}

struct bench_watch {
    struct bench_env *env;
    const int *value;
    struct loop_timer *timer;
    bool done;
};

static void on_watch(void *arg)
{
    struct bench_watch *w = arg;
    w->done = *w->value == 0;
}

void bench_wait(struct bench_env *b, const int *until_zero)
{
    struct bench_watch w = {.env = b, .value = until_zero};
    if (*until_zero == 0)
        return;
    if (loop_timer_new(b->loop, on_watch, &w, &w.timer))
        bench_die("timer", "out of memory");
    loop_timer_start(w.timer, 1, 1);
    if (loop_run_until(b->loop, &w.done, 600000))
        bench_die("run", "not finished within 10 minutes");
    loop_timer_free(w.timer);
}

void bench_admit(struct bench_env *b, const char *id, const char *tenant, queue_fn fn,
                 void *arg)
{
    static const char spec[] = "{\"kind\":\"content\",\"input\":{\"prompt\":\"x\"}}";
    char sha[HASH_SHA256_HEX];
    hash_sha256_hex(spec, sizeof spec - 1, sha);
    struct inbox_admission a = {.entry = "",
                                .id = id,
                                .tenant = tenant,
                                .kind = "content",
                                .priority = "normal",
                                .spec = spec,
                                .spec_len = sizeof spec - 1,
                                .spec_sha256 = sha,
                                .calls_max = -1,
                                .tokens_max = -1,
                                .usd_nano_max = -1,
                                .parent = "",
                                .state = "queued",
                                .error = ""};
    if (inbox_admit(&b->queue, &a, fn, arg, 0))
        bench_die("admit", "not sent");
}

static void on_info(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct bench_env *b = arg;
    (void)ticket;
    b->waiting--;
    if (e)
        bench_die("INFO", err_code(e));
    const char *at = strstr(reply_str(r, NULL), b->info_field);
    b->number = at ? strtod(at + strlen(b->info_field) + 1, NULL) : 0;
}

double bench_info(struct bench_env *b, const char *section, const char *field)
{
    b->info_field = field;
    b->waiting++;
    if (redis_do(b->redis, on_info, b, 0, "INFO", section, NULL))
        bench_die("INFO", "not sent");
    bench_wait(b, &b->waiting);
    return b->number;
}

double bench_redis_cpu_s(struct bench_env *b)
{
    return bench_info(b, "cpu", "used_cpu_sys") + bench_info(b, "cpu", "used_cpu_user");
}

double bench_rss_peak_mb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t bench_percentile(int64_t *values, int64_t count, double share)
{
    if (count == 0)
        return 0;
    qsort(values, (size_t)count, sizeof *values, by_value);
    int64_t at = (int64_t)(share * (double)count);
    return values[at < count ? at : count - 1];
}
