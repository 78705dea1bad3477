/* policies_test.c: what every policy of policies.def promises, then each one's own
 * rule.
 */
#include "campaigns/ranking/policy.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_shares(const double *shares, int count)
{
    double sum = 0;
    for (int k = 0; k < count; k++) {
        assert_true(shares[k] >= policy_floor);
        sum += shares[k];
    }
    assert_true(near(sum, 1, 1e-9));
}

static void rank(struct posterior_arm *arms, int count)
{
    struct posterior_result out;
    assert_int_equal(posterior_rank(arms, count, &posterior_prior_default, &out),
                     ERR_OK);
}

/* Runs the policy twice: what it says depends on nothing but its input. */
static void share(const char *name, struct posterior_arm *arms, int count, int64_t used,
                  int64_t horizon, double *shares)
{
    double again[POSTERIOR_ARMS_MAX];
    struct policy_input in = {arms, count, used, horizon};
    memset(shares, 0x7f, (size_t)count * sizeof *shares);
    memset(again, 0xff, sizeof again);
    policy_find(name)->shares(&in, shares);
    policy_find(name)->shares(&in, again);
    assert_memory_equal(shares, again, (size_t)count * sizeof *shares);
    assert_shares(shares, count);
}

/* Counts of one case; odd cases are lopsided, some are far beyond any real campaign. */
static void fill(struct posterior_arm *arms, int count, int kind)
{
    memset(arms, 0, (size_t)count * sizeof *arms);
    for (int k = 0; k < count; k++) {
        int64_t n[] = {0, 1, 300 * (k + 1), 4000, k == 0 ? 1000000 : 0, 1000000000000};
        int64_t c[] = {0, k == 0, 4 * k, 60, k == 0 ? 20000 : 0, 14000000000 + k};
        arms[k].trials = n[kind];
        arms[k].successes = c[kind];
    }
    rank(arms, count);
}

static void every_policy_keeps_the_contract(void **state)
{
    (void)state;
    struct posterior_arm arms[POSTERIOR_ARMS_MAX];
    double shares[POSTERIOR_ARMS_MAX];
    static const int64_t traffic[][2] = {{0, 0},       {0, 1},
                                         {-5, 1000},   {500, 1000},
                                         {5000, 1000}, {1000000000000, 1000000000000},
                                         {40000, 0}};
    for (size_t i = 0; policy_at(i); i++)
        for (int kind = 0; kind < 6; kind++)
            for (int count = 1; count <= POSTERIOR_ARMS_MAX; count += count < 5 ? 1 : 7)
                for (size_t t = 0; t < sizeof traffic / sizeof *traffic; t++) {
                    fill(arms, count, kind);
                    share(policy_at(i)->name, arms, count, traffic[t][0], traffic[t][1],
                          shares);
                    assert_true(count > 1 || shares[0] == 1);
                }
}

/* Without data no arm has earned more than another. */
static void no_evidence_is_an_equal_split_in_every_policy(void **state)
{
    (void)state;
    for (size_t i = 0; policy_at(i); i++)
        for (int count = 1; count <= POSTERIOR_ARMS_MAX; count++) {
            struct posterior_arm arms[POSTERIOR_ARMS_MAX];
            double shares[POSTERIOR_ARMS_MAX];
            fill(arms, count, 0);
            share(policy_at(i)->name, arms, count, 0, 10000, shares);
            for (int k = 0; k < count; k++)
                assert_true(near(shares[k], 1.0 / count, 1e-6));
        }
}

/* An arm's place in the list is not its merit. */
static void every_policy_ignores_the_order(void **state)
{
    (void)state;
    for (size_t i = 0; policy_at(i); i++) {
        struct posterior_arm arms[3] = {{.trials = 3000, .successes = 40},
                                        {.trials = 2500, .successes = 50},
                                        {.trials = 900, .successes = 9}};
        struct posterior_arm turned[3] = {arms[2], arms[0], arms[1]};
        double a[3], b[3];
        rank(arms, 3);
        rank(turned, 3);
        share(policy_at(i)->name, arms, 3, 6400, 20000, a);
        share(policy_at(i)->name, turned, 3, 6400, 20000, b);
        for (int k = 0; k < 3; k++)
            assert_true(near(a[k], b[(k + 1) % 3], 1e-6));
    }
}

