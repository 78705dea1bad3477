/* cmd_up.c: everything on one machine. */
#include "core/io/file.h"
#include "workers/cli/session.h"
#include "workers/up/supervisor.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct up {
    struct cli *cli;
    struct supervisor_options options;
    char url[SESSION_URL_MAX], program[PATH_MAX], folder[PATH_MAX];
    int lock;
};

static int read_workers(struct cli *c, int *out)
{
    const char *text = cli_option(c, OPTION_workers);
    char *end = NULL;
    long n = text ? strtol(text, &end, 10) : 1;
    if (text && (!*text || *end || n < 1 || n > SUPERVISOR_WORKERS_MAX)) {
        cli_error(c, ERR_BAD_VALUE, "--workers must be 1 to %d, not '%s'",
                  SUPERVISOR_WORKERS_MAX, text);
        return CLI_BAD_INPUT;
    }
    *out = (int)n;
    return CLI_OK;
}

static int take_folder(struct up *u, struct err_detail *d)
{
    char path[PATH_MAX + 16];
    const char *name = config_str(u->cli->config, "server", "data");
    if (file_make_folder(name, d))
        return cli_refuse(u->cli, d);
    if (!realpath(name, u->folder)) {
        cli_error(u->cli, ERR_IO, "%s: the folder cannot be opened", name);
        return CLI_BAD_INPUT;
    }
    (void)snprintf(path, sizeof path, "%s/redis.sock", u->folder);
    if (session_socket_url(path, u->url, d))
        return cli_refuse(u->cli, d);
    (void)snprintf(path, sizeof path, "%s/lock", u->folder);
    enum err e = file_lock(path, &u->lock, d);
    if (e == ERR_BUSY) {
        cli_error(u->cli, ERR_BUSY,
                  "another `barker up` runs in %s; stop it, or give another --data",
                  u->folder);
        return CLI_FAILED;
    }
    u->options.redis_folder = u->folder;
    return e ? cli_refuse(u->cli, d) : CLI_OK;
}

/* The URL that an earlier `up` printed names our own Redis, not another's. */
static bool is_own(const struct up *u, const char *url)
{
    char folder[PATH_MAX], path[PATH_MAX + 16], own[SESSION_URL_MAX];
    if (!realpath(config_str(u->cli->config, "server", "data"), folder))
        return false;
    (void)snprintf(path, sizeof path, "%s/redis.sock", folder);
    return !session_socket_url(path, own, NULL) && strcmp(own, url) == 0;
}

static int choose_redis(struct up *u, struct err_detail *d)
{
    const char *url = config_str(u->cli->config, "redis", "url");
    if (!*url || is_own(u, url))
        return take_folder(u, d);
    if ((size_t)snprintf(u->url, sizeof u->url, "%s", url) < sizeof u->url)
        return CLI_OK;
    cli_error(u->cli, ERR_LIMIT, "the Redis URL is over %zu bytes", sizeof u->url - 1);
    return CLI_BAD_INPUT;
}

static void on_ready(void *arg)
{
    struct up *u = arg;
    if (u->options.redis_folder)
        (void)printf("export BARKER_REDIS_URL=%s\n", u->url);
    else
        (void)printf("up: %d worker%s on the Redis configured\n", u->options.workers,
                     u->options.workers == 1 ? "" : "s");
    (void)fflush(stdout);
}

static int run(struct up *u, struct err_detail *d)
{
    struct loop *loop = NULL;
    if (loop_new(&loop)) {
        cli_error(u->cli, ERR_NOMEM,
                  "the event loop cannot be made: no memory or no file descriptors");
        return CLI_FAILED;
    }
    enum err e = supervisor_run(loop, &u->options, d);
    loop_free(loop);
    if (!e)
        return CLI_OK;
    int rc = cli_refuse(u->cli, d);
    return rc == CLI_BAD_INPUT && e == ERR_IO ? CLI_FAILED : rc;
}

int cmd_up(struct cli *c)
{
    struct err_detail d = {.path = ""};
    struct up *u = calloc(1, sizeof *u);
    if (!u) {
        cli_error(c, ERR_NOMEM, "%s", err_meaning(ERR_NOMEM));
        return CLI_FAILED;
    }
    u->cli = c;
    u->lock = -1;
    ssize_t n = readlink("/proc/self/exe", u->program, sizeof u->program - 1);
    if (n <= 0)
        (void)snprintf(u->program, sizeof u->program, "/proc/self/exe");
    u->options = (struct supervisor_options){
        .program = u->program,
        .config_path = cli_option(c, OPTION_config),
        .url = u->url,
        .redis_server = config_str(c->config, "redis", "server"),
        .redis_timeout_ms = SESSION_WAIT_WORKER_MS,
        .on_ready = on_ready,
        .arg = u,
    };
    if (cli_option(c, OPTION_listen))
        cli_note(c, "the gateway is not in this version; --listen is ignored");
    int rc = read_workers(c, &u->options.workers);
    rc = rc ? rc : choose_redis(u, &d);
    rc = rc ? rc : run(u, &d);
    if (u->lock >= 0)
        (void)close(u->lock);
    free(u);
    return rc;
}
