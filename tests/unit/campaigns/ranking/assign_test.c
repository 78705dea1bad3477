/* assign_test.c: sticky, in proportion, fewest moves, and never to change. */
#include "campaigns/ranking/assign.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { USERS = 20000 };

static const struct assign_arm four[] = {
    {"v1", 0.5}, {"v2", 0.3}, {"v3", 0.15}, {"v4", 0.05}};

static int pick(int user, const struct assign_arm *arms, int count)
{
    char name[32];
    snprintf(name, sizeof name, "user-%d", user);
    return assign_pick("spring", "web", name, arms, count);
}

/* 25.9: chi-square with 3 degrees of freedom passes it once in 100,000. */
static void assert_fits(const int *counts, const double *shares, int count, int total)
{
    double chi = 0;
    for (int k = 0; k < count; k++) {
        double expected = shares[k] * total;
        chi += (counts[k] - expected) * (counts[k] - expected) / expected;
    }
    assert_true(chi < 25.9);
}

static void shares_follow_the_weights(void **state)
{
    (void)state;
    int counts[4] = {0};
    double shares[4];
    for (int user = 0; user < USERS; user++)
        counts[pick(user, four, 4)]++;
    for (int k = 0; k < 4; k++)
        shares[k] = four[k].weight;
    assert_fits(counts, shares, 4, USERS);
}

static void scale_and_order_do_not_matter(void **state)
{
    (void)state;
    struct assign_arm turned[4];
    for (int k = 0; k < 4; k++)
        turned[3 - k] = (struct assign_arm){four[k].variant, four[k].weight * 1024};
    for (int user = 0; user < 2000; user++)
        assert_int_equal(pick(user, four, 4), 3 - pick(user, turned, 4));
}

/* v1 loses 0.2, v3 wins it: nobody moves between v2 and v4. */
static void a_change_of_weights_moves_the_fewest(void **state)
{
    (void)state;
    struct assign_arm after[4] = {four[0], four[1], four[2], four[3]};
    after[0].weight = 0.3;
    after[2].weight = 0.35;
    int moved = 0;
    for (int user = 0; user < USERS; user++) {
        int old = pick(user, four, 4), new = pick(user, after, 4);
        if (old == new)
            continue;
        moved++;
        assert_true(old == 0 || new == 2); /* out of the loser or into the winner */
    }
    /* 0.2 is the least; through v2 and v4 a little more may pass */
    assert_true(moved > 0.18 * USERS && moved < 0.30 * USERS);
}

static void one_lighter_arm_only_gives(void **state)
{
    (void)state;
    struct assign_arm after[4] = {four[0], four[1], four[2], four[3]};
    after[1].weight = 0.1;
    int moved = 0;
    for (int user = 0; user < USERS; user++) {
        int old = pick(user, four, 4), new = pick(user, after, 4);
        assert_true(old == new || old == 1);
        moved += old != new;
    }
    /* 0.3 to 0.1 / 0.8 of the users */
    assert_true(fabs(moved - 0.175 * USERS) < 0.015 * USERS);
}

static void a_retired_arm_leaves_the_others_alone(void **state)
{
    (void)state;
    struct assign_arm after[4] = {four[0], four[1], {"v3", 0}, four[3]};
    for (int user = 0; user < USERS; user++) {
        int old = pick(user, four, 4), new = pick(user, after, 4);
        assert_true(old == 2 ? new != 2 : new == old);
    }
}

static void no_weight_gives_none(void **state)
{
    (void)state;
    const struct assign_arm none[] = {{"v1", 0}, {"v2", -1}, {"v3", NAN}};
    assert_int_equal(pick(1, none, 3), -1);
    assert_int_equal(pick(1, none, 0), -1);
    const struct assign_arm one[] = {{"v1", 0}, {"v2", 1e-300}};
    for (int user = 0; user < 100; user++)
        assert_int_equal(pick(user, one, 2), 1);
}

