/* supervisor.h: `barker up`: a private Redis if none is configured, and workers; what
 * crashes is started again. The first SIGTERM or SIGINT lets the workers finish, the
 * second makes them give everything back; Redis ends last. */
#ifndef BARKER_WORKERS_UP_SUPERVISOR_H
#define BARKER_WORKERS_UP_SUPERVISOR_H

#include "core/io/loop.h"

#define SUPERVISOR_WORKERS_MAX 64
#define SUPERVISOR_ENV "BARKER_SUPERVISOR" /* process number of the supervisor */

/* Everything **borrowed**. */
struct supervisor_options {
    const char *program;      /* path of this program */
    const char *config_path;  /* for the workers; NULL = their default */
    const char *url;          /* of Redis */
    const char *redis_folder; /* absolute: a private Redis runs there; NULL = none */
    const char *redis_server; /* its program; "" = whichever is installed */
    int64_t redis_timeout_ms; /* for a Redis that is not ours to be there */
    int workers;
    loop_fn on_ready; /* Redis is there, the workers are started; called once */
    void *arg;
};

/* Until it is told to stop (ERR_OK). ERR_REDIS_DOWN: the Redis configured did not come
 * up. ERR_CONFIG: a worker refuses its configuration; it has said why. */
enum err supervisor_run(struct loop *l, const struct supervisor_options *o,
                        struct err_detail *d) MUST_USE;
/* In a worker: leaves the supervisor's process group and ends (SIGTERM) with it. */
void supervisor_follow(void);

#endif
