/* rng.c: xoshiro256** with splitmix64 seeding, written from the papers. */
#include "core/base/rng.h"
#include "core/base/clock.h"

#include <unistd.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(&seed);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    check(n > 0);
    /* 2^64 mod n values at the bottom would make the low results likelier */
    uint64_t refused = (0 - n) % n;
    uint64_t x;
    do
        x = rng_next(r);
    while (x < refused);
    return x % n;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

uint64_t rng_entropy(void)
{
    uint64_t x;
    if (getentropy(&x, sizeof x) == 0)
        return x;
    /* no getrandom(2) in this kernel or sandbox: ids need to differ, not to be secret
     */
    x = (uint64_t)clock_mono_us() << 20 ^ (uint64_t)clock_wall_ms() ^
        (uint64_t)getpid() << 40;
    return splitmix64(&x);
}

enum err rng_secret(void *out, size_t n)
{
    return getentropy(out, n) == 0 ? ERR_OK : ERR_IO;
}