/* Joint counts of two placements of the same users, and of two campaigns. */
static void placements_and_campaigns_are_independent(void **state)
{
    (void)state;
    const struct assign_arm two[] = {{"v1", 0.5}, {"v2", 0.5}};
    int places[4] = {0}, campaigns[4] = {0};
    const double quarter[] = {0.25, 0.25, 0.25, 0.25};
    for (int user = 0; user < USERS; user++) {
        char name[32];
        snprintf(name, sizeof name, "user-%d", user);
        int here = assign_pick("spring", "web", name, two, 2);
        places[2 * here + assign_pick("spring", "sms", name, two, 2)]++;
        campaigns[2 * here + assign_pick("autumn", "web", name, two, 2)]++;
    }
    assert_fits(places, quarter, 4, USERS);
    assert_fits(campaigns, quarter, 4, USERS);
}

static void holdout_is_its_share_and_only_grows(void **state)
{
    (void)state;
    static const double shares[] = {0.01, 0.1, 0.2, 0.5};
    int held[4] = {0}, both[4] = {0};
    for (int user = 0; user < USERS; user++) {
        char name[32];
        snprintf(name, sizeof name, "user-%d", user);
        assert_false(assign_is_holdout("spring", name, 0));
        assert_false(assign_is_holdout("spring", name, NAN));
        for (int s = 0; s < 4; s++) {
            bool in = assign_is_holdout("spring", name, shares[s]);
            held[s] += in;
            assert_true(!in || s == 3 ||
                        assign_is_holdout("spring", name, shares[s + 1]));
        }
        both[2 * assign_is_holdout("spring", name, 0.5) + (pick(user, four, 4) > 0)]++;
    }
    for (int s = 0; s < 4; s++) {
        int counts[2] = {held[s], USERS - held[s]};
        assert_fits(counts, (double[]){shares[s], 1 - shares[s]}, 2, USERS);
    }
    /* independent of the arm: v1 has half of the weight */
    assert_fits(both, (double[]){0.25, 0.25, 0.25, 0.25}, 4, USERS);
}

/* Served once, served for ever: these values are part of the public behaviour. */
static void golden_values_never_change(void **state)
{
    (void)state;
    static const char golden[] =
        "231111312213121331231111122213121123313211132121112311132233";
    static const char held[] =
        "...h....h.h...h..hh...hh...hh.h....hh......h..h.......h.....";
    for (int user = 0; user < 60; user++) {
        char name[32];
        snprintf(name, sizeof name, "user-%d", user);
        assert_int_equal('1' + pick(user, four, 4), golden[user]);
        assert_int_equal(assign_is_holdout("spring", name, 0.2) ? 'h' : '.',
                         held[user]);
    }
}

static void names_do_not_run_together(void **state)
{
    (void)state;
    const struct assign_arm many[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1},
                                      {"e", 1}, {"f", 1}, {"g", 1}, {"h", 1}};
    int same = 0;
    for (int user = 0; user < 1000; user++) {
        char x[32], y[32];
        snprintf(x, sizeof x, "%d", user);
        snprintf(y, sizeof y, "b%d", user);
        same += assign_pick("c", "ab", x, many, 8) == assign_pick("c", "a", y, many, 8);
    }
    assert_true(same < 200); /* 125 by chance */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_the_weights),
        cmocka_unit_test(scale_and_order_do_not_matter),
        cmocka_unit_test(a_change_of_weights_moves_the_fewest),
        cmocka_unit_test(one_lighter_arm_only_gives),
        cmocka_unit_test(a_retired_arm_leaves_the_others_alone),
        cmocka_unit_test(no_weight_gives_none),
        cmocka_unit_test(placements_and_campaigns_are_independent),
        cmocka_unit_test(holdout_is_its_share_and_only_grows),
        cmocka_unit_test(golden_values_never_change),
        cmocka_unit_test(names_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
