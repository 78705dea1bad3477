/* policy_test.c: the list of policies, the floor, the default. */
#include "campaigns/ranking/policy.h"
#include "campaigns/ranking/reach.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_policy_is_found_by_name(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct policy *p; (p = policy_at(count)); count++) {
        assert_ptr_equal(policy_find(p->name), p);
        assert_true(strlen(p->meaning) > 10 && p->shares);
    }
    assert_true(count >= 1);
    assert_null(policy_at(count + 1));
    assert_null(policy_find("sharpene"));
    assert_null(policy_find(""));
}

static void assert_shares(const double *shares, int count)
{
    double sum = 0;
    for (int k = 0; k < count; k++) {
        assert_true(shares[k] >= (count > 100 ? 1.0 / count : policy_floor));
        sum += shares[k];
    }
    assert_true(near(sum, 1, 1e-9));
}

static void floor_keeps_the_proportions_above_it(void **state)
{
    (void)state;
    double shares[] = {6, 3, 0, 0.05};
    policy_apply_floor(shares, 4);
    assert_shares(shares, 4);
    assert_true(shares[2] == 0.01 && shares[3] == 0.01);
    assert_true(near(shares[0], 0.98 * 2 / 3, 1e-12));
    assert_true(near(shares[1], 0.98 / 3, 1e-12));
}

static void floor_pulls_others_under_it(void **state)
{
    (void)state;
    double shares[50] = {0.5, 0.0105, 0.0103};
    for (int k = 3; k < 10; k++)
        shares[k] = 0.0685;
    policy_apply_floor(shares, 50); /* 40 arms lifted: the rest shrinks to 60 % */
    assert_shares(shares, 50);
    assert_true(shares[1] == 0.01 && shares[2] == 0.01);
    assert_true(near(shares[0] / shares[3], 0.5 / 0.0685, 1e-9));
}

static void floor_survives_what_is_no_share(void **state)
{
    (void)state;
    double odd[] = {NAN, -1, INFINITY, 2};
    policy_apply_floor(odd, 4);
    assert_shares(odd, 4);
    assert_true(near(odd[3], 0.97, 1e-12));
    double none[] = {0, NAN, -3};
    policy_apply_floor(none, 3);
    assert_true(none[0] == none[1] && none[1] == none[2]);
    assert_shares(none, 3);
    double huge[] = {1e308, 1e308, 1e308};
    policy_apply_floor(huge, 3);
    assert_shares(huge, 3);
}

static void many_arms_have_equal_shares(void **state)
{
    (void)state;
    double shares[250] = {1};
    for (int count = 98; count <= 250; count++) {
        memset(shares, 0, sizeof shares);
        shares[0] = 1;
        policy_apply_floor(shares, count);
        assert_shares(shares, count);
        assert_true(count < 100 || shares[0] == shares[count - 1]);
    }
    double one = 0.3;
    policy_apply_floor(&one, 1);
    assert_true(one == 1);
}

static void share_counts(int64_t scale, int64_t used, int64_t horizon, double *shares)
{
    struct posterior_arm arms[3] = {{.trials = 100 * scale, .successes = 2 * scale},
                                    {.trials = 80 * scale, .successes = scale},
                                    {.trials = 60 * scale, .successes = scale}};
    struct posterior_result out;
    assert_int_equal(posterior_rank(arms, 3, &posterior_prior_default, &out), ERR_OK);
    struct policy_input in = {arms, 3, used, horizon};
    policy_find("sharpened")->shares(&in, shares);
    assert_shares(shares, 3);
}

/* shares = gain^G, with the numbers worked out beside the code. */
static void shares_are_gains_to_the_power(void **state)
{
    (void)state;
    static const struct {
        int64_t used, horizon;
        double reach, used_part;
    } cases[] = {{9600, 40000, 38400, 0.24}, {9600, 9600, 1920, 1}, {90, 90, 18, 1},
                 {500000, 9600, 1920, 1},    {9600, 0, 10600, 0},   {-5, 0, 1000, 0},
                 {-5, 40000, 48000, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct posterior_arm arms[3] = {{.trials = 4000, .successes = 68},
                                        {.trials = 3200, .successes = 50},
                                        {.trials = 2400, .successes = 36}};
        struct posterior_result out;
        double gains[3], shares[3];
        assert_int_equal(posterior_rank(arms, 3, &posterior_prior_default, &out),
                         ERR_OK);
        struct policy_input in = {arms, 3, cases[i].used, cases[i].horizon};
        policy_find("sharpened")->shares(&in, shares);
        reach_gains(arms, 3, cases[i].reach, gains);
        double g = 0.8 * pow((10 + 154) * 3, 0.1) * (1 + cases[i].used_part / 5),
               sum = 0;
        for (int k = 0; k < 3; k++) {
            gains[k] = pow(gains[k], g);
            sum += gains[k];
        }
        for (int k = 0; k < 3; k++)
            gains[k] /= sum;
        policy_apply_floor(gains, 3);
        for (int k = 0; k < 3; k++)
            assert_true(near(shares[k], gains[k], 1e-12));
    }
}

static void it_grows_sharper_with_the_traffic(void **state)
{
    (void)state;
    double before = 0;
    for (int part = 1; part <= 5; part++) { /* the same counts, later in the plan */
        double shares[3];
        share_counts(10, 2000 * part, 10000, shares);
        assert_true(shares[0] > before + 0.01);
        before = shares[0];
    }
    double few[3], many[3];
    share_counts(10, 2400, 0, few);
    share_counts(100, 24000, 0, many);
    assert_true(many[0] > few[0] + 0.05);
}

static void a_sure_loser_keeps_the_floor(void **state)
{
    (void)state;
    double shares[3];
    share_counts(100000000, 24000000000, 0, shares);
    assert_true(shares[1] == 0.01 && shares[2] == 0.01);
    assert_true(near(shares[0], 0.98, 1e-12));
}

static void no_evidence_gives_equal_shares(void **state)
{
    (void)state;
    for (int count = 1; count <= POSTERIOR_ARMS_MAX; count++) {
        struct posterior_arm arms[POSTERIOR_ARMS_MAX] = {{0}};
        struct posterior_result out;
        assert_int_equal(posterior_rank(arms, count, &posterior_prior_default, &out),
                         ERR_OK);
        double shares[POSTERIOR_ARMS_MAX];
        struct policy_input in = {arms, count, 0, 0};
        policy_find("sharpened")->shares(&in, shares);
        assert_shares(shares, count);
        for (int k = 0; k < count; k++)
            assert_true(near(shares[k], 1.0 / count, 1e-9));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_policy_is_found_by_name),
        cmocka_unit_test(floor_keeps_the_proportions_above_it),
        cmocka_unit_test(floor_pulls_others_under_it),
        cmocka_unit_test(floor_survives_what_is_no_share),
        cmocka_unit_test(many_arms_have_equal_shares),
        cmocka_unit_test(shares_are_gains_to_the_power),
        cmocka_unit_test(it_grows_sharper_with_the_traffic),
        cmocka_unit_test(a_sure_loser_keeps_the_floor),
        cmocka_unit_test(no_evidence_gives_equal_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
