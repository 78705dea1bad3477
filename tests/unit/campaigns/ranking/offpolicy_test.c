/* offpolicy_test.c: the three estimators against what they must be, their intervals
 * against the truth, groups against rows. */
#include "campaigns/ranking/offpolicy.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ARMS = 3 };
static const double rate[ARMS] = {0.1, 0.2, 0.4};
static const double logged[ARMS] = {0.7, 0.2, 0.1};
static const double target[ARMS] = {0.1, 0.3, 0.6};

static void add(struct offpolicy_log *log, struct offpolicy_group g)
{
    assert_int_equal(offpolicy_add(log, &g), ERR_OK);
}

/* A model that is wrong by a third, so that DR has something to mend. */
static struct offpolicy_group row_of(int k, double r)
{
    double v = 0;
    for (int j = 0; j < ARMS; j++)
        v += target[j] * rate[j] * 2 / 3;
    return (struct offpolicy_group){.trials = 1,
                                    .reward = r,
                                    .reward_squares = r * r,
                                    .logged = logged[k],
                                    .target = target[k],
                                    .model = rate[k] * 2 / 3,
                                    .model_mean = v};
}

static double true_value(void)
{
    double v = 0;
    for (int k = 0; k < ARMS; k++)
        v += target[k] * rate[k];
    return v;
}

static int draw_arm(struct rng *r)
{
    double u = rng_unit(r);
    return u < logged[0] ? 0 : u < logged[0] + logged[1] ? 1 : 2;
}

static void exact_counts_give_the_exact_value(void **state)
{
    (void)state;
    struct offpolicy_log log = {0};
    for (int k = 0; k < ARMS; k++) {
        struct offpolicy_group g = row_of(k, 1);
        g.trials = (int64_t)round(1000 * logged[k]);
        g.reward = g.reward_squares = (double)g.trials * rate[k];
        add(&log, g);
    }
    struct offpolicy_result out = offpolicy_result(&log);
    assert_true(near(out.ips.value, true_value(), 1e-12));
    assert_true(near(out.snips.value, true_value(), 1e-12));
    assert_true(near(out.dr.value, true_value(), 1e-12));
    assert_true(near(out.mean_weight, 1, 1e-12));
    double squares = 0.1 * 0.1 / 0.7 + 0.3 * 0.3 / 0.2 + 0.6 * 0.6 / 0.1;
    assert_true(near(out.effective, 1000 / squares, 1e-9));
    assert_int_equal(out.trials, 1000);
}

/* By hand: rows (w, r) = (0.5, 1), (2, 0). */
static void intervals_by_hand(void **state)
{
    (void)state;
    struct offpolicy_log log = {0};
    add(&log, (struct offpolicy_group){.trials = 1,
                                       .reward = 1,
                                       .reward_squares = 1,
                                       .logged = 0.4,
                                       .target = 0.2});
    add(&log, (struct offpolicy_group){.trials = 1, .logged = 0.4, .target = 0.8});
    struct offpolicy_result out = offpolicy_result(&log);
    assert_true(near(out.ips.value, 0.25, 1e-12));
    double ips_se = sqrt((0.25 * 0.25 * 2) / 4);
    assert_true(near(out.ips.hi - out.ips.value, 1.959963984540054 * ips_se, 1e-12));
    double v = 0.5 / 2.5, t1 = 0.5 * (1 - v), t2 = 2 * v;
    double se = sqrt(t1 * t1 + t2 * t2) / 2.5; /* the sum of w below, not its mean */
    assert_true(near(out.snips.value, v, 1e-12));
    assert_true(near(out.snips.hi - v, 1.959963984540054 * se, 1e-12));
    assert_true(near(out.snips.lo, 2 * v - out.snips.hi, 1e-12));
    assert_true(near(out.dr.value, out.ips.value, 1e-12)); /* without a model */
}

