/* levels_test.c: Simpson's paradox undone, counts left alone when nothing moved, and
 * how sure the adjusted counts claim to be. */
#include "campaigns/ranking/levels.h"
#include "tests/fakes/ab_test.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct epoch_count out[POSTERIOR_ARMS_MAX];

static struct levels_result adjust(const struct epoch_count *counts, int epochs,
                                   int arms)
{
    struct epoch_table table = {counts, epochs, arms};
    struct levels_result r;
    assert_int_equal(levels_adjust(&table, out, &r), ERR_OK);
    for (int k = 0; k < arms; k++)
        assert_true(out[k].successes >= 0 && out[k].successes <= out[k].trials);
    return r;
}

static double rate(const struct epoch_count *c)
{
    return (double)c->successes / (double)c->trials;
}

static int leader_of(const struct epoch_count *counts, int arms)
{
    struct posterior_arm posterior[POSTERIOR_ARMS_MAX] = {{0}};
    struct posterior_result ranked;
    for (int k = 0; k < arms; k++) {
        posterior[k].trials = counts[k].trials;
        posterior[k].successes = counts[k].successes;
    }
    assert_int_equal(posterior_rank(posterior, arms, &posterior_prior_default, &ranked),
                     ERR_OK);
    return ranked.leader;
}

/* The better arm has most of its trials at night, when nobody clicks. */
static void raw_pooling_names_the_wrong_arm(void **state)
{
    (void)state;
    struct epoch_count rows[4] = {
        {2000, 120},
        {18000, 900}, /* by day 6 % and 5 % */
        {18000, 216},
        {2000, 20}, /* at night 1.2 % and 1 % */
    };
    struct epoch_count pooled[2] = {{20000, 336}, {20000, 920}};
    assert_int_equal(leader_of(pooled, 2), 1);
    struct levels_result r = adjust(rows, 2, 2);
    assert_true(r.found && r.p < 1e-9 && r.spread > 0.3 && r.spread < 1.2);
    assert_int_equal(leader_of(out, 2), 0);
    assert_true(near(rate(&out[0]) / rate(&out[1]), 1.2, 0.01));
    assert_true(near((double)out[0].successes, 169, 5)); /* half the certainty */
}

/* Counts without noise: the contrasts come back, at the mean level over trials. */
static void contrasts_are_found_exactly(void **state)
{
    (void)state;
    static const double level[5] = {0.01, 0.03, 0.02, 0.05, 0.04};
    static const double ratio[3] = {1, 1.5, 0.5};
    static const int64_t trials[5][3] = {{100000, 800000, 100000},
                                         {500000, 100000, 400000},
                                         {0, 700000, 300000},
                                         {200000, 0, 800000},
                                         {900000, 50000, 50000}};
    struct epoch_count rows[15];
    double mean = 0;
    for (int e = 0; e < 5; e++) {
        mean += level[e] / 5;
        for (int k = 0; k < 3; k++)
            rows[3 * e + k] = (struct epoch_count){
                trials[e][k], llround((double)trials[e][k] * level[e] * ratio[k])};
    }
    assert_true(adjust(rows, 5, 3).found);
    for (int k = 0; k < 3; k++)
        assert_true(near(rate(&out[k]), mean * ratio[k], 1e-3 * mean));
}

/* While the shares stay, a moving level does no harm: the same certainty, same rates.
 */
static void equal_shares_keep_all_information(void **state)
{
    (void)state;
    struct epoch_count rows[6] = {{10000, 100}, {10000, 120}, {10000, 500},
                                  {10000, 620}, {10000, 300}, {10000, 350}};
    assert_true(adjust(rows, 3, 2).found);
    assert_true(near((double)out[0].successes, 900, 1));
    assert_true(near((double)out[1].successes, 1090, 1));
    assert_true(near((double)out[0].trials, 30000, 60));
    assert_true(near((double)out[1].trials, 30000, 60));
}

/* 500 tests under the default policy, whose shares move, at a level that does not. */
static void without_drift_counts_are_left_alone(void **state)
{
    (void)state;
    static struct ab_test ab;
    struct trials t;
    int found = 0, tests = 500;
    trials_seed(&t, 31);
    for (int test = 0; test < tests; test++) {
        int arms = 2 + test % 5;
        for (int k = 0; k < arms; k++)
            ab.rate[k] = 0.02 * exp(0.2 * trials_normal(&t));
        ab_begin(&ab, arms, 30000, policy_find("sharpened"));
        for (int look = 0; look < 30; look++)
            ab_look(&ab, &t, 1000, 1);
        struct levels_result r = adjust(ab.counts, ab.epochs, arms);
        found += r.found;
        for (int k = 0; k < arms && !r.found; k++) {
            assert_int_equal(out[k].trials, ab.posterior[k].trials);
            assert_int_equal(out[k].successes, ab.posterior[k].successes);
        }
        assert_true(r.spread < 0.3);
    }
    assert_true(found <= 0.025 * tests); /* 1 % and noise */
}

