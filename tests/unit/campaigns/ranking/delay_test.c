/* delay_test.c: what is still to come, known from delays or from the curves alone. */
#include "campaigns/ranking/delay.h"
#include "tests/bench/delay_world.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEEDS = 50, CONVERSIONS = 20000 };

/* Mean delay half of the window, seen at half the window: 50 seeds. */
static void at_half_the_window_within_5_percent(void **state)
{
    static struct delay_world world;
    (void)state;
    for (int shape = 0; shape < DELAY_WORLD_SHAPES; shape++) {
        for (int named = 0; named < 2; named++) {
            double bias = 0, distance = 0, naive = 0;
            for (uint64_t s = 1; s <= SEEDS; s++) {
                struct rng r;
                rng_seed(&r, s);
                delay_world_fill(&world, (enum delay_world_shape)shape, CONVERSIONS,
                                 0.5, &r);
                struct delay_world_error e = delay_world_error(&world, named);
                assert_int_equal(e.source, named ? DELAY_DELAYS : DELAY_CURVES);
                bias += e.corrected / SEEDS;
                distance += fabs(e.corrected) / SEEDS;
                naive += e.naive / SEEDS;
            }
            assert_true(near(bias, 0, 0.01));
            assert_true(near(distance, 0, 0.05));
            assert_true(naive < -0.25); /* what nobody corrects */
        }
    }
}

enum { BUCKETS = 200 };
struct scene {
    int64_t exposures[BUCKETS], conversions[BUCKETS];
    struct delay_arm arm;
    struct delay_input in;
    struct delay_fit fit;
};

/* 1,000 exposures in each minute; 100 conversions that are said to come after 10 min
 * on the average. */
static int setup(void **state)
{
    static struct scene s;
    s = (struct scene){.arm = {.delays = 100, .delay_sum_s = 100 * 600}};
    for (int i = 0; i < BUCKETS; i++)
        s.exposures[i] = 1000;
    s.conversions[BUCKETS - 1] = 100;
    s.arm.exposures = s.exposures;
    s.arm.conversions = s.conversions;
    s.in = (struct delay_input){&s.arm, 1, BUCKETS, 60, 0};
    *state = &s;
    return 0;
}

static void correct(struct scene *s)
{
    assert_int_equal(delay_correct(&s->in, &s->fit), ERR_OK);
}

/* The formula by fine steps: sum of 1 - exp(-r t), and of its part of the window. */
static double ripe(double rate, double window_s)
{
    double sum = 0, all = window_s > 0 ? 1 - exp(-rate * window_s) : 1;
    for (int i = 0; i < BUCKETS * 600; i++) {
        double t = (i + 0.5) / 10;
        if (window_s > 0 && t > window_s)
            t = window_s;
        sum += 1000.0 / 600 * (1 - exp(-rate * t)) / all;
    }
    return sum;
}

static void effective_exposures_are_the_formula(void **state)
{
    struct scene *s = *state;
    correct(s);
    assert_int_equal(s->fit.source, DELAY_DELAYS);
    assert_true(near(s->arm.n_eff, ripe(s->fit.rate_per_s, 0), 0.5));
    assert_true(near(s->arm.n_eff, (double)s->arm.trials, 0.5));
    s->in.window_s = 3600;
    correct(s);
    assert_true(near(s->arm.n_eff, ripe(s->fit.rate_per_s, 3600), 0.5));
    assert_true(s->arm.n_eff < BUCKETS * 1000);
    double before = s->arm.n_eff;
    s->arm.old_exposures = 5000; /* they count in full */
    correct(s);
    assert_true(near(s->arm.n_eff, before + 5000, 30)); /* r moves a little */
}

/* An old campaign: delays are then hardly cut, and 1 / r is their mean. */
static void the_rate_is_that_of_the_delays(void **state)
{
    struct scene *s = *state;
    s->arm.old_exposures = 100000000;
    correct(s);
    assert_true(near(1 / s->fit.rate_per_s, 600, 2));
}

static void the_doubt_is_told(void **state)
{
    struct scene *s = *state;
    correct(s);
    double all = BUCKETS * 1000.0, r = s->fit.rate_per_s;
    assert_true(near(s->fit.ripe, s->arm.n_eff / all, 1e-9));
    /* log r is known to 1 / sqrt(100), a little less since delays are cut */
    double lo = ripe(r * exp(-1.96 * 0.12), 0) / all,
           hi = ripe(r * exp(1.96 * 0.12), 0) / all;
    assert_true(near(s->fit.ripe_lo, lo, 0.01) && near(s->fit.ripe_hi, hi, 0.01));
}

static void little_evidence_corrects_nothing(void **state)
{
    struct scene *s = *state;
    s->arm.delays = 19;
    s->arm.delay_sum_s = 19 * 600;
    s->conversions[BUCKETS - 1] = 19;
    correct(s);
    assert_int_equal(s->fit.source, DELAY_UNKNOWN);
    assert_true(s->arm.n_eff == BUCKETS * 1000.0 && s->fit.ripe == 1);
    assert_string_equal(delay_source_name(s->fit.source), "unknown");
    s->arm.delays = 20;
    s->arm.delay_sum_s = 20 * 600;
    correct(s);
    assert_int_equal(s->fit.source, DELAY_DELAYS);
    /* young exposures alone: 30 delays of up to 20 minutes leave much open */
    for (int i = 0; i < BUCKETS - 20; i++)
        s->exposures[i] = 0;
    s->arm.delays = 30;
    s->arm.delay_sum_s = 30 * 540;
    correct(s);
    assert_int_equal(s->fit.source, DELAY_UNKNOWN);
    assert_true(s->arm.n_eff == 20000);
}

