/* bench_srm.c: sample ratios of finished tests, one a line, and false alarms of looking
 * after every batch. */
#include "campaigns/ranking/srm.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include "tests/fakes/trials.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts of a line in shares that are all equal. Returns how many. */
static int line_read(char *line, int64_t *counts, double *shares)
{
    int count = 0;
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        if (count == POSTERIOR_ARMS_MAX)
            bench_die("srm", "too many arms");
        shares[count] = 1;
        counts[count++] = strtoll(word, NULL, 10);
    }
    return count;
}

static void lines_judge(void)
{
    char line[2048];
    while (fgets(line, sizeof line, stdin)) {
        int64_t counts[POSTERIOR_ARMS_MAX];
        double shares[POSTERIOR_ARMS_MAX];
        struct srm_arm arms[POSTERIOR_ARMS_MAX] = {{0}};
        int count = line_read(line, counts, shares);
        if (srm_add(arms, count, counts, shares))
            bench_die("srm", "a line has no counts, or one is negative");
        struct srm_result r = srm_judge(arms, count);
        printf("{\"tested\":%s,\"alarm\":%s,\"p\":%.4g,\"freedom\":%d}\n",
               r.tested ? "true" : "false", r.alarm ? "true" : "false", r.p, r.freedom);
    }
}

/* One sound test: an alarm at the last look, and at any. */
static void sound_run(struct trials *t, int64_t looks, int *last, int *any)
{
    struct srm_arm arms[4] = {{0}};
    bool alarm = false, ever = false;
    for (int64_t look = 0; look < looks; look++) {
        double shares[4], sum = 0;
        int64_t seen[4];
        for (int k = 0; k < 4; k++)
            sum += shares[k] = 0.1 + rng_unit(&t->rng);
        for (int k = 0; k < 4; k++)
            shares[k] /= sum;
        trials_split(t, 400, shares, 4, seen);
        if (srm_add(arms, 4, seen, shares))
            bench_die("srm_add", "failed");
        alarm = srm_judge(arms, 4).alarm;
        ever = ever || alarm;
    }
    *last += alarm;
    *any += ever;
}

int bench_srm(int argc, char **argv)
{
    int64_t looks = bench_number(argc, argv, "--looks", 0);
    int64_t tests = bench_number(argc, argv, "--tests", 20000);
    struct trials t;
    int last = 0, any = 0;
    if (!looks) {
        lines_judge();
        return 0;
    }
    trials_seed(&t, (uint64_t)bench_number(argc, argv, "--seed", 1));
    for (int64_t i = 0; i < tests; i++)
        sound_run(&t, looks, &last, &any);
    printf("{\"bench\":\"srm\",\"tests\":%" PRId64 ",\"looks\":%" PRId64
           ",\"alarm_last\":%.5f,\"alarm_any\":%.5f}\n",
           tests, looks, last / (double)tests, any / (double)tests);
    return 0;
}
