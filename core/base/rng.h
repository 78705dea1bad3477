/* rng.h: seeded pseudo-random numbers, xoshiro256** (Blackman, Vigna 2018) seeded by
 * splitmix64. Deterministic on every platform; not for secrets. */
#ifndef BARKER_CORE_BASE_RNG_H
#define BARKER_CORE_BASE_RNG_H

#include "core/base/err.h"
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* [0, n), unbiased; n > 0 */
double rng_unit(struct rng *r);                /* [0, 1), 53 bits */
uint64_t rng_entropy(void);                    /* from the kernel, for seeds and ids */
/* Bytes for secrets, at most 256; ERR_IO if the kernel gives none. */
enum err rng_secret(void *out, size_t n) MUST_USE;

#endif