static void share_p(const char *name, const double *p, int count, double *shares)
{
    struct posterior_arm arms[POSTERIOR_ARMS_MAX] = {{0}};
    for (int k = 0; k < count; k++) {
        arms[k].p_best = p[k];
        arms[k].mean = 0.01 + p[k] / 1000;
    }
    share(name, arms, count, 100, 1000, shares);
}

static void thompson_is_p_best(void **state)
{
    (void)state;
    const double p[] = {0.6, 0.3, 0.1};
    double shares[3];
    share_p("thompson", p, 3, shares);
    for (int k = 0; k < 3; k++)
        assert_true(near(shares[k], p[k], 1e-12));
}

static void fixed_is_equal(void **state)
{
    (void)state;
    const double p[] = {0.9, 0.1, 0, 0};
    double shares[4];
    share_p("fixed", p, 4, shares);
    for (int k = 0; k < 4; k++)
        assert_true(near(shares[k], 0.25, 1e-12));
}

static void epsilon_gives_a_tenth_to_all(void **state)
{
    (void)state;
    const double p[] = {0.2, 0.7, 0.1, 0}, tied[] = {0.45, 0.1, 0.45};
    double shares[4];
    share_p("epsilon", p, 4, shares);
    assert_true(near(shares[1], 0.925, 1e-12));
    assert_true(near(shares[0], 0.025, 1e-12) && near(shares[3], 0.025, 1e-12));
    share_p("epsilon", tied, 3, shares);
    assert_true(near(shares[0], 0.45 + 0.1 / 3, 1e-12) && shares[0] == shares[2]);
}

/* Drawn on paper: the first by P, the second by P among the others. */
static void top_two_halves_between_leader_and_challenger(void **state)
{
    (void)state;
    const double p[] = {0.8, 0.15, 0.05}, sure[] = {1, 0, 0};
    double shares[3], expected[3];
    for (int k = 0; k < 3; k++) {
        expected[k] = 0.5 * p[k];
        for (int j = 0; j < 3; j++)
            if (j != k)
                expected[k] += 0.5 * p[j] * p[k] / (1 - p[j]);
    }
    share_p("top_two", p, 3, shares);
    for (int k = 0; k < 3; k++)
        assert_true(near(shares[k], expected[k], 1e-12));
    assert_true(shares[0] < 0.6 && shares[1] > 0.3);
    share_p("top_two", sure, 3, shares);
    assert_true(near(shares[0], 0.98, 1e-9));
}

/* Equal rates: the one that fewer have seen is less sure, so it comes first; and after
 * enough of them the better one, though seldom seen by the other's luck. */
static void ucb1_tuned_prefers_what_is_unsure(void **state)
{
    (void)state;
    struct posterior_arm arms[2] = {{.trials = 8000, .successes = 160},
                                    {.trials = 2000, .successes = 40}};
    double shares[2];
    rank(arms, 2);
    share("ucb1_tuned", arms, 2, 10000, 0, shares);
    assert_true(shares[1] > 0.95);
    struct posterior_arm late[2] = {{.trials = 8000000, .successes = 160000},
                                    {.trials = 2000000, .successes = 20000}};
    rank(late, 2);
    share("ucb1_tuned", late, 2, 10000000, 0, shares);
    assert_true(shares[0] > 0.95);
    struct posterior_arm fresh[2] = {{.trials = 8000, .successes = 160}, {.trials = 0}};
    rank(fresh, 2);
    share("ucb1_tuned", fresh, 2, 8000, 0, shares);
    assert_true(shares[1] > 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_policy_keeps_the_contract),
        cmocka_unit_test(no_evidence_is_an_equal_split_in_every_policy),
        cmocka_unit_test(every_policy_ignores_the_order),
        cmocka_unit_test(thompson_is_p_best),
        cmocka_unit_test(fixed_is_equal),
        cmocka_unit_test(epsilon_gives_a_tenth_to_all),
        cmocka_unit_test(top_two_halves_between_leader_and_challenger),
        cmocka_unit_test(ucb1_tuned_prefers_what_is_unsure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
