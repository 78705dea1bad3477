/* A call that is late is asked twice: who wins, what it costs, and when it is not. */
#include "tests/unit/workers/llm/hedge_fixture.h"

static int64_t cost_nano(int64_t in, int64_t out)
{
    return in * PRICE_IN + out * PRICE_OUT;
}

/* One of the two answers; of the other one it is not known what it made. */
static void expect_one_won(struct fixture *f, int winner)
{
    start(f, "hedge = true\n");
    hold_two(f);
    struct port_call call = call_of(true);
    struct port_estimate most = llm_estimate(f->llm, &call);
    int64_t in = most.tokens / 2 - ask.max_tokens;
    answer(f->held[winner], 200);
    await(f, &f->done);
    while (f->gone == 0)
        pass_time(f, 2);
    assert_int_equal(f->settled, 1);
    assert_int_equal(f->result.code, ERR_OK);
    assert_string_equal(f->text, "hi");
    assert_true(f->result.sent && f->result.hedged && f->result.usage_estimated);
    assert_false(f->result.possibly_billed);
    assert_int_equal(f->result.tokens_in, 3 + in);
    assert_int_equal(f->result.tokens_out, 2 + ask.max_tokens);
    assert_int_equal(f->result.usd_nano,
                     cost_nano(3, 2) + cost_nano(in, ask.max_tokens));
    assert_true(f->result.usd_nano <= most.usd_nano);
    assert_int_equal(f->requests, WARM + 2);
    assert_int_equal(f->gone, 1);
    stop(f);
}

static void test_second_wins(void **state)
{
    struct fixture f;
    (void)state;
    expect_one_won(&f, 1);
}

static void test_first_wins(void **state)
{
    struct fixture f;
    (void)state;
    expect_one_won(&f, 0);
}

/* A failure of one leaves the other its chance. */
static void test_one_fails(void **state)
{
    (void)state;
    for (int failing = 0; failing < 2; failing++) {
        struct fixture f;
        start(&f, "hedge = true\n");
        hold_two(&f);
        answer(f.held[failing], 500);
        pass_time(&f, 50);
        assert_false(f.done);
        answer(f.held[1 - failing], 200);
        await(&f, &f.done);
        assert_int_equal(f.result.code, ERR_OK);
        assert_true(f.result.hedged);
        assert_int_equal(f.result.usd_nano, cost_nano(3, 2)); /* an error is free */
        assert_int_equal(f.gone, 0);
        stop(&f);
    }
}

static void test_both_fail(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    hold_two(&f);
    answer(f.held[1], 500);
    answer(f.held[0], 500);
    await(&f, &f.done);
    assert_int_equal(f.settled, 1);
    assert_int_equal(f.result.code, ERR_SERVER);
    assert_true(f.result.retryable && !f.result.possibly_billed);
    assert_int_equal(f.result.usd_nano, 0);
    stop(&f);
}

static void test_cancel_ends_both(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    uint64_t id = hold_two(&f);
    struct port_call call = call_of(true);
    struct port_estimate most = llm_estimate(f.llm, &call);
    llm_cancel(f.llm, id);
    await(&f, &f.done);
    assert_int_equal(f.result.code, ERR_CANCELLED);
    assert_true(f.result.possibly_billed);
    assert_int_equal(f.result.usd_nano, most.usd_nano);
    assert_int_equal(f.result.tokens_in + f.result.tokens_out, most.tokens);
    while (f.gone < 2)
        pass_time(&f, 2);
    stop(&f);
}

/* The first one is over, and its name still stands for both. */
static void test_cancel_after_a_failure(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    uint64_t id = hold_two(&f);
    answer(f.held[0], 500);
    pass_time(&f, 50);
    llm_cancel(f.llm, id);
    await(&f, &f.done);
    assert_int_equal(f.settled, 1);
    while (f.gone < 1)
        pass_time(&f, 2);
    stop(&f);
}

static void test_free_settles_once(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    hold_two(&f);
    llm_free(f.llm);
    f.llm = NULL;
    assert_int_equal(f.settled, 1);
    assert_int_equal(f.result.code, ERR_CANCELLED);
    stop(&f);
}

/* Held for a while, and no second request comes. */
static void expect_none(struct fixture *f, bool may_hedge)
{
    begin(f, may_hedge);
    pass_time(f, 300);
    assert_int_equal(f->held_count, 1);
    answer(f->held[0], 200);
    await(f, &f->done);
    assert_int_equal(f->result.code, ERR_OK);
    assert_false(f->result.hedged);
    stop(f);
}

static void test_when_not(void **state)
{
    (void)state;
    struct fixture f;
    struct port_call call = call_of(true);
    start(&f, "");
    assert_false(llm_estimate(f.llm, &call).for_two);
    struct port_estimate one = llm_estimate(f.llm, &call);
    warm(&f, WARM);
    expect_none(&f, true); /* by default */
    start(&f, "hedge = true\n");
    warm(&f, WARM);
    call.may_hedge = false;
    assert_false(llm_estimate(f.llm, &call).for_two);
    expect_none(&f, false); /* it was not reserved for two */
    start(&f, "hedge = true\n");
    call.may_hedge = true;
    assert_true(llm_estimate(f.llm, &call).for_two);
    assert_int_equal(llm_estimate(f.llm, &call).tokens, 2 * one.tokens);
    assert_int_equal(llm_estimate(f.llm, &call).usd_nano, 2 * one.usd_nano);
    warm(&f, 19);
    expect_none(&f, true); /* too little is known */
    start(&f, "hedge = true\n");
    warm(&f, 30);
    expect_none(&f, true); /* 2 of 100, not 1 of 30 */
}

int main(void)
{
    (void)unsetenv("OPENAI_BASE_URL"); /* of whoever runs the tests */
    (void)unsetenv("OPENAI_API_KEY");
    (void)unsetenv("BARKER_MODEL");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_wins),
        cmocka_unit_test(test_first_wins),
        cmocka_unit_test(test_one_fails),
        cmocka_unit_test(test_both_fail),
        cmocka_unit_test(test_cancel_ends_both),
        cmocka_unit_test(test_cancel_after_a_failure),
        cmocka_unit_test(test_free_settles_once),
        cmocka_unit_test(test_when_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
