/* bench_env.h: what every benchmark needs: a loop, a Redis of its own, clocks, figures.
 * One thread; commands are run one at a time with bench_wait, or pipelined by hand. */
#ifndef BARKER_TESTS_BENCH_ENV_H
#define BARKER_TESTS_BENCH_ENV_H

#include "core/io/loop.h"
#include "core/io/redis.h"
#include "queues/queue.h"
#include <stdint.h>

struct bench_env {
    struct loop *loop;
    struct redis *redis;
    struct queue queue;
    char folder[64];
    int server_pid; /* 0: not ours */
    int waiting;    /* commands of bench_command under way */
    double number;  /* last number read from INFO */
    const char *info_field;
};

/* url NULL: starts redis-server on a unix socket in a temporary folder (no AOF). */
void bench_env_open(struct bench_env *b, const char *url);
void bench_env_close(struct bench_env *b);
void bench_wait(struct bench_env *b, const int *until_zero); /* at most 10 minutes */
/* Sends the admission of a small campaign; fn gets the reply, or the program ends. */
void bench_admit(struct bench_env *b, const char *id, const char *tenant, queue_fn fn,
                 void *arg);
double bench_info(struct bench_env *b, const char *section, const char *field);
double bench_redis_cpu_s(struct bench_env *b);
double bench_rss_peak_mb(void);
/* Value of --name in argv, or fallback. */
const char *bench_option(int argc, char **argv, const char *name, const char *fallback);
int64_t bench_number(int argc, char **argv, const char *name, int64_t fallback);
int bench_flag(int argc, char **argv, const char *name);
_Noreturn void bench_die(const char *what, const char *why);

int64_t bench_percentile(int64_t *values, int64_t count, double share); /* sorts */

#endif
