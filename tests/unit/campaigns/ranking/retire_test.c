/* retire_test.c: each clause of losing, of being replaced, and the child's prior. */
#include "campaigns/ranking/retire.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ARMS = 4 };

/* Arm 0 leads; arms 2 and 3 lose by every clause, at their bounds. Level 0.02: 1,000
 * trials are needed. */
struct scene {
    struct posterior_arm posterior[ARMS];
    struct retire_arm arms[ARMS];
    struct posterior_result ranked;
};

static struct scene *scene_new(void **state)
{
    static struct scene scene;
    *state = &scene;
    scene = (struct scene){
        .posterior = {{.mean = 0.04, .p_best = 0.6, .trials = 9000},
                      {.mean = 0.039, .p_best = 0.35, .trials = 9000},
                      {.mean = 0.02, .p_best = 0.049, .trials = 1000},
                      {.mean = 0.01, .p_best = 0.001, .trials = 1000}},
        .ranked = {.level = 0.02, .leader = 0},
    };
    for (int k = 0; k < ARMS; k++) {
        scene.posterior[k].expected_loss = 0.0401 - scene.posterior[k].mean;
        scene.arms[k].posterior = &scene.posterior[k];
    }
    return &scene;
}

static int setup(void **state)
{
    scene_new(state);
    return 0;
}

static int judge(struct scene *s, int64_t min_trials)
{
    int retired = 0;
    retire_judge(s->arms, ARMS, &s->ranked, min_trials);
    for (int k = 0; k < ARMS; k++)
        retired += s->arms[k].retire;
    return retired;
}

static void two_batches_running_retire(void **state)
{
    struct scene *s = *state;
    assert_int_equal(judge(s, 0), 0);
    assert_int_equal(s->arms[2].losing_batches, 1);
    assert_int_equal(judge(s, 0), 2);
    assert_true(s->arms[2].retire && s->arms[3].retire);
    assert_int_equal(s->arms[0].losing_batches, 0);
    assert_int_equal(s->arms[1].losing_batches, 0);
}

static void a_batch_between_starts_again(void **state)
{
    struct scene *s = *state;
    judge(s, 0);
    s->posterior[2].p_best = 0.05; /* not under 5 % */
    assert_int_equal(judge(s, 0), 1);
    assert_int_equal(s->arms[2].losing_batches, 0);
    s->posterior[2].p_best = 0.049;
    assert_int_equal(judge(s, 0), 1);
    assert_true(!s->arms[2].retire && s->arms[3].retire);
    assert_int_equal(judge(s, 0), 2);
}

static void a_small_loss_stays(void **state)
{
    struct scene *s = *state;
    s->posterior[2].expected_loss = 0.0004; /* 1 % of the leader's mean: not over it */
    judge(s, 0);
    assert_int_equal(judge(s, 0), 1);
    assert_false(s->arms[2].retire);
    s->posterior[2].expected_loss = 0.00041;
    judge(s, 0);
    assert_int_equal(judge(s, 0), 2);
}

static int judge_twice(void **state, int64_t trials, double level, int64_t min_trials)
{
    struct scene *s = scene_new(state);
    s->posterior[2].trials = s->posterior[3].trials = trials;
    s->ranked.level = level;
    judge(s, min_trials);
    return judge(s, min_trials);
}

static void too_few_trials_stay(void **state)
{
    assert_int_equal(judge_twice(state, 999, 0.02, 0), 0); /* 20 / level */
    assert_int_equal(judge_twice(state, 1000, 0.02, 0), 2);
    assert_int_equal(judge_twice(state, 199, 0.5, 0), 0); /* 200 by default */
    assert_int_equal(judge_twice(state, 200, 0.5, 0), 2);
    assert_int_equal(judge_twice(state, 4999, 0.5, 5000), 0);
    assert_int_equal(judge_twice(state, 5000, 0.5, 5000), 2);
    assert_int_equal(judge_twice(state, 50, 0.5, 50), 2);
    assert_int_equal(judge_twice(state, 1000, 0, 0), 0); /* no level: never enough */
}

static void control_and_leader_stay(void **state)
{
    struct scene *s = *state;
    s->arms[2].is_control = true;
    judge(s, 0);
    assert_int_equal(judge(s, 0), 1);
    assert_false(s->arms[2].retire);
    s->ranked.leader = 3; /* of the lowest mean here, to show that the index decides */
    s->arms[2].is_control = false;
    assert_int_equal(judge(s, 0), 1);
    assert_true(s->arms[2].retire && !s->arms[3].retire);
}

static void two_arms_stay_and_the_worst_goes_first(void **state)
{
    struct scene *s = *state;
    s->posterior[1] = s->posterior[2];
    s->posterior[1].mean = 0.03;
    judge(s, 0);
    assert_int_equal(judge(s, 0), 2);
    assert_true(!s->arms[1].retire && s->arms[2].retire && s->arms[3].retire);
    retire_judge(s->arms, 2, &s->ranked, 0);
    assert_int_equal(s->arms[1].losing_batches, 3);
    assert_false(s->arms[1].retire);
    retire_judge(s->arms, 1, &s->ranked, 0);
    assert_false(s->arms[0].retire);
}

