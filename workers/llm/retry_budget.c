/* retry_budget.c: see retry_budget.h. */
#include "workers/llm/retry_budget.h"

#define RETRY_MILLI 1000
#define EARNED_MILLI 100
#define FLOOR_MILLI 10000     /* time alone fills it so far: ten retries at once, */
#define PER_SECOND_MILLI 2000 /* then two a second */
#define MOST_MILLI 50000      /* what many good calls earned is not kept for ever */

void retry_budget_init(struct retry_budget *b, int64_t now_ms)
{
    *b = (struct retry_budget){.milli = FLOOR_MILLI, .at_ms = now_ms};
}

static void fill(struct retry_budget *b, int64_t now_ms)
{
    int64_t ms = now_ms - b->at_ms;
    b->at_ms = now_ms;
    if (b->milli >= FLOOR_MILLI || ms <= 0)
        return;
    int64_t more = ms * PER_SECOND_MILLI / 1000;
    b->milli = more > FLOOR_MILLI - b->milli ? FLOOR_MILLI : b->milli + more;
}

int64_t retry_budget_free_ms(struct retry_budget *b, int64_t now_ms)
{
    fill(b, now_ms);
    int64_t missing = RETRY_MILLI - b->milli;
    if (missing <= 0)
        return now_ms;
    return now_ms + (missing * 1000 + PER_SECOND_MILLI - 1) / PER_SECOND_MILLI;
}

static void add(struct retry_budget *b, int64_t milli)
{
    b->milli += milli;
    if (b->milli > MOST_MILLI)
        b->milli = MOST_MILLI;
}

void retry_budget_enter(struct retry_budget *b, bool is_retry)
{
    add(b, is_retry ? -RETRY_MILLI : EARNED_MILLI);
}

void retry_budget_forgo(struct retry_budget *b, bool is_retry)
{
    add(b, is_retry ? RETRY_MILLI : -EARNED_MILLI);
}
