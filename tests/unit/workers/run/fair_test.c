/* fair_test.c: who is next, in numbers. */
#include "workers/run/fair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FLOWS_MAX 8

struct line { /* flows that always have one more call to make */
    struct fair fair;
    struct fair_flow flows[FLOWS_MAX];
    int64_t cost[FLOWS_MAX]; /* of each call */
    int64_t tokens[FLOWS_MAX];
    int calls[FLOWS_MAX];
};

static void begin(struct line *l)
{
    *l = (struct line){.calls = {0}};
    fair_init(&l->fair);
    for (int i = 0; i < FLOWS_MAX; i++) {
        fair_flow_init(&l->flows[i]);
        l->cost[i] = 500;
    }
}

static int setup(void **state)
{
    *state = malloc(sizeof(struct line));
    if (!*state)
        return -1;
    begin(*state);
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void join(struct line *l, int i, enum fair_lane_name lane)
{
    fair_join(&l->fair, &l->flows[i], lane);
}

/* The flow whose turn it is, -1 = nobody's. */
static int peek(struct line *l)
{
    const struct fair_flow *flow = fair_next(&l->fair);
    return flow ? (int)(flow - l->flows) : -1;
}

static int call(struct line *l)
{
    int i = peek(l);
    assert_true(i >= 0);
    fair_charge(&l->fair, &l->flows[i], l->cost[i]);
    l->tokens[i] += l->cost[i];
    l->calls[i]++;
    return i;
}

static void test_shares_are_equal_in_tokens(void **state)
{
    struct line *l = *state;
    static const int64_t costs[] = {150, 700, 3000, 9000, 60000};
    for (int i = 0; i < 5; i++) {
        l->cost[i] = costs[i];
        join(l, i, FAIR_LIVE);
    }
    for (int n = 0; n < 20000; n++)
        call(l);
    for (int i = 0; i < 5; i++) {
        int64_t off = l->tokens[i] - l->tokens[0];
        assert_true(l->tokens[i] > 1000000);
        assert_true(off <= FAIR_QUANTUM + 60000 && off >= -FAIR_QUANTUM - 60000);
    }
}

static void test_equal_calls_take_turns(void **state)
{
    struct line *l = *state;
    for (int i = 0; i < 3; i++)
        join(l, i, FAIR_LIVE);
    for (int n = 0; n < 300; n++)
        assert_int_equal(call(l), n % 3);
}

/* However many calls the others have to make, and whatever they have left to spend. */
static void test_a_newcomer_waits_for_one_call_of_each(void **state)
{
    struct line *l = *state;
    for (int before = 0; before < 60; before++) {
        begin(l);
        for (int i = 0; i < 4; i++) {
            l->cost[i] = 100 * (i + 1);
            join(l, i, FAIR_LIVE);
        }
        for (int n = 0; n < before; n++)
            call(l);
        l->cost[5] = FAIR_COST_MAX * 2; /* its price does not delay its first call */
        join(l, 5, FAIR_LIVE);
        int waited = 0;
        while (call(l) != 5)
            waited++;
        assert_true(waited <= 4);
    }
}

static void test_coming_back_gains_nothing(void **state)
{
    struct line *l = *state;
    join(l, 0, FAIR_LIVE);
    join(l, 1, FAIR_LIVE);
    l->cost[0] = l->cost[1] = 3 * FAIR_QUANTUM;
    for (int n = 0; n < 400; n++) {
        if (call(l) != 1)
            continue;
        fair_leave(&l->flows[1]); /* one call at a time */
        join(l, 1, FAIR_LIVE);
    }
    assert_in_range(l->calls[1], 198, 202);
}

static void test_being_away_saves_nothing(void **state)
{
    struct line *l = *state;
    join(l, 0, FAIR_LIVE);
    join(l, 1, FAIR_LIVE);
    call(l);
    call(l);
    fair_leave(&l->flows[1]);
    for (int n = 0; n < 1000; n++)
        call(l);
    join(l, 1, FAIR_LIVE);
    int before = l->calls[0];
    for (int n = 0; n < 100; n++)
        call(l);
    assert_in_range(l->calls[0] - before, 50 - FAIR_QUANTUM / 500, 50);
}

static void test_a_debt_is_paid_even_alone(void **state)
{
    struct line *l = *state;
    l->cost[0] = INT64_MAX / 200;
    join(l, 0, FAIR_LIVE);
    for (int n = 0; n < 100; n++)
        assert_int_equal(call(l), 0);
    l->cost[0] = -1;
    assert_int_equal(call(l), 0);
}

static void test_upper_lanes_go_first(void **state)
{
    struct line *l = *state;
    join(l, 2, FAIR_BATCH);
    join(l, 1, FAIR_LIVE);
    join(l, 0, FAIR_INTERACTIVE);
    for (int n = 0; n < FAIR_PASSES_MAX; n++)
        assert_int_equal(call(l), 0);
    fair_leave(&l->flows[0]);
    fair_leave(&l->flows[2]);
    assert_int_equal(call(l), 1);
    assert_int_equal(call(l), 1);
}

static void test_lower_lanes_do_not_starve(void **state)
{
    struct line *l = *state;
    join(l, 0, FAIR_INTERACTIVE);
    join(l, 1, FAIR_LIVE);
    join(l, 2, FAIR_BATCH);
    int since[3] = {0}, longest[3] = {0};
    for (int n = 0; n < 1000; n++) {
        int got = call(l);
        for (int i = 0; i < 3; i++) {
            since[i] = i == got ? 0 : since[i] + 1;
            longest[i] = since[i] > longest[i] ? since[i] : longest[i];
        }
    }
    assert_in_range(longest[1], FAIR_PASSES_MAX, FAIR_PASSES_MAX + 1);
    assert_in_range(longest[2], FAIR_PASSES_MAX, FAIR_PASSES_MAX + 1);
    assert_in_range(longest[0], 1, 2);
    assert_true(l->calls[0] > 850);
}

/* Waiting counts from when somebody waits, not from when the lane was served last. */
static void test_a_lane_is_passed_over_only_while_it_waits(void **state)
{
    struct line *l = *state;
    join(l, 0, FAIR_LIVE);
    join(l, 1, FAIR_BATCH);
    for (int n = 0; n < FAIR_PASSES_MAX - 1; n++)
        assert_int_equal(call(l), 0);
    fair_leave(&l->flows[1]);
    for (int n = 0; n < 50; n++)
        assert_int_equal(call(l), 0);
    join(l, 1, FAIR_BATCH);
    for (int n = 0; n < FAIR_PASSES_MAX; n++)
        assert_int_equal(call(l), 0);
    assert_int_equal(call(l), 1);
}

static void test_who_is_refused_keeps_its_turn(void **state)
{
    struct line *l = *state;
    for (int i = 0; i < 4; i++)
        join(l, i, FAIR_LIVE);
    join(l, 4, FAIR_BATCH);
    fair_refuse(&l->fair, &l->flows[peek(l)]);
    fair_refuse(&l->fair, &l->flows[peek(l)]);
    assert_int_equal(call(l), 2); /* others go on meanwhile */
    assert_int_equal(call(l), 3);
    fair_refuse(&l->fair, &l->flows[peek(l)]);
    fair_refuse(&l->fair, &l->flows[peek(l)]);
    assert_int_equal(call(l), 4); /* in lower lanes too */
    fair_refuse(&l->fair, &l->flows[4]);
    assert_int_equal(peek(l), -1);
    assert_false(fair_is_empty(&l->fair));
    fair_retry(&l->fair);
    for (int n = 0; n < 4; n++) {
        assert_int_equal(call(l), n);
        fair_leave(&l->flows[n]);
    }
    assert_int_equal(call(l), 4);
}

/* While a flow is refused the rounds of the others go on. */
static void test_who_is_refused_gets_the_rounds_that_went_by(void **state)
{
    struct line *l = *state;
    l->cost[0] = FAIR_QUANTUM - 1;
    join(l, 0, FAIR_LIVE);
    join(l, 1, FAIR_LIVE);
    call(l);
    assert_int_equal(call(l), 1);
    fair_refuse(&l->fair, &l->flows[0]);
    for (int n = 0; n < 100; n++)
        assert_int_equal(call(l), 1);
    fair_retry(&l->fair);
    assert_int_equal(call(l), 0);
    assert_int_equal(l->flows[0].credit, 1);
}

static void test_in_line_once(void **state)
{
    struct line *l = *state;
    assert_int_equal(peek(l), -1);
    assert_true(fair_is_empty(&l->fair));
    fair_leave(&l->flows[0]);
    join(l, 0, FAIR_LIVE);
    join(l, 0, FAIR_LIVE);
    join(l, 0, FAIR_INTERACTIVE); /* where it stands already */
    assert_int_equal(l->flows[0].lane, FAIR_LIVE);
    assert_false(fair_is_empty(&l->fair));
    fair_leave(&l->flows[0]);
    assert_true(fair_is_empty(&l->fair));
    join(l, 0, FAIR_INTERACTIVE);
    assert_int_equal(l->flows[0].lane, FAIR_INTERACTIVE);
    assert_int_equal(call(l), 0);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(test_shares_are_equal_in_tokens),
        EACH(test_equal_calls_take_turns),
        EACH(test_a_newcomer_waits_for_one_call_of_each),
        EACH(test_coming_back_gains_nothing),
        EACH(test_being_away_saves_nothing),
        EACH(test_a_debt_is_paid_even_alone),
        EACH(test_upper_lanes_go_first),
        EACH(test_lower_lanes_do_not_starve),
        EACH(test_a_lane_is_passed_over_only_while_it_waits),
        EACH(test_who_is_refused_keeps_its_turn),
        EACH(test_who_is_refused_gets_the_rounds_that_went_by),
        EACH(test_in_line_once),
    };
#undef EACH
    return cmocka_run_group_tests(tests, NULL, NULL);
}
