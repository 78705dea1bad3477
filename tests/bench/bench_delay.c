/* bench_delay.c: how far the conversions that delay.h expects in the end are off, seen
 * at half of the attribution window. */
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include "tests/bench/delay_world.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void scenario_run(enum delay_world_shape shape, bool named, int64_t seeds,
                         int64_t conversions, double mean)
{
    static const char *const names[] = {"burst", "even", "moving"};
    static struct delay_world world;
    double bias = 0, distance = 0, naive = 0;
    int64_t unknown = 0;
    for (int64_t s = 1; s <= seeds; s++) {
        struct rng r;
        rng_seed(&r, (uint64_t)s);
        delay_world_fill(&world, shape, conversions, mean, &r);
        struct delay_world_error e = delay_world_error(&world, named);
        bias += e.corrected / (double)seeds;
        distance += fabs(e.corrected) / (double)seeds;
        naive += e.naive / (double)seeds;
        unknown += e.source == DELAY_UNKNOWN;
    }
    printf("{\"bench\":\"delay\",\"exposures\":\"%s\",\"delays\":\"%s\",\"mean\":%g,"
           "\"seeds\":%" PRId64 ",\"conversions\":%" PRId64 ",\"bias\":%.5f,"
           "\"distance\":%.5f,\"uncorrected\":%.5f,\"unknown\":%" PRId64 "}\n",
           names[shape], named ? "named" : "curves", mean, seeds, conversions, bias,
           distance, naive, unknown);
}

int bench_delay(int argc, char **argv)
{
    int64_t seeds = bench_number(argc, argv, "--seeds", 50);
    int64_t conversions = bench_number(argc, argv, "--conversions", 20000);
    double mean = strtod(bench_option(argc, argv, "--mean", "0.5"), NULL);
    if (seeds < 1 || conversions < 1 || !(mean > 0.001 && mean < 100))
        bench_die("delay", "--seeds, --conversions or --mean is out of range");
    for (int shape = 0; shape < DELAY_WORLD_SHAPES; shape++) {
        scenario_run((enum delay_world_shape)shape, true, seeds, conversions, mean);
        scenario_run((enum delay_world_shape)shape, false, seeds, conversions, mean);
    }
    return 0;
}
