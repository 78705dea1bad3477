/* sim_main.c: the real runner in a simulated world.
 * barker-sim [--seeds N] [--seed S] [--scenario NAME]
 *            [--crash N [--read]] [--torture N --way W]
 * Without arguments, for every scenario: one death after each write, before and after
 * its answer was read; each effect of a worker failing in each way; then 1,000 random
 * runs, in which every fate must have occurred. A failure says how to repeat it. */
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
    int64_t seeds, seed, crash_at, torture_at; /* but seeds: -1 = not given */
    int64_t way;                               /* enum torture */
    int64_t fates[FATE_COUNT];
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
    else if (p->torture_at)
        printf(" --torture %lld --way %d\n", (long long)p->torture_at, (int)p->torture);
    else
        printf(" --crash %lld%s\n", (long long)p->crash_at,
               p->crash_after_reply ? " --read" : "");
}

/* The most calls this run may have made: those of the undisturbed one, those that were
 * lost or cancelled anew, and one that torture made fail. */
static int64_t calls_max(const struct world_outcome *base, const struct world_plan *p,
                         const struct world_outcome *out)
{
    return base->sent - base->cancelled + out->lost + out->cancelled +
           (p->torture_at > 0);
}

static void compare(const struct world_outcome *base, const struct world_plan *p,
                    struct world_outcome *out)
{
    if (out->failed || !p->scenario->exact)
        return;
    bool same_error = !p->scenario->error_also; /* the digest tells the error */
    if (same_error && strcmp(buf_str(&base->digest), buf_str(&out->digest)) != 0) {
        out->failed = true;
        snprintf(out->failure, sizeof out->failure, "the %s changed the result",
                 p->torture_at ? "failure" : "crash");
    } else if (!p->chaos && !p->scenario->calls_vary &&
               out->sent > calls_max(base, p, out)) {
        out->failed = true;
        snprintf(out->failure, sizeof out->failure, "%lld calls, at most %lld",
                 (long long)out->sent, (long long)calls_max(base, p, out));
    }
}

