/* idmap_test.c: a stale id never finds anything, however often its slot is reused. */
#include "core/base/idmap.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_put_get_take(void **state)
{
    (void)state;
    struct idmap m;
    int x, y;
    idmap_init(&m);
    assert_null(idmap_get(&m, 0));
    assert_null(idmap_take(&m, 1));
    uint64_t a = idmap_put(&m, &x), b = idmap_put(&m, &y);
    assert_true(a != 0 && b != 0 && a != b);
    assert_ptr_equal(idmap_get(&m, a), &x);
    assert_ptr_equal(idmap_get(&m, b), &y);
    assert_int_equal(m.live, 2);
    assert_ptr_equal(idmap_take(&m, a), &x);
    assert_null(idmap_take(&m, a));
    assert_null(idmap_get(&m, a));
    assert_int_equal(m.live, 1);
    uint64_t c = idmap_put(&m, &x);
    assert_int_equal((uint32_t)c, (uint32_t)a); /* the slot comes back, the id not */
    assert_true(c != a);
    assert_null(idmap_get(&m, a));
    assert_null(idmap_get(&m, c + 1000));
    assert_null(idmap_get(&m, UINT64_MAX));
    idmap_fini(&m);
    assert_null(idmap_get(&m, c));
}

static void test_stale_ids(void **state)
{
    (void)state;
    enum { LIVE = 300, STEPS = 20000 };
    static int things[LIVE];
    static uint64_t live[LIVE], stale[STEPS];
    size_t stale_count = 0;
    struct idmap m;
    struct rng r;
    idmap_init(&m);
    rng_seed(&r, 3);
    for (int i = 0; i < STEPS; i++) {
        size_t k = (size_t)rng_below(&r, LIVE);
        if (live[k]) {
            assert_ptr_equal(idmap_take(&m, live[k]), &things[k]);
            stale[stale_count++] = live[k];
            live[k] = 0;
        } else {
            live[k] = idmap_put(&m, &things[k]);
            assert_true(live[k] != 0);
        }
    }
    uint32_t alive = 0;
    for (size_t k = 0; k < LIVE; k++) {
        if (!live[k])
            continue;
        alive++;
        assert_ptr_equal(idmap_get(&m, live[k]), &things[k]);
    }
    assert_int_equal(m.live, alive);
    assert_true(m.count <= LIVE); /* slots are used again */
    for (size_t i = 0; i < stale_count; i++)
        assert_null(idmap_get(&m, stale[i]));
    idmap_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_get_take),
        cmocka_unit_test(test_stale_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
