/* retry_budget.h: how often one may try again at the same place, so that what fails is
 * not asked more for it: each first attempt earns a tenth of a retry, and a small floor
 * comes with time, for who makes few calls (Finagle, RetryBudget: percentCanRetry,
 * minRetriesPerSec, ttl; the bucket as in gRFC A6, "Retry Throttling"). Pure: the clock
 * is passed in. */
#ifndef BARKER_WORKERS_LLM_RETRY_BUDGET_H
#define BARKER_WORKERS_LLM_RETRY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct retry_budget {
    int64_t milli; /* thousandths of a retry */
    int64_t at_ms; /* that is how it stood then */
};

void retry_budget_init(struct retry_budget *b, int64_t now_ms);
/* When there is one at the latest: now or before, or a time. */
int64_t retry_budget_free_ms(struct retry_budget *b, int64_t now_ms);
/* A call goes: a retry takes one, a first attempt earns its tenth. */
void retry_budget_enter(struct retry_budget *b, bool is_retry);
void retry_budget_forgo(struct retry_budget *b, bool is_retry); /* it never went */

#endif
