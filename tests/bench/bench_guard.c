/* bench_guard.c: how often guard.h pauses a variant at one of 50 looks, if it is as
 * good as the control, and if it is twice and three times as bad. */
#include "campaigns/ranking/draw.h"
#include "campaigns/ranking/guard.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include <inttypes.h>
#include <stdio.h>

#define LOOKS 50

static double paused_share(const struct guard_rule *rule, double rate, double control,
                           int64_t per_look, int64_t worlds)
{
    int64_t paused = 0;
    for (int64_t w = 0; w < worlds; w++) {
        struct rng r;
        struct guard_count counts = {0}, others = {0};
        struct guard_verdict verdict = {.reason = GUARD_FINE};
        rng_seed(&r, (uint64_t)w);
        for (int i = 0; i < LOOKS && verdict.reason == GUARD_FINE; i++) {
            counts.trials += per_look;
            others.trials += per_look;
            counts.events += draw_binomial(&r, per_look, rate);
            others.events += draw_binomial(&r, per_look, control);
            check(guard_judge(rule, &counts, &others, &verdict) == ERR_OK);
        }
        paused += verdict.reason != GUARD_FINE;
    }
    return (double)paused / (double)worlds;
}

static void rule_run(const struct guard_rule *rule, double rate, int64_t worlds)
{
    static const int64_t sizes[] = {200, 2000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        printf("{\"bench\":\"guard\",\"type\":\"%s\",\"rate\":%g,\"per_look\":%" PRId64
               ",\"looks\":%d,\"worlds\":%" PRId64 ",\"equal\":%.4f,\"twice\":%.4f,"
               "\"three_times\":%.4f}\n",
               rule->type, rate, sizes[i], LOOKS, worlds,
               paused_share(rule, rate, rate, sizes[i], worlds),
               paused_share(rule, 2 * rate, rate, sizes[i], worlds),
               paused_share(rule, 3 * rate, rate, sizes[i], worlds));
    }
}

int bench_guard(int argc, char **argv)
{
    int64_t worlds = bench_number(argc, argv, "--worlds", 2000);
    if (worlds < 1)
        bench_die("--worlds", "is at least 1");
    for (size_t i = 0; guard_at(i); i++) {
        for (int times = 1; times <= 4; times *= 2) {
            const struct guard_rule *rule = guard_at(i);
            double rate = times * rule->usual;
            if (rule->limit == 0 ||
                rate < rule->limit / 2) /* else it is to be paused */
                rule_run(rule, rate, worlds);
        }
    }
    return 0;
}
