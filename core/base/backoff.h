/* backoff.h: exponential backoff with full jitter (AWS Architecture Blog 2015,
 * "Exponential Backoff And Jitter"): wait = random in [0, min(cap, base * 2^n)].
 * A server's hint is a floor. Times in ms. */
#ifndef BARKER_CORE_BASE_BACKOFF_H
#define BARKER_CORE_BASE_BACKOFF_H

#include "core/base/rng.h"

struct backoff {
    int64_t base_ms, cap_ms;
    unsigned attempt;
};

void backoff_init(struct backoff *b, int64_t base_ms, int64_t cap_ms);
/* The next wait; counts the attempt. hint_ms < 0 = no hint. */
int64_t backoff_next_ms(struct backoff *b, struct rng *r, int64_t hint_ms);
void backoff_reset(struct backoff *b);

#endif
