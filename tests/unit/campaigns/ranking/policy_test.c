/* policy_test.c: the list of policies, the floor, sharpened Thompson. */
#include "campaigns/ranking/policy.h"
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

static void share_with(const double *p, int count, int64_t used, int64_t horizon,
                       double *shares)
{
    struct posterior_arm arms[POSTERIOR_ARMS_MAX] = {{0}};
    for (int k = 0; k < count; k++)
        arms[k].p_best = p[k];
    struct policy_input in = {arms, count, used, horizon};
    policy_find("sharpened")->shares(&in, shares);
    assert_shares(shares, count);
}

static void the_power_grows_with_the_traffic(void **state)
{
    (void)state;
    static const struct {
        int64_t used, horizon;
        double power;
    } cases[] = {{0, 1000, 1},    {250, 1000, 2}, {500, 1000, 3}, {1000, 1000, 5},
                 {9000, 1000, 5}, {-5, 1000, 1},  {0, 0, 2},      {500, 0, 2}};
    const double p[] = {0.4, 0.35, 0.25};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double shares[3], g = cases[i].power, sum = 0;
        share_with(p, 3, cases[i].used, cases[i].horizon, shares);
        for (int k = 0; k < 3; k++)
            sum += pow(p[k], g);
        for (int k = 0; k < 3; k++)
            assert_true(near(shares[k], pow(p[k], g) / sum, 1e-12));
    }
}

static void a_sure_loser_keeps_the_floor(void **state)
{
    (void)state;
    const double p[] = {1 - 1e-300, 1e-300, 0};
    double shares[3];
    share_with(p, 3, 1000, 1000, shares);
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
        cmocka_unit_test(the_power_grows_with_the_traffic),
        cmocka_unit_test(a_sure_loser_keeps_the_floor),
        cmocka_unit_test(no_evidence_gives_equal_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
