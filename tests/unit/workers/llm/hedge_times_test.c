/* When a call is late by what was seen of its model, and how often one may be asked
 * twice. */
#include "workers/llm/hedge_times.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void test_p95(void **state)
{
    (void)state;
    struct hedge_times t = {0};
    for (int i = 1; i < HEDGE_SAMPLES_MIN; i++) {
        hedge_times_add(&t, i * 1000);
        assert_int_equal(hedge_times_p95_ms(&t), -1);
    }
    hedge_times_add(&t, 900 * 1000); /* the 20th; times are rounded up */
    assert_int_equal(hedge_times_p95_ms(&t), 20);
    hedge_times_add(&t, 900 * 1000);
    assert_int_equal(hedge_times_p95_ms(&t), 901);
    for (int i = 0; i < HEDGE_SAMPLES_MAX; i++)
        hedge_times_add(&t, 6000); /* what was before is forgotten */
    assert_int_equal(hedge_times_p95_ms(&t), 7);
    assert_int_equal(t.count, HEDGE_SAMPLES_MAX);
    for (int i = 0; i < HEDGE_SAMPLES_MAX; i++)
        hedge_times_add(&t, INT64_MAX / 2);
    assert_int_equal(hedge_times_p95_ms(&t), INT32_MAX);
}

static void test_two_of_a_hundred(void **state)
{
    (void)state;
    struct hedge_times t = {0};
    int requests = 0, spent = 0;
    for (; requests < 5000; requests++) {
        hedge_times_count(&t);
        if (requests % 7 == 0 || requests > 3000)
            spent += hedge_times_spend(&t);
        assert_true(spent * 50 <= requests + 1);
    }
    assert_int_equal(spent, 100);
    for (int i = 0; i < 100000; i++)
        hedge_times_count(&t);
    for (spent = 0; hedge_times_may(&t); spent++)
        assert_true(hedge_times_spend(&t));
    assert_false(hedge_times_spend(&t));
    assert_int_equal(spent, 4); /* what was not used is not saved up */
}

static void test_models_are_apart(void **state)
{
    (void)state;
    static struct hedge_table table;
    struct endpoint a = {0}, b = {0};
    struct hedge_times *first = hedge_table_find(&table, &a, "m");
    hedge_times_count(first);
    assert_ptr_equal(hedge_table_find(&table, &a, "m"), first);
    assert_int_equal(hedge_table_find(&table, &b, "m")->credit, 0);
    assert_int_equal(hedge_table_find(&table, &a, "n")->credit, 0);
    for (int i = 0; i < HEDGE_MODELS_MAX; i++) {
        char model[16];
        (void)snprintf(model, sizeof model, "x%d", i);
        hedge_times_count(hedge_table_find(&table, &a, model));
    }
    assert_int_equal(hedge_table_find(&table, &a, "m")->credit, 0); /* made anew */
    assert_int_equal(hedge_table_find(&table, &a, "x15")->credit, HEDGE_PERCENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p95),
        cmocka_unit_test(test_two_of_a_hundred),
        cmocka_unit_test(test_models_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
