/* hedge_times.h: how long a model takes to its first token, or to its reply if it is
 * not streamed, and how often it may be asked twice. Pure. Internal to workers/llm. */
#ifndef BARKER_WORKERS_LLM_HEDGE_TIMES_H
#define BARKER_WORKERS_LLM_HEDGE_TIMES_H

#include "workers/llm/endpoints.h"

#define HEDGE_SAMPLES_MAX 128 /* the last ones count */
#define HEDGE_SAMPLES_MIN 20  /* before that nothing is known */
#define HEDGE_PERCENT 2       /* of the requests, at most */
#define HEDGE_MODELS_MAX 16

struct hedge_times {                 /* of one model at one endpoint */
    const struct endpoint *endpoint; /* borrows */
    char model[ENDPOINT_MODEL_MAX_BYTES];
    int32_t ms[HEDGE_SAMPLES_MAX];
    int count, next;
    int credit; /* in hundredths of a request */
};
struct hedge_table {
    struct hedge_times items[HEDGE_MODELS_MAX]; /* the oldest makes room */
    int count, next;
};

/* A new one is empty. Stays valid until the next call. */
struct hedge_times *hedge_table_find(struct hedge_table *t, const struct endpoint *e,
                                     const char *model);
void hedge_times_add(struct hedge_times *t, int64_t us);
/* 95 of 100 were not slower; -1: not known yet. */
int64_t hedge_times_p95_ms(const struct hedge_times *t);
void hedge_times_count(struct hedge_times *t);     /* one request more */
bool hedge_times_may(const struct hedge_times *t); /* may one of them be asked twice? */
bool hedge_times_spend(struct hedge_times *t);     /* the same, and it is */

#endif