/* Two arms, 40 epochs of which each has another level and another split. The adjusted
 * ln ratio is off by what its counts say, and not more, whereas the pooled one is lost.
 */
static void adjusted_counts_are_as_sure_as_they_say(void **state)
{
    (void)state;
    static struct epoch_count rows[80];
    struct trials t;
    int outside = 0, pooled_outside = 0, tests = 400;
    trials_seed(&t, 32);
    for (int test = 0; test < tests; test++) {
        struct epoch_count pooled[2] = {{0, 0}, {0, 0}};
        for (int e = 0; e < 40; e++) {
            double level = 0.02 * exp(0.6 * trials_normal(&t));
            double share = 0.05 + 0.9 * rng_unit(&t.rng);
            for (int k = 0; k < 2; k++) {
                int64_t n = (int64_t)(2000 * (k ? 1 - share : share));
                int64_t c = trials_binomial(&t, n, fmin(1, level * (k ? 1.2 : 1)));
                rows[2 * e + k] = (struct epoch_count){n, c};
                pooled[k].trials += n;
                pooled[k].successes += c;
            }
        }
        assert_true(adjust(rows, 40, 2).found);
        double error =
            sqrt(1.0 / (double)out[0].successes + 1.0 / (double)out[1].successes);
        outside += fabs(log(rate(&out[1]) / rate(&out[0]) / 1.2)) > 1.96 * error;
        error =
            sqrt(1.0 / (double)pooled[0].successes + 1.0 / (double)pooled[1].successes);
        pooled_outside +=
            fabs(log(rate(&pooled[1]) / rate(&pooled[0]) / 1.2)) > 1.96 * error;
    }
    assert_true(outside >= 0.02 * tests && outside <= 0.08 * tests);
    assert_true(pooled_outside > 0.3 * tests);
}

static void what_cannot_be_compared_is_not(void **state)
{
    (void)state;
    /* never beside each other, and the level may have moved */
    struct epoch_count apart[4] = {{10000, 500}, {0, 0}, {0, 0}, {10000, 100}};
    struct levels_result r = adjust(apart, 2, 2);
    assert_false(r.found); /* the ratio explains it as well as the level */
    assert_int_equal(out[0].successes, 500);
    /* arm 2 came alone, after the level is known to move */
    struct epoch_count late[9] = {{5000, 100}, {5000, 150}, {0, 0},
                                  {5000, 400}, {5000, 600}, {0, 0},
                                  {0, 0},      {0, 0},      {5000, 300}};
    assert_true(adjust(late, 3, 3).found);
    assert_true(out[2].successes <= 5 && out[2].trials <= 100);
    assert_true(out[0].successes > 300);
}

static void little_or_odd_input(void **state)
{
    (void)state;
    struct epoch_count few[4] = {{10, 5}, {10, 0}, {10, 0}, {10, 5}};
    struct levels_result r = adjust(few, 2, 2);
    assert_true(!r.found && r.p == 1 && out[0].trials == 20);
    r = adjust(few, 0, 2);
    assert_true(!r.found && out[1].trials == 0);
    struct epoch_count none[4] = {{1000000, 0}, {1000000, 0}, {0, 0}, {0, 0}};
    assert_false(adjust(none, 2, 2).found);
    /* an arm that never had a success, and counts that cannot be */
    struct epoch_count zero[6] = {{5000, 500}, {5000, 500}, {500, 0},
                                  {5000, 50},  {500, 900},  {5000, 0}};
    assert_true(adjust(zero, 2, 3).found);
    assert_true(out[2].successes == 0 && out[2].trials > 0);
    struct epoch_count lone[2] = {{5000, 500}, {5000, 50}};
    assert_true(adjust(lone, 2, 1).found);
    assert_int_equal(out[0].successes, 550);
    struct epoch_count huge[4] = {{INT64_MAX, INT64_MAX}, {1, 1}, {5, -3}, {-4, 2}};
    adjust(huge, 2, 2);
    struct epoch_table wrong = {few, 2, 0}, many = {few, 2, POSTERIOR_ARMS_MAX + 1},
                       back = {few, -1, 2};
    assert_int_equal(levels_adjust(&wrong, out, &r), ERR_OUT_OF_RANGE);
    assert_int_equal(levels_adjust(&many, out, &r), ERR_OUT_OF_RANGE);
    assert_int_equal(levels_adjust(&back, out, &r), ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_pooling_names_the_wrong_arm),
        cmocka_unit_test(contrasts_are_found_exactly),
        cmocka_unit_test(equal_shares_keep_all_information),
        cmocka_unit_test(without_drift_counts_are_left_alone),
        cmocka_unit_test(adjusted_counts_are_as_sure_as_they_say),
        cmocka_unit_test(what_cannot_be_compared_is_not),
        cmocka_unit_test(little_or_odd_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
