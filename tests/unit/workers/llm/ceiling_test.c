/* ceiling_test.c: halved once for calls that were under way together, and back again.
 */
#include "workers/llm/ceiling.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MANY 64

/* As many calls at once as there is room for; all end like this. How many? */
static int burst(struct ceiling *c, enum err code)
{
    uint64_t entered[MANY];
    int count = 0;
    while (count < MANY && ceiling_has_room(c))
        entered[count++] = ceiling_enter(c);
    for (int i = 0; i < count; i++)
        (void)ceiling_leave(c, entered[i], code);
    assert_int_equal(c->under_way, 0);
    return count;
}

static void test_none_until_it_is_refused(void **state)
{
    (void)state;
    static const enum err codes[] = {ERR_OK, ERR_RATE, ERR_SERVER, ERR_CANCELLED};
    struct ceiling c = {0};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_int_equal(burst(&c, codes[i]), MANY);
    assert_int_equal(burst(&c, ERR_OVERLOAD), MANY);
    assert_int_equal(burst(&c, ERR_CANCELLED), MANY / 2);
}

static void test_down_by_halves_to_one(void **state)
{
    (void)state;
    struct ceiling c = {0};
    for (int most = MANY; most > 1; most /= 2)
        assert_int_equal(burst(&c, ERR_CONCURRENCY), most);
    for (int i = 0; i < 3; i++)
        assert_int_equal(burst(&c, ERR_CONCURRENCY), 1);
}

static void test_one_cut_for_one_burst(void **state)
{
    (void)state;
    struct ceiling c = {0};
    uint64_t early = ceiling_enter(&c), late;
    for (int i = 1; i < 8; i++)
        late = ceiling_enter(&c);
    assert_true(ceiling_leave(&c, early, ERR_CONCURRENCY));
    assert_int_equal(c.most, 4);
    assert_false(ceiling_leave(&c, late, ERR_CONCURRENCY));
    assert_int_equal(c.most, 4);
    assert_false(ceiling_has_room(&c)); /* six are still under way */
}

static void test_up_one_by_one(void **state)
{
    (void)state;
    struct ceiling c = {.most = 3};
    for (int i = 0; i < 100; i++) { /* what is not reached is not tried */
        uint64_t entered = ceiling_enter(&c);
        assert_false(ceiling_leave(&c, entered, ERR_OK));
    }
    assert_int_equal(c.most, 3);
    for (int i = 0; i < 100 && c.most < 5; i++)
        (void)burst(&c, ERR_OK);
    assert_int_equal(c.most, 5);
    (void)burst(&c, ERR_CANCELLED);
    assert_int_equal(c.most, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_until_it_is_refused),
        cmocka_unit_test(test_down_by_halves_to_one),
        cmocka_unit_test(test_one_cut_for_one_burst),
        cmocka_unit_test(test_up_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
