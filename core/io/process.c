/* process.c: see process.h. uv resets the signal mask and handlers of a child. */
#include "core/io/process.h"
#include "core/io/loop_uv.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

struct process {
    uv_process_t uv;
    struct loop_held held;
    process_exit_fn fn;
    void *arg;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void process_close(struct loop_held *held)
{
    struct process *p = list_item(held, struct process, held);
    uv_close((uv_handle_t *)&p->uv, on_closed);
}

static void on_exit_seen(uv_process_t *uv, int64_t status, int signum)
{
    struct process *p = uv->data;
    p->fn(p->arg, status, signum);
    loop_unhold(&p->held);
    process_close(&p->held);
}

static enum err log_open(const char *path, int *fd, struct err_detail *d)
{
    *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return *fd >= 0 ? ERR_OK
                    : err_set(d, ERR_IO, path, "cannot open the log: %s",
                              uv_strerror(uv_translate_sys_error(errno)));
}

static int process_spawn(struct loop *l, struct process *p,
                         const struct process_options *o, int log_fd)
{
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
    for (int fd = 1; fd <= 2; fd++) {
        stdio[fd].flags = UV_INHERIT_FD;
        stdio[fd].data.fd = log_fd >= 0 ? log_fd : fd;
    }
    char **argv = NULL; /* uv's type lacks a const that its code respects */
    (void)memcpy((void *)&argv, (const void *)&o->argv, sizeof argv);
    const uv_process_options_t options = {.exit_cb = on_exit_seen,
                                          .file = o->argv[0],
                                          .args = argv,
                                          .cwd = o->cwd,
                                          .stdio_count = 3,
                                          .stdio = stdio};
    return uv_spawn(loop_uv(l), &p->uv, &options);
}

enum err process_start(struct loop *l, const struct process_options *o,
                       process_exit_fn fn, void *arg, struct process **out,
                       struct err_detail *d)
{
    int log_fd = -1;
    enum err e = o->log_path ? log_open(o->log_path, &log_fd, d) : ERR_OK;
    if (e) {
        return e;
    }
    struct process *p = calloc(1, sizeof *p);
    if (!p) {
        e = err_set(d, ERR_NOMEM, "", "out of memory");
    } else {
        p->uv.data = p;
        p->held.close = process_close;
        p->fn = fn;
        p->arg = arg;
        int failed = process_spawn(l, p, o, log_fd);
        if (failed) { /* the handle is in the loop all the same */
            e = err_set(d, ERR_IO, o->argv[0], "cannot start %s: %s", o->argv[0],
                        uv_strerror(failed));
            process_close(&p->held);
        } else {
            loop_hold(l, &p->held);
            *out = p;
        }
    }
    if (log_fd >= 0) {
        (void)close(log_fd);
    }
    return e;
}

void process_signal(struct process *p, int signum)
{
    (void)uv_process_kill(&p->uv, signum); /* it may have just ended */
}

int process_pid(const struct process *p)
{
    return p->uv.pid;
}
