/* backoff.c: exponential backoff with full jitter. */
#include "core/base/backoff.h"
#include "core/base/err.h"

void backoff_init(struct backoff *b, int64_t base_ms, int64_t cap_ms)
{
    check(base_ms >= 0 && cap_ms >= 0);
    *b = (struct backoff){.base_ms = base_ms, .cap_ms = cap_ms};
}

int64_t backoff_next_ms(struct backoff *b, struct rng *r, int64_t hint_ms)
{
    int64_t ceiling = b->cap_ms;
    /* base * 2^n <= cap, asked without computing a product that may overflow */
    if (b->attempt < 63 && b->base_ms <= b->cap_ms >> b->attempt)
        ceiling = b->base_ms << b->attempt;
    if (b->attempt < 63)
        b->attempt++;
    int64_t wait_ms = (int64_t)rng_below(r, (uint64_t)ceiling + 1);
    return wait_ms < hint_ms ? hint_ms : wait_ms;
}

void backoff_reset(struct backoff *b)
{
    b->attempt = 0;
}
