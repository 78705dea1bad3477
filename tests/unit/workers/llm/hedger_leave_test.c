/* Leave for the second request of a call: its target is well, and has room for it. */
#include "tests/unit/workers/llm/hedge_fixture.h"

/* An endpoint that is not well, or bears no more, gets no second request. The grant is
 * of before that. */
static void expect_none_after(int status, enum err code)
{
    struct fixture f;
    start(&f, "hedge = true\nfallback = g\n[endpoint g]\nmodel = n\n"
              "base_url = http://127.0.0.1:9\n");
    warm(&f, WARM);
    f.refuse_with = status;
    f.hold_from = WARM + 1;
    struct port_grant g = admit(&f);
    begin(&f, true);
    await(&f, &f.done);
    assert_int_equal(f.result.code, code);
    begin_admitted(&f, true, &g);
    pass_time(&f, 300);
    assert_int_equal(f.held_count, 1);
    answer(f.held[0], 200);
    await(&f, &f.done);
    assert_int_equal(f.result.code, ERR_OK);
    assert_false(f.result.hedged);
    stop(&f);
}

static void test_not_while_it_is_unwell(void **state)
{
    (void)state;
    expect_none_after(401, ERR_AUTH);     /* its breaker opens */
    expect_none_after(529, ERR_OVERLOAD); /* of two under way it bears one */
}

/* It counts as under way: nothing else goes where one more is one too many. */
static void test_it_fills_the_ceiling(void **state)
{
    (void)state;
    struct fixture f;
    struct port_call call = call_of(true);
    struct port_grant g[3];
    start(&f, "hedge = true\n");
    warm(&f, WARM);
    f.refuse_with = 529;
    f.hold_from = WARM + 1;
    for (int i = 0; i < 3; i++)
        g[i] = admit(&f);
    begin(&f, true); /* the fourth: then there is room for two */
    await(&f, &f.done);
    llm_forgo(f.llm, &g[0]);
    llm_forgo(f.llm, &g[1]);
    begin_admitted(&f, true, &g[2]);
    await(&f, &f.full);
    assert_false(llm_admit(f.llm, &call, 1, &g[0]));
    answer(f.held[0], 200);
    await(&f, &f.done);
    assert_true(f.result.hedged);
    while (f.gone == 0)
        pass_time(&f, 2);
    for (int i = 0; i < 2; i++)
        g[i] = admit(&f); /* both have left */
    assert_false(llm_admit(f.llm, &call, 1, &g[2]));
    stop(&f);
}

int main(void)
{
    (void)unsetenv("OPENAI_BASE_URL"); /* of whoever runs the tests */
    (void)unsetenv("OPENAI_API_KEY");
    (void)unsetenv("BARKER_MODEL");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_while_it_is_unwell),
        cmocka_unit_test(test_it_fills_the_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
