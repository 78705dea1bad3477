/* sim_main.c: barker-sim [--seeds N] [--seed S] [--scenario NAME] [--crash N [--read]]
 * Without arguments: every crash point of every scenario, then 200 random runs. */
#include "campaigns/checks/channel.h"
#include "core/base/hash.h"
#include "tests/sim/scenario.h"
#include "tests/sim/world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE_SEED 1

struct tally {
    int passed, failed;
};
struct options {
    const char *scenario;
    int64_t seeds, seed, crash_at; /* seed, crash_at: -1 = not given */
    bool crash_after_reply;
    const struct channel_set *channels;
};

static struct world_plan plan_of(const struct options *o, const struct scenario *s)
{
    return (struct world_plan){
        .scenario = s, .channels = o->channels, .seed = BASE_SEED, .hosts = 2};
}

static void report(struct tally *t, const struct world_plan *p,
                   const struct world_outcome *out)
{
    if (!out->failed) {
        t->passed++;
        return;
    }
    t->failed++;
    printf("FAIL  %s: %s\n      repeat: barker-sim --scenario %s", p->scenario->name,
           out->failure, p->scenario->name);
    if (p->chaos)
        printf(" --seed %llu\n", (unsigned long long)p->seed);
    else
        printf(" --crash %lld%s\n", (long long)p->crash_at,
               p->crash_after_reply ? " --read" : "");
}

static void compare(const struct world_outcome *base, const struct world_plan *p,
                    struct world_outcome *out)
{
    if (out->failed || !p->scenario->exact)
        return;
    if (strcmp(buf_str(&base->digest), buf_str(&out->digest)) != 0) {
        out->failed = true;
        snprintf(out->failure, sizeof out->failure, "the crash changed the result");
    } else if (!p->chaos && out->sent > base->sent + out->lost) {
        out->failed = true;
        snprintf(out->failure, sizeof out->failure,
                 "%lld calls, though only %lld of %lld were lost", (long long)out->sent,
                 (long long)out->lost, (long long)base->sent);
    }
}

static void run(struct tally *t, const struct world_plan *p,
                const struct world_outcome *base)
{
    struct world_outcome out;
    world_run(p, &out);
    compare(base, p, &out);
    report(t, p, &out);
    if (p->verbose && p->scenario->exact && out.failed)
        printf("--- undisturbed:\n%s--- here:\n%s", buf_str(&base->digest),
               buf_str(&out.digest));
    else if (p->verbose)
        printf("%s", buf_str(&out.digest));
    buf_fini(&out.digest);
}

/* The undisturbed run, then one death after each write it made. */
static void crash_everywhere(struct tally *t, const struct options *o,
                             const struct scenario *s)
{
    struct world_plan p = plan_of(o, s);
    struct world_outcome base;
    struct tally mine = {0, 0};
    world_run(&p, &base);
    report(&mine, &p, &base);
    for (p.crash_at = 1; p.crash_at <= base.writes && !base.failed; p.crash_at++) {
        p.crash_after_reply = false;
        run(&mine, &p, &base);
        p.crash_after_reply = true;
        run(&mine, &p, &base);
    }
    printf("%-5s %-20s %4d runs, %3lld crash points, %lld calls\n",
           mine.failed ? "FAIL" : "ok", s->name, mine.passed + mine.failed,
           (long long)base.writes, (long long)base.sent);
    fflush(stdout);
    buf_fini(&base.digest);
    t->passed += mine.passed;
    t->failed += mine.failed;
}

static void run_chaos(struct tally *t, const struct options *o,
                      const struct scenario *s, uint64_t seed, bool verbose)
{
    struct world_plan p = plan_of(o, s);
    struct world_outcome base;
    world_run(&p, &base);
    p.seed = seed;
    p.chaos = true;
    p.verbose = verbose;
    p.hosts = 1 + (int)(hash_mix(seed) % 3);
    run(t, &p, &base);
    buf_fini(&base.digest);
}

/* The scenario asked for, else each in turn. */
static const struct scenario *pick(const struct options *o, int64_t seed)
{
    int n = 0;
    while (scenario_at(n))
        n++;
    check(n > 0);
    const struct scenario *only = scenario_find(o->scenario);
    return only ? only : scenario_at((int)(seed % n));
}

static void run_seeds(struct tally *t, const struct options *o)
{
    struct tally mine = {0, 0};
    for (int64_t seed = 1; seed <= o->seeds; seed++)
        run_chaos(&mine, o, pick(o, seed), (uint64_t)seed, false);
    printf("%-5s %-20s %4d runs\n", mine.failed ? "FAIL" : "ok", "random",
           mine.passed + mine.failed);
    t->passed += mine.passed;
    t->failed += mine.failed;
}

static void run_one(struct tally *t, const struct options *o)
{
    if (o->seed >= 0) {
        run_chaos(t, o, pick(o, o->seed), (uint64_t)o->seed, true);
        return;
    }
    struct world_plan p = plan_of(o, pick(o, 0));
    struct world_outcome base;
    world_run(&p, &base);
    p.crash_at = o->crash_at;
    p.crash_after_reply = o->crash_after_reply;
    p.verbose = true;
    run(t, &p, &base);
    buf_fini(&base.digest);
}

static void run_all(struct tally *t, const struct options *o)
{
    const struct scenario *only = scenario_find(o->scenario);
    for (int i = 0; scenario_at(i); i++) {
        if (!only || only == scenario_at(i))
            crash_everywhere(t, o, scenario_at(i));
    }
    run_seeds(t, o);
}

static int usage(void)
{
    fprintf(stderr, "usage: barker-sim [--seeds N] [--seed S] [--scenario NAME] "
                    "[--crash WRITE [--read]]\n");
    return 2;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--read") == 0) {
            o->crash_after_reply = true;
            continue;
        }
        if (i + 1 == argc)
            return false;
        const char *name = argv[i], *value = argv[++i];
        if (strcmp(name, "--scenario") == 0 && scenario_find(value))
            o->scenario = value;
        else if (strcmp(name, "--seeds") == 0)
            o->seeds = strtoll(value, NULL, 10);
        else if (strcmp(name, "--seed") == 0)
            o->seed = strtoll(value, NULL, 10);
        else if (strcmp(name, "--crash") == 0)
            o->crash_at = strtoll(value, NULL, 10);
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.scenario = "", .seeds = 200, .seed = -1, .crash_at = -1};
    struct tally t = {0, 0};
    struct channel_set *channels = NULL;
    struct err_detail d;
    if (!read_options(&o, argc, argv))
        return usage();
    bool one = o.seed >= 0 || o.crash_at >= 0;
    if (one)
        setenv("BARKER_SIM_LOG", "1", 1);
    if (channel_set_new(NULL, &channels, &d)) {
        fprintf(stderr, "barker-sim: %s\n", d.message);
        return 1;
    }
    o.channels = channels;
    if (one)
        run_one(&t, &o);
    else
        run_all(&t, &o);
    channel_set_free(channels);
    printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed ? 1 : 0;
}