/* A real ranking: the loser goes after two batches and not before it has data. */
static void ranked_arms_are_judged(void **state)
{
    (void)state;
    struct posterior_arm p[3] = {{.trials = 20000, .successes = 400},
                                 {.trials = 20000, .successes = 390},
                                 {.trials = 20000, .successes = 200}};
    struct retire_arm arms[3] = {
        {.posterior = &p[0]}, {.posterior = &p[1]}, {.posterior = &p[2]}};
    struct posterior_result ranked;
    assert_int_equal(posterior_rank(p, 3, &posterior_prior_default, &ranked), ERR_OK);
    retire_judge(arms, 3, &ranked, 0);
    retire_judge(arms, 3, &ranked, 0);
    assert_true(!arms[0].retire && !arms[1].retire && arms[2].retire);
}

static struct retire_plan_input plan(const struct posterior_arm *live, int count)
{
    return (struct retire_plan_input){.live = live,
                                      .live_count = count,
                                      .retired = 2,
                                      .wanted = 6,
                                      .level = 0.014,
                                      .round = 1,
                                      .max_rounds = 3};
}

static void children_fill_up_to_wanted(void **state)
{
    (void)state;
    struct posterior_arm live[POSTERIOR_ARMS_MAX] = {
        {.a = 30, .b = 2000, .mean = 0.015}};
    for (int k = 1; k < POSTERIOR_ARMS_MAX; k++)
        live[k] = live[0];
    struct retire_plan_input in = plan(live, 4);
    assert_int_equal(retire_children(&in), 2);
    in.retired = 0;
    assert_int_equal(retire_children(&in), 0);
    in = plan(live, 4);
    in.round = 3;
    assert_int_equal(retire_children(&in), 0);
    in = plan(live, 6);
    assert_int_equal(retire_children(&in), 0);
    in = plan(live, 9);
    assert_int_equal(retire_children(&in), 0);
    in = plan(live, POSTERIOR_ARMS_MAX - 1);
    in.wanted = 100;
    assert_int_equal(retire_children(&in), 1);
    in.live_count = POSTERIOR_ARMS_MAX;
    in.horizon = 1000;
    assert_int_equal(retire_children(&in), 0);
}

/* E[(theta_new - theta_best)+] for one live arm, known well: by summing (1 - F). */
static void children_must_pay_within_the_horizon(void **state)
{
    (void)state;
    /* the child: half of the lift over the level 0.014, half of the prior's strength */
    double best = 0.016, a = 0.015 * 875, b = 0.985 * 875, gain = 0;
    for (int i = 0; i < 8000; i++)
        gain += 1e-5 * (1 - oracle_cdf(a, b, best + (i + 0.5) * 1e-5));
    struct posterior_arm live = {.a = best * 1e9, .b = (1 - best) * 1e9, .mean = best};
    struct retire_plan_input in = plan(&live, 1);
    int64_t enough = (int64_t)(1 / gain);
    in.used = 5000;
    in.horizon = 5000 + (int64_t)(0.99 * (double)enough);
    assert_int_equal(retire_children(&in), 0);
    in.horizon = 5000 + (int64_t)(1.01 * (double)enough);
    assert_int_equal(retire_children(&in), 5);
    in.used = in.horizon;
    assert_int_equal(retire_children(&in), 0);
    in.used = in.horizon + 100000;
    assert_int_equal(retire_children(&in), 0);
    live.a = 0.5e9; /* far above any child */
    live.b = 0.5e9;
    live.mean = 0.5;
    in.used = 0;
    in.horizon = 100000000;
    assert_int_equal(retire_children(&in), 0);
}

static void children_start_half_way_to_the_parent(void **state)
{
    (void)state;
    struct posterior_arm parent = {.mean = 0.021};
    double mean, weight;
    retire_child_prior(&parent, 0.014, &posterior_prior_default, &mean, &weight);
    assert_true(near(mean, 0.014 * 1.25, 1e-15)); /* half of +50 % */
    assert_true(near(weight, 875, 1e-12));
    struct posterior_prior strong = {0.014, 180, 1e9};
    parent.mean = 0.007;
    retire_child_prior(&parent, 0.014, &strong, &mean, &weight);
    assert_true(near(mean, 0.014 * 0.75, 1e-15));
    assert_true(near(weight, 10000, 1e-9));
    parent.mean = 0;
    retire_child_prior(&parent, 0, &posterior_prior_default, &mean, &weight);
    assert_true(mean > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_batches_running_retire, setup),
        cmocka_unit_test_setup(a_batch_between_starts_again, setup),
        cmocka_unit_test_setup(a_small_loss_stays, setup),
        cmocka_unit_test(too_few_trials_stay),
        cmocka_unit_test_setup(control_and_leader_stay, setup),
        cmocka_unit_test_setup(two_arms_stay_and_the_worst_goes_first, setup),
        cmocka_unit_test(ranked_arms_are_judged),
        cmocka_unit_test(children_fill_up_to_wanted),
        cmocka_unit_test(children_must_pay_within_the_horizon),
        cmocka_unit_test(children_start_half_way_to_the_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