static void groups_are_their_rows(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7);
    struct offpolicy_log rows = {0}, groups = {0};
    struct offpolicy_group sum[ARMS];
    for (int k = 0; k < ARMS; k++) {
        sum[k] = row_of(k, 0);
        sum[k].trials = 0;
    }
    for (int i = 0; i < 5000; i++) {
        int k = draw_arm(&r);
        double reward = rng_unit(&r) < rate[k] ? 5 * rng_unit(&r) : 0;
        add(&rows, row_of(k, reward));
        sum[k].trials++;
        sum[k].reward += reward;
        sum[k].reward_squares += reward * reward;
    }
    for (int k = 0; k < ARMS; k++)
        add(&groups, sum[k]);
    struct offpolicy_result a = offpolicy_result(&rows), b = offpolicy_result(&groups);
    assert_true(near(a.ips.lo, b.ips.lo, 1e-12) && near(a.ips.hi, b.ips.hi, 1e-12));
    assert_true(near(a.snips.lo, b.snips.lo, 1e-12));
    assert_true(near(a.dr.lo, b.dr.lo, 1e-12) && near(a.dr.hi, b.dr.hi, 1e-12));
    assert_true(near(a.effective, b.effective, 1e-8));
}

/* 95 % intervals hold the truth in about 95 of 100 logs. */
static void intervals_hold_the_truth(void **state)
{
    (void)state;
    enum { LOGS = 1000 };
    struct rng r;
    int ips = 0, snips = 0, dr = 0;
    rng_seed(&r, 3);
    for (int i = 0; i < LOGS; i++) {
        struct offpolicy_log log = {0};
        for (int n = 0; n < 1000; n++) {
            int k = draw_arm(&r);
            add(&log, row_of(k, rng_unit(&r) < rate[k]));
        }
        struct offpolicy_result out = offpolicy_result(&log);
        ips += out.ips.lo <= true_value() && true_value() <= out.ips.hi;
        snips += out.snips.lo <= true_value() && true_value() <= out.snips.hi;
        dr += out.dr.lo <= true_value() && true_value() <= out.dr.hi;
    }
    assert_in_range(ips, 930, 970);
    assert_in_range(snips, 930, 970);
    assert_in_range(dr, 930, 970);
}

static void weights_are_clipped_at_20(void **state)
{
    (void)state;
    struct offpolicy_log log = {0};
    add(&log, (struct offpolicy_group){.trials = 3,
                                       .reward = 1,
                                       .reward_squares = 1,
                                       .logged = 0.01,
                                       .target = 0.2});
    assert_int_equal(log.clipped, 0);
    assert_true(near(log.weight, 60, 1e-9));
    add(&log, (struct offpolicy_group){.trials = 2, .logged = 0.01, .target = 0.9});
    assert_int_equal(offpolicy_result(&log).clipped, 2);
    assert_true(near(log.weight, 100, 1e-9));
}

static void wrong_input_is_refused(void **state)
{
    (void)state;
    struct offpolicy_log log = {0};
    struct offpolicy_group good = row_of(0, 1), bad = good;
    assert_true(offpolicy_result(&log).effective == 0);
    bad.logged = 0;
    assert_int_equal(offpolicy_add(&log, &bad), ERR_OUT_OF_RANGE);
    bad.logged = 1.01;
    assert_int_equal(offpolicy_add(&log, &bad), ERR_OUT_OF_RANGE);
    bad = good;
    bad.target = -0.1;
    assert_int_equal(offpolicy_add(&log, &bad), ERR_OUT_OF_RANGE);
    bad.target = NAN;
    assert_int_equal(offpolicy_add(&log, &bad), ERR_OUT_OF_RANGE);
    bad = good;
    bad.trials = -1;
    assert_int_equal(offpolicy_add(&log, &bad), ERR_OUT_OF_RANGE);
    bad = good;
    bad.reward = INFINITY;
    assert_int_equal(offpolicy_add(&log, &bad), ERR_OUT_OF_RANGE);
    assert_int_equal(log.trials, 0);
    good.target = 0; /* an arm that the target never shows */
    add(&log, good);
    assert_true(offpolicy_result(&log).snips.value == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_counts_give_the_exact_value),
        cmocka_unit_test(intervals_by_hand),
        cmocka_unit_test(groups_are_their_rows),
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(weights_are_clipped_at_20),
        cmocka_unit_test(wrong_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
