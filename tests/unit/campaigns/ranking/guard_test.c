/* guard_test.c: who is paused, who is not, and what people read. */
#include "campaigns/ranking/guard.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct guard_verdict judge(const char *type, int64_t trials, int64_t events,
                                  int64_t control_trials, int64_t control_events)
{
    const struct guard_rule *rule = guard_find(type);
    struct guard_count variant = {trials, events};
    struct guard_count control = {control_trials, control_events};
    struct guard_verdict out;
    assert_non_null(rule);
    assert_int_equal(
        guard_judge(rule, &variant, control_trials < 0 ? NULL : &control, &out),
        ERR_OK);
    return out;
}

static void harm_is_paused_and_said(void **state)
{
    (void)state;
    char words[GUARD_WORDS_MAX];
    const struct guard_rule *rule = guard_find("complaint");
    struct guard_verdict v = judge("complaint", 6800, 28, 20000, 16);
    assert_int_equal(v.reason, GUARD_OVER_CONTROL);
    guard_words(rule, &v, false, words);
    assert_string_equal(
        words, "paused: complaint rate 0.41 % against 0.08 % of control, P 0.99");
    guard_words(rule, &v, true, words);
    assert_string_equal(words, "已暂停：投诉率 0.41 %，对照组 0.08 %，概率 0.99");
    v = judge("complaint", 10000, 60, -1, 0); /* the control itself */
    assert_int_equal(v.reason, GUARD_OVER_LIMIT);
    v.p = 0.987;
    guard_words(rule, &v, false, words);
    assert_string_equal(
        words, "paused: complaint rate 0.60 %, over the limit of 0.30 %, P 0.99");
    v = judge("complaint", 10000, 5, 10000, 5);
    assert_int_equal(v.reason, GUARD_FINE);
    guard_words(rule, &v, false, words);
    assert_string_equal(words, "");
    v = judge("refund", 200, 60, 400, 40);
    assert_int_equal(v.reason, GUARD_OVER_CONTROL);
    guard_words(guard_find("refund"), &v, false, words);
    assert_non_null(strstr(words, "refund rate 30.0 % against 10.0 %"));
}

/* P by brute force over the rate of the control. */
static void the_chance_is_that_of_the_margin(void **state)
{
    (void)state;
    const struct guard_rule *rule = guard_find("unsubscribe");
    struct guard_verdict v = judge("unsubscribe", 5000, 40, 8000, 30);
    double a = 31, b = 1 / rule->usual - 1 + 7970, sum = 0, before = 0;
    for (int i = 1; i <= 4000; i++) {
        double x = i * 4e-6, after = oracle_cdf(a, b, x);
        sum += (after - before) *
               (1 - oracle_cdf(41, 1 / rule->usual - 1 + 4960, 1.5 * (x - 2e-6)));
        before = after;
    }
    assert_true(near(v.p, sum, 2e-3));
    assert_true(v.reason == (v.p > 0.95 ? GUARD_OVER_CONTROL : GUARD_FINE));
}

static void each_clause_holds_back(void **state)
{
    (void)state;
    /* four of a hundred against none of ten thousand: too few to pause for */
    assert_int_equal(judge("complaint", 100, 4, 10000, 0).reason, GUARD_FINE);
    assert_int_equal(judge("complaint", 100, 5, 10000, 0).reason, GUARD_OVER_CONTROL);
    /* ten times the control, and nobody minds 0.05 % */
    assert_int_equal(judge("complaint", 100000, 50, 100000, 5).reason, GUARD_FINE);
    /* surely more than the control, not surely by half */
    assert_int_equal(judge("unsubscribe", 100000, 1200, 100000, 1000).reason,
                     GUARD_FINE);
    assert_int_equal(judge("unsubscribe", 100000, 1700, 100000, 1000).reason,
                     GUARD_OVER_CONTROL);
    /* bounces have no limit of their own */
    assert_int_equal(judge("bounce", 1000, 300, -1, 0).reason, GUARD_FINE);
    assert_int_equal(judge("bounce", 1000, 300, 1000, 290).reason, GUARD_FINE);
    assert_int_equal(judge("complaint", 0, 0, 0, 0).reason, GUARD_FINE);
    assert_int_equal(judge("refund", 10, 20, 100, 1).reason, GUARD_OVER_CONTROL);
}

