/* srm_test.c: the chi-square tail, expected counts under changing shares, small arms,
 * and how often it is wrong. */
#include "campaigns/ranking/srm.h"
#include "tests/fakes/trials.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Quantiles from the tables of Abramowitz & Stegun (26.8), and exact tails. */
static void tail_matches_tables(void **state)
{
    (void)state;
    static const struct {
        double x;
        int freedom;
        double p, within;
    } rows[] = {
        {3.84146, 1, 0.05, 1e-6},
        {10.8276, 1, 0.001, 1e-7},
        {13.8155, 2, 0.001, 1e-7},
        {16.2662, 3, 0.001, 1e-7},
        {2.36597, 3, 0.5, 1e-6},
        {18.3070, 10, 0.05, 1e-6},
        {24.9958, 15, 0.05, 1e-6},
        {43.1795, 30, 0.0563, 1e-3},
        {59.7031, 30, 0.001, 1e-7},
        {103.442, 63, 0.001, 1e-3},
        {0, 4, 1, 0},
        {-1, 3, 1, 0},
        {NAN, 3, 1, 0},
        {1e5, 5, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(
            near(srm_tail(rows[i].x, rows[i].freedom), rows[i].p, rows[i].within));
    assert_true(near(log(srm_tail(1000, 2)), -500, 1e-9));
}

/* The density is the slope of the tail: x^(k/2-1) e^(-x/2) / (2^(k/2) Gamma(k/2)). */
static void tail_falls_as_the_density_says(void **state)
{
    (void)state;
    for (int k = 1; k < POSTERIOR_ARMS_MAX; k++)
        for (int i = 0; i < 40; i++) {
            double x = 0.5 + 3.7 * i, h = 1e-3,
                   slope = srm_tail(x - h, k) - srm_tail(x + h, k);
            double density = exp((k / 2.0 - 1) * log(x) - x / 2 - k / 2.0 * log(2) -
                                 lgamma(k / 2.0));
            assert_true(near(slope / (2 * h), density, 1e-5 * density + 1e-10));
        }
}

/* 900:100 and then 100:900, of 1,000 users each: 1,000 each is as it should be, though
 * no epoch was shared equally. */
static void expected_counts_add_up_over_epochs(void **state)
{
    (void)state;
    struct srm_arm arms[2] = {{0}};
    const int64_t first[2] = {905, 95}, second[2] = {96, 904};
    const double s1[2] = {0.9, 0.1}, s2[2] = {1, 9}; /* scaled */
    assert_int_equal(srm_add(arms, 2, first, s1), ERR_OK);
    assert_int_equal(srm_add(arms, 2, second, s2), ERR_OK);
    assert_true(near(arms[0].expected, 1000, 1e-9));
    assert_int_equal(arms[0].observed, 1001);
    struct srm_result r = srm_judge(arms, 2);
    assert_true(r.tested && !r.alarm && r.freedom == 1);
    assert_true(near(r.chi_square, 2 * 1.0 / 1000, 1e-9));
    /* the same counts, taken for an equal split each time: 905 and 95 would be wrong */
    struct srm_arm wrong[2] = {{905, 500}, {95, 500}};
    r = srm_judge(wrong, 2);
    assert_true(r.alarm && r.p < 1e-100 && r.worst == 0);
}

static void wrong_input_is_refused(void **state)
{
    (void)state;
    struct srm_arm arms[2] = {{0}};
    const int64_t seen[2] = {5, 5}, negative[2] = {5, -1};
    const double even[2] = {1, 1}, none[2] = {0, 0}, bad[2] = {NAN, 1},
                 less[2] = {1, -0.5}, much[2] = {INFINITY, 1};
    assert_int_equal(srm_add(arms, 0, seen, even), ERR_OUT_OF_RANGE);
    assert_int_equal(srm_add(arms, POSTERIOR_ARMS_MAX + 1, seen, even),
                     ERR_OUT_OF_RANGE);
    assert_int_equal(srm_add(arms, 2, negative, even), ERR_OUT_OF_RANGE);
    assert_int_equal(srm_add(arms, 2, seen, none), ERR_OUT_OF_RANGE);
    assert_int_equal(srm_add(arms, 2, seen, bad), ERR_OUT_OF_RANGE);
    assert_int_equal(srm_add(arms, 2, seen, less), ERR_OUT_OF_RANGE);
    assert_int_equal(srm_add(arms, 2, seen, much), ERR_OUT_OF_RANGE);
    assert_true(arms[0].observed == 0 && arms[0].expected == 0);
}

static void small_arms_are_pooled(void **state)
{
    (void)state;
    /* 3 + 4 make one cell of 7 */
    struct srm_arm pooled[4] = {{100, 100}, {93, 93}, {3, 3}, {4, 4}};
    struct srm_result r = srm_judge(pooled, 4);
    assert_true(r.tested && r.freedom == 2 && r.chi_square == 0);
    assert_int_equal(r.worst, -1);
    /* 3 alone joins the smallest, 93 */
    struct srm_arm joined[3] = {{110, 104}, {93, 93}, {1, 7 - 4}};
    r = srm_judge(joined, 3);
    assert_int_equal(r.freedom, 1);
    assert_true(near(r.chi_square, 36.0 / 104 + 4.0 / 96, 1e-9));
    /* an arm that must not be shown at all */
    struct srm_arm hidden[3] = {{500, 550}, {490, 550}, {110, 0}};
    r = srm_judge(hidden, 3);
    assert_int_equal(r.worst, 2);
    assert_true(r.tested);
    struct srm_arm few[3] = {{9, 4}, {0, 4}, {1, 2}};
    r = srm_judge(few, 3);
    assert_true(!r.tested && !r.alarm && r.p == 1 && r.freedom == 0);
    struct srm_arm none[2] = {{0}};
    assert_false(srm_judge(none, 2).tested);
    struct srm_arm lone = {50, 50};
    assert_false(srm_judge(&lone, 1).tested);
}

/* p of one sound test of 4 epochs; the shares are the same in each, or change. */
static double sound_p(struct trials *t, bool changing)
{
    struct srm_arm arms[8] = {{0}};
    double shares[8];
    int64_t seen[8];
    int count = 2 + (int)rng_below(&t->rng, 7);
    for (int epoch = 0; epoch < 4; epoch++) {
        double sum = 0;
        for (int k = 0; k < count && (changing || !epoch); k++)
            sum += shares[k] = 0.05 + rng_unit(&t->rng);
        for (int k = 0; k < count && sum > 0; k++)
            shares[k] /= sum;
        trials_split(t, 100, shares, count, seen);
        assert_int_equal(srm_add(arms, count, seen, shares), ERR_OK);
    }
    return srm_judge(arms, count).p;
}

/* 20,000 tests: p is uniform, so 1 % are under 0.01 (+- 5 standard errors), and fewer
 * where the shares change. */
static void p_is_uniform_when_all_is_well(void **state)
{
    (void)state;
    struct trials t;
    int low = 0, half = 0, low_changing = 0, tests = 20000;
    trials_seed(&t, 11);
    for (int test = 0; test < tests; test++) {
        double p = sound_p(&t, false);
        low += p < 0.01;
        half += p < 0.5;
        low_changing += sound_p(&t, true) < 0.01;
    }
    assert_true(near(low, 0.01 * tests, 5 * sqrt(0.01 * tests)));
    assert_true(near(half, 0.5 * tests, 0.02 * tests));
    assert_true(low_changing > 0.004 * tests && low_changing < 0.01 * tests);
}

static void a_skew_is_seen(void **state)
{
    (void)state;
    struct srm_arm skewed[2] = {{600, 500}, {400, 500}};
    assert_true(srm_judge(skewed, 2).alarm);
    struct srm_arm slightly[2] = {{552, 500}, {448, 500}}; /* z = 3.289, p = 0.001005 */
    assert_true(!srm_judge(slightly, 2).alarm && srm_judge(slightly, 2).p < 0.0011);
    struct srm_arm just[2] = {{553, 500}, {447, 500}};
    assert_true(srm_judge(just, 2).alarm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail_matches_tables),
        cmocka_unit_test(tail_falls_as_the_density_says),
        cmocka_unit_test(expected_counts_add_up_over_epochs),
        cmocka_unit_test(wrong_input_is_refused),
        cmocka_unit_test(small_arms_are_pooled),
        cmocka_unit_test(p_is_uniform_when_all_is_well),
        cmocka_unit_test(a_skew_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
