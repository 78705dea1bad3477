/* The timing wheel against a plain list of instants. */
#include "core/base/wheel.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define ITEMS 500
#define START 5000000
#define LAP_MS (WHEEL_STEP_MS * WHEEL_SLOTS)

static int turn(struct wheel *w, int64_t now_ms, struct wheel_item *out[], int max)
{
    struct list due;
    int n = 0;
    list_init(&due);
    wheel_turn(w, now_ms, &due);
    for (; !list_empty(&due); n++) {
        struct wheel_item *i = list_item(due.next, struct wheel_item, node);
        assert_true(n < max);
        assert_int_equal(i->due_ms, 0);
        list_remove(&i->node);
        out[n] = i;
    }
    return n;
}

static void test_never_early_and_soon(void **state)
{
    (void)state;
    static const int64_t waits[] = {1, 31, 32, 33, LAP_MS - 1, LAP_MS, 3 * LAP_MS + 7};
    for (size_t k = 0; k < sizeof waits / sizeof *waits; k++) {
        struct wheel w;
        struct wheel_item i, *got[1];
        int64_t now = START + 5, due = now + waits[k];
        wheel_init(&w, now);
        wheel_item_init(&i);
        wheel_set(&w, &i, due);
        assert_int_equal(w.count, 1);
        while (turn(&w, now, got, 1) == 0)
            now += WHEEL_STEP_MS;
        assert_true(got[0] == &i && now >= due && now <= due + 2 * WHEEL_STEP_MS);
        assert_int_equal(w.count, 0);
    }
}

static void test_what_is_past_is_due(void **state)
{
    (void)state;
    struct wheel w;
    struct wheel_item i, *got[1];
    wheel_init(&w, START);
    wheel_item_init(&i);
    wheel_set(&w, &i, 1);
    assert_int_equal(turn(&w, START, got, 1), 0); /* each step once */
    assert_int_equal(turn(&w, START + WHEEL_STEP_MS, got, 1), 1);
}

static void test_removed_and_moved(void **state)
{
    (void)state;
    struct wheel w;
    struct wheel_item a, b, *got[2];
    wheel_init(&w, START);
    wheel_item_init(&a);
    wheel_item_init(&b);
    wheel_remove(&w, &a); /* in none */
    wheel_set(&w, &a, START + 100);
    wheel_set(&w, &b, START + 100);
    wheel_set(&w, &a, START + 1000);
    assert_int_equal(w.count, 2);
    assert_int_equal(turn(&w, START + 200, got, 2), 1);
    assert_true(got[0] == &b);
    wheel_remove(&w, &a);
    wheel_remove(&w, &a);
    assert_int_equal(w.count, 0);
    assert_int_equal(turn(&w, START + 2000, got, 2), 0);
}

/* Items come, move and go at random, the clock leaps; each turn gives what a list of
 * the same instants says, but for those of the step that has begun. */
static void test_against_a_list(void **state)
{
    (void)state;
    static struct wheel_item items[ITEMS], *got[ITEMS];
    int64_t due[ITEMS] = {0}, now = START;
    struct wheel w;
    unsigned seed = 7;
    wheel_init(&w, now);
    for (int i = 0; i < ITEMS; i++)
        wheel_item_init(&items[i]);
    for (int round = 0; round < 2000; round++) {
        for (int k = 0; k < 10; k++) {
            int i = rand_r(&seed) % ITEMS, what = rand_r(&seed) % 4;
            if (what == 0)
                wheel_remove(&w, &items[i]);
            else
                wheel_set(&w, &items[i], now + 1 + rand_r(&seed) % (3 * LAP_MS));
            due[i] = items[i].due_ms;
        }
        now += rand_r(&seed) % 20 == 0 ? rand_r(&seed) % (2 * LAP_MS) : 40;
        int n = turn(&w, now, got, ITEMS), left = 0;
        for (int k = 0; k < n; k++) {
            int64_t *d = &due[got[k] - items];
            assert_true(*d > 0 && *d <= now);
            *d = 0;
        }
        for (int i = 0; i < ITEMS; i++) {
            assert_true(due[i] == 0 || due[i] > now - 2 * (int64_t)WHEEL_STEP_MS);
            left += due[i] != 0;
        }
        assert_int_equal(w.count, left);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_early_and_soon),
        cmocka_unit_test(test_what_is_past_is_due),
        cmocka_unit_test(test_removed_and_moved),
        cmocka_unit_test(test_against_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