/* Steady exposures and conversions of an old campaign: any delay fits the curves. */
static void steady_curves_tell_nothing(void **state)
{
    struct scene *s = *state;
    s->arm.delays = 0;
    s->arm.old_exposures = 1;
    s->in.window_s = 180 * 60;
    for (int i = 0; i < BUCKETS; i++)
        s->conversions[i] = 50;
    correct(s);
    assert_int_equal(s->fit.source, DELAY_UNKNOWN);
    /* the same from the start of a campaign on does tell: nobody is late */
    s->arm.old_exposures = 0;
    correct(s);
    assert_int_equal(s->fit.source, DELAY_CURVES);
    assert_true(s->fit.ripe > 0.99 && 1 / s->fit.rate_per_s < 60);
    for (int i = 0; i < BUCKETS; i++)
        s->conversions[i] = (int64_t)(50 * (1 - exp(-(i + 0.5) / 20)));
    /* of a number only the floor is kept, which is a little late, too */
    s->in.window_s = 0;
    correct(s);
    assert_int_equal(s->fit.source, DELAY_CURVES);
    assert_true(near(1 / s->fit.rate_per_s, 1200, 60));
}

/* The later the more: no exponential fits, the one that is even over the window is the
 * nearest, and it is better than nothing. */
static void delays_that_pile_up_late(void **state)
{
    struct scene *s = *state;
    s->in.window_s = 240 * 60;
    s->arm.delays = 500;
    s->arm.delay_sum_s = 500.0 * 90 * 60; /* exposures are 100 minutes old on average */
    correct(s);
    assert_int_equal(s->fit.source, DELAY_DELAYS);
    assert_true(near(s->fit.ripe, 100.0 / 240, 0.01));
}

static void never_fewer_trials_than_conversions(void **state)
{
    struct scene *s = *state;
    for (int i = 1; i < BUCKETS - 1; i++)
        s->exposures[i] = 0;
    s->exposures[0] = 1000; /* ripe; those of the last minute are not */
    correct(s);
    assert_true(s->arm.n_eff > 1000 && s->arm.n_eff < 1100);
    s->conversions[BUCKETS - 1] = 1500;
    correct(s);
    assert_true(s->arm.n_eff == 1500);
    s->conversions[BUCKETS - 1] = 2001; /* more than were shown: all that were */
    correct(s);
    assert_true(s->arm.n_eff == 2000);
    assert_int_equal(s->arm.trials, 2000);
}

static void wrong_input_is_refused(void **state)
{
    struct scene *s = *state;
    struct delay_input bad = s->in;
    bad.buckets = 0;
    assert_int_equal(delay_correct(&bad, &s->fit), ERR_OUT_OF_RANGE);
    bad = s->in;
    bad.bucket_s = 0;
    assert_int_equal(delay_correct(&bad, &s->fit), ERR_OUT_OF_RANGE);
    bad = s->in;
    bad.window_s = -1;
    assert_int_equal(delay_correct(&bad, &s->fit), ERR_OUT_OF_RANGE);
    bad = s->in;
    bad.arm_count = 0;
    assert_int_equal(delay_correct(&bad, &s->fit), ERR_OUT_OF_RANGE);
    s->exposures[7] = -1;
    assert_int_equal(delay_correct(&s->in, &s->fit), ERR_OUT_OF_RANGE);
    s->exposures[7] = 1;
    s->arm.delay_sum_s = NAN;
    assert_int_equal(delay_correct(&s->in, &s->fit), ERR_OUT_OF_RANGE);
    s->arm.delay_sum_s = 0; /* all at once: r is as large as it gets */
    correct(s);
}

static void empty_arms_are_nothing(void **state)
{
    struct scene *s = *state;
    struct delay_arm arms[2] = {s->arm, {0}};
    static const int64_t none[BUCKETS];
    arms[1].exposures = arms[1].conversions = none;
    s->in.arms = arms;
    s->in.arm_count = 2;
    correct(s);
    assert_true(arms[1].n_eff == 0 && arms[1].trials == 0);
    assert_true(arms[0].n_eff < BUCKETS * 1000.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_half_the_window_within_5_percent),
        cmocka_unit_test_setup(effective_exposures_are_the_formula, setup),
        cmocka_unit_test_setup(the_rate_is_that_of_the_delays, setup),
        cmocka_unit_test_setup(the_doubt_is_told, setup),
        cmocka_unit_test_setup(delays_that_pile_up_late, setup),
        cmocka_unit_test_setup(little_evidence_corrects_nothing, setup),
        cmocka_unit_test_setup(steady_curves_tell_nothing, setup),
        cmocka_unit_test_setup(never_fewer_trials_than_conversions, setup),
        cmocka_unit_test_setup(wrong_input_is_refused, setup),
        cmocka_unit_test_setup(empty_arms_are_nothing, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
