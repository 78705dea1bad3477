/* process.h: child processes on the loop (the private redis-server, workers of
 * `barker up`). A child inherits stderr unless `log_path` is set. */
#ifndef BARKER_CORE_IO_PROCESS_H
#define BARKER_CORE_IO_PROCESS_H

#include "core/base/err.h"
#include "core/io/loop.h"

struct process;
/* signal 0 = it exited by itself with `status`. The handle is freed after the call. */
typedef void (*process_exit_fn)(void *arg, int64_t status, int signal);

struct process_options {
    const char *const *argv; /* argv[0] is looked up in PATH; NULL-ended; borrowed */
    const char *log_path;    /* stdout and stderr are appended here; NULL = inherited */
    const char *cwd;         /* NULL = ours */
};

enum err process_start(struct loop *l, const struct process_options *o,
                       process_exit_fn fn, void *arg, struct process **out,
                       struct err_detail *d) MUST_USE;
void process_signal(struct process *p, int signum);
int process_pid(const struct process *p);

#endif
