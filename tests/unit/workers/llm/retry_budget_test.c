/* retry_budget_test.c: few callers may try again at once, many only a tenth of it. */
#include "workers/llm/retry_budget.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define AGES 100000000

/* Takes what is there at this time. */
static int take_all(struct retry_budget *b, int64_t now_ms)
{
    int count = 0;
    for (; retry_budget_free_ms(b, now_ms) <= now_ms; count++) {
        assert_true(count < 1000);
        retry_budget_enter(b, true);
    }
    return count;
}

static void test_a_lone_campaign(void **state)
{
    (void)state;
    struct retry_budget b;
    retry_budget_init(&b, AGES);
    assert_int_equal(take_all(&b, AGES), 10);
    assert_int_equal(retry_budget_free_ms(&b, AGES), AGES + 500);
    assert_int_equal(take_all(&b, AGES + 499), 0);
    assert_int_equal(take_all(&b, AGES + 500), 1);
    assert_int_equal(take_all(&b, AGES + 3500), 6);
    assert_int_equal(take_all(&b, AGES + 1000000), 10); /* time brings no more */
}

static void test_a_tenth(void **state)
{
    (void)state;
    struct retry_budget b;
    retry_budget_init(&b, AGES);
    (void)take_all(&b, AGES);
    for (int i = 0; i < 100; i++)
        retry_budget_enter(&b, false);
    assert_int_equal(take_all(&b, AGES), 10);
    for (int i = 0; i < 100000; i++)
        retry_budget_enter(&b, false);
    assert_int_equal(take_all(&b, AGES), 50); /* what was good is not kept for ever */
}

static void test_what_never_went(void **state)
{
    (void)state;
    struct retry_budget b;
    retry_budget_init(&b, AGES);
    for (int i = 0; i < 1000; i++) {
        retry_budget_enter(&b, i % 2);
        retry_budget_forgo(&b, i % 2);
    }
    assert_int_equal(take_all(&b, AGES), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lone_campaign),
        cmocka_unit_test(test_a_tenth),
        cmocka_unit_test(test_what_never_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
