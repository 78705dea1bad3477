/* sim_faults.c: one generator per request, so that order does not matter. */
#include "tests/llmsim/sim_faults.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY_MAX_MS 600000.0
#define TWO_PI 6.283185307179586

/* A number from text up to the character end; *rest behind it. */
static bool read_double(const char *text, char end, double *out, const char **rest)
{
    char *stop = NULL;
    *out = strtod(text, &stop);
    if (stop == text || *stop != end || !isfinite(*out) || *out < 0) {
        return false;
    }
    *rest = stop + (end != '\0');
    return true;
}

enum err sim_faults_latency(struct sim_faults *f, const char *text)
{
    static const char name[] = "lognormal:";
    f->lognormal = strncmp(text, name, strlen(name)) == 0;
    const char *rest = f->lognormal ? text + strlen(name) : text;
    if (!read_double(rest, ':', &f->latency_a, &rest) ||
        !read_double(rest, '\0', &f->latency_b, &rest)) {
        return ERR_CONFIG;
    }
    bool ordered = f->lognormal || f->latency_a <= f->latency_b;
    return ordered && f->latency_a <= LATENCY_MAX_MS ? ERR_OK : ERR_CONFIG;
}

enum err sim_faults_share(struct sim_faults *f, enum sim_fault which, const char *text)
{
    double sum = 0, share;
    const char *rest = text;
    if (which >= SIM_FAULT_NONE || !read_double(text, '\0', &share, &rest)) {
        return ERR_CONFIG;
    }
    f->share[which] = share;
    for (int i = 0; i < SIM_FAULT_NONE; i++) {
        sum += f->share[i];
    }
    return sum <= 1 + 1e-9 ? ERR_OK : ERR_CONFIG;
}

static double draw_latency_ms(const struct sim_faults *f, struct rng *r)
{
    double u = rng_unit(r), v = rng_unit(r);
    if (!f->lognormal) {
        return f->latency_a + u * (f->latency_b - f->latency_a);
    }
    /* Box-Muller; 1 - u is in (0, 1] */
    double z = sqrt(-2 * log(1 - u)) * cos(TWO_PI * v);
    return f->latency_a * exp(f->latency_b * z);
}

struct sim_draw sim_faults_draw(const struct sim_faults *f, uint64_t request)
{
    struct rng r;
    struct sim_draw draw = {.fault = SIM_FAULT_NONE};
    rng_seed(&r, f->seed ^ hash_mix(request));
    double at = rng_unit(&r);
    for (int i = 0; i < SIM_FAULT_NONE; i++) {
        if (at < f->share[i]) {
            draw.fault = (enum sim_fault)i;
            break;
        }
        at -= f->share[i];
    }
    draw.latency_ms = (int64_t)fmin(draw_latency_ms(f, &r), LATENCY_MAX_MS);
    return draw;
}