/* Events among n trials at a small rate, by the gaps between them. */
static int64_t draw(struct rng *r, int64_t n, double rate)
{
    int64_t events = 0;
    for (double at = 0;; events++) {
        at += 1 + floor(log1p(-rng_unit(r)) / log1p(-rate));
        if (at > (double)n)
            return events;
    }
}

/* Share of variants that are paused at one of 50 looks. */
static double paused(const struct guard_rule *rule, double rate, double control_rate,
                     int64_t per_look)
{
    enum { WORLDS = 200, LOOKS = 50 };
    int count = 0;
    for (uint64_t w = 0; w < WORLDS; w++) {
        struct rng r;
        struct guard_count variant = {0}, control = {0};
        struct guard_verdict v = {0};
        rng_seed(&r, w);
        for (int i = 0; i < LOOKS && v.reason == GUARD_FINE; i++) {
            variant.trials += per_look;
            control.trials += per_look;
            variant.events += draw(&r, per_look, rate);
            control.events += draw(&r, per_look, control_rate);
            assert_int_equal(guard_judge(rule, &variant, &control, &v), ERR_OK);
        }
        count += v.reason != GUARD_FINE;
    }
    return (double)count / WORLDS;
}

static void equals_are_not_paused(void **state)
{
    (void)state;
    for (size_t i = 0; guard_at(i); i++) {
        const struct guard_rule *rule = guard_at(i);
        for (int times = 1; times <= 4; times += 3) {
            double rate = times * rule->usual;
            /* a rate over the limit is to be paused, and one near it may be */
            if (rule->limit > 0 && rate > rule->limit / 2)
                continue;
            double few = paused(rule, rate, rate, (int64_t)(1 / rate));
            double many = paused(rule, rate, rate, 2000);
            print_message("%s %.4f: %.4f %.4f\n", rule->type, rate, few, many);
            assert_true(few <= 0.025);
            assert_true(many <= 0.025);
        }
    }
}

static void three_times_the_control_is_paused(void **state)
{
    (void)state;
    for (size_t i = 0; guard_at(i); i++) {
        const struct guard_rule *rule = guard_at(i);
        double control = fmax(rule->usual, rule->floor);
        assert_true(paused(rule, 3 * control, control, (int64_t)(2 / control)) > 0.9);
    }
}

static void the_table_is_sound(void **state)
{
    (void)state;
    size_t n = 0;
    for (; guard_at(n); n++) {
        const struct guard_rule *rule = guard_at(n);
        assert_true(rule->margin > 0 && rule->floor > 0 && rule->least > 0);
        assert_true(rule->usual > 0 && rule->usual < 1);
        assert_true(rule->limit == 0 || rule->limit > rule->floor);
        assert_ptr_equal(guard_find(rule->type), rule);
    }
    assert_true(n >= 4);
    assert_null(guard_find("click"));
    struct guard_count bad = {10, -1}, good = {10, 1};
    struct guard_verdict v;
    assert_int_equal(guard_judge(guard_at(0), &bad, &good, &v), ERR_OUT_OF_RANGE);
    assert_int_equal(guard_judge(guard_at(0), &good, &bad, &v), ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harm_is_paused_and_said),
        cmocka_unit_test(the_chance_is_that_of_the_margin),
        cmocka_unit_test(each_clause_holds_back),
        cmocka_unit_test(equals_are_not_paused),
        cmocka_unit_test(three_times_the_control_is_paused),
        cmocka_unit_test(the_table_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