static void run(struct tally *t, struct options *o, const struct world_plan *p,
                const struct world_outcome *base)
{
    struct world_outcome out;
    world_run(p, &out);
    for (int f = 0; f < FATE_COUNT && p->chaos; f++)
        o->fates[f] += out.fates[f];
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
static void crash_everywhere(struct tally *t, struct options *o,
                             const struct scenario *s)
{
    struct world_plan p = plan_of(o, s);
    struct world_outcome base;
    struct tally mine = {0, 0};
    world_run(&p, &base);
    report(&mine, &p, &base);
    for (p.crash_at = 1; p.crash_at <= base.writes && !base.failed; p.crash_at++) {
        p.crash_after_reply = false;
        run(&mine, o, &p, &base);
        p.crash_after_reply = true;
        run(&mine, o, &p, &base);
    }
    printf("%-5s %-20s %4d runs, %3lld crash points, %lld calls\n",
           mine.failed ? "FAIL" : "ok", s->name, mine.passed + mine.failed,
           (long long)base.writes, (long long)base.sent);
    fflush(stdout);
    buf_fini(&base.digest);
    t->passed += mine.passed;
    t->failed += mine.failed;
}

/* Each effect of the undisturbed run fails once, in each way. */
static void torture_everywhere(struct tally *t, struct options *o,
                               const struct scenario *s)
{
    struct world_plan p = plan_of(o, s);
    struct world_outcome base;
    struct tally mine = {0, 0};
    world_run(&p, &base);
    for (p.torture_at = 1; p.torture_at <= base.effects && !base.failed;
         p.torture_at++) {
        for (int way = TORTURE_NONE + 1; way < TORTURE_END; way++) {
            p.torture = (enum torture)way;
            run(&mine, o, &p, &base);
        }
    }
    printf("%-5s %-20s %4d runs, %3lld effects tortured\n", mine.failed ? "FAIL" : "ok",
           s->name, mine.passed + mine.failed, (long long)base.effects);
    fflush(stdout);
    buf_fini(&base.digest);
    t->passed += mine.passed;
    t->failed += mine.failed;
}

static void run_chaos(struct tally *t, struct options *o, const struct scenario *s,
                      uint64_t seed, bool verbose)
{
    struct world_plan p = plan_of(o, s);
    struct world_outcome base;
    world_run(&p, &base);
    p.seed = seed;
    p.chaos = true;
    p.verbose = verbose;
    p.hosts = 1 + (int)(hash_mix(seed) % 3);
    run(t, o, &p, &base);
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

/* "content_poor" is of the kind "content"; the toys are named after theirs. */
static size_t family_of(const char *name)
{
    return strcspn(name, "_");
}

/* Scenarios of one kind stand together in the list. */
static void print_seeds_per_kind(const struct options *o)
{
    printf("      random runs per kind:");
    for (int i = 0; scenario_at(i);) {
        const char *name = scenario_at(i)->name;
        size_t n = family_of(name);
        int64_t runs = 0;
        for (; scenario_at(i) && family_of(scenario_at(i)->name) == n &&
               strncmp(scenario_at(i)->name, name, n) == 0;
             i++)
            for (int64_t seed = 1; seed <= o->seeds; seed++)
                runs += pick(o, seed) == scenario_at(i);
        printf(" %.*s %lld", (int)n, name, (long long)runs);
    }
    printf("\n");
}

/* With enough seeds each fate must have struck, or the chaos is none. */
static void judge_fates(struct tally *t, const struct options *o)
{
    bool all = true;
    for (int f = 0; f < FATE_COUNT; f++) {
        printf("      %8lld %s\n", (long long)o->fates[f], fate_name((enum fate)f));
        all = all && o->fates[f] > 0;
    }
    if (o->seeds < 500)
        return;
    printf("%-5s every fate occurred\n", all ? "ok" : "FAIL");
    t->passed += all;
    t->failed += !all;
}

static void run_seeds(struct tally *t, struct options *o)
{
    struct tally mine = {0, 0};
    for (int64_t seed = 1; seed <= o->seeds; seed++)
        run_chaos(&mine, o, pick(o, seed), (uint64_t)seed, false);
    printf("%-5s %-20s %4d runs\n", mine.failed ? "FAIL" : "ok", "random",
           mine.passed + mine.failed);
    print_seeds_per_kind(o);
    judge_fates(t, o);
    t->passed += mine.passed;
    t->failed += mine.failed;
}

static void run_one(struct tally *t, struct options *o)
{
    if (o->seed >= 0) {
        run_chaos(t, o, pick(o, o->seed), (uint64_t)o->seed, true);
        return;
    }
    struct world_plan p = plan_of(o, pick(o, 0));
    struct world_outcome base;
    world_run(&p, &base);
    p.crash_at = o->crash_at > 0 ? o->crash_at : 0;
    p.crash_after_reply = o->crash_after_reply;
    p.torture_at = o->torture_at > 0 ? o->torture_at : 0;
    p.torture = (enum torture)o->way;
    p.verbose = true;
    run(t, o, &p, &base);
    buf_fini(&base.digest);
}

static void run_all(struct tally *t, struct options *o)
{
    const struct scenario *only = scenario_find(o->scenario);
    for (int i = 0; scenario_at(i); i++) {
        if (!only || only == scenario_at(i))
            crash_everywhere(t, o, scenario_at(i));
    }
    for (int i = 0; scenario_at(i) && o->way; i++) {
        if (!only || only == scenario_at(i))
            torture_everywhere(t, o, scenario_at(i));
    }
    run_seeds(t, o);
}

static int usage(void)
{
    fprintf(stderr, "usage: barker-sim [--seeds N] [--seed S] [--scenario NAME] "
                    "[--crash WRITE [--read]] [--torture EFFECT] [--way 1|2|3]\n"
                    "--way 0: no torture\n");
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
        else if (strcmp(name, "--torture") == 0)
            o->torture_at = strtoll(value, NULL, 10);
        else if (strcmp(name, "--way") == 0)
            o->way = strtoll(value, NULL, 10) % TORTURE_END;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.scenario = "",
                        .seeds = 1000,
                        .seed = -1,
                        .crash_at = -1,
                        .torture_at = -1,
                        .way = 1};
    struct tally t = {0, 0};
    struct channel_set *channels = NULL;
    struct err_detail d;
    if (!read_options(&o, argc, argv))
        return usage();
    bool one = o.seed >= 0 || o.crash_at >= 0 || o.torture_at >= 0;
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
