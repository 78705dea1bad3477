/* otlp_queue_test.c: bounded in bytes, first in first out, batches of two bounds. */
#include "workers/telemetry/otlp_queue.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_the_newest_does_not_fit(void **state)
{
    (void)state;
    struct otlp_queue q;
    char text[100] = {0};
    otlp_queue_init(&q, 1000);
    int taken = 0;
    while (taken < 100 && otlp_queue_push(&q, text, sizeof text))
        taken++;
    assert_in_range(taken, 5, 9); /* what a span costs beside its text counts, too */
    assert_true(q.bytes <= 1000);
    assert_false(otlp_queue_push(&q, text, sizeof text));
    otlp_queue_drop(&q, 1);
    assert_true(otlp_queue_push(&q, text, sizeof text));
    assert_int_equal(q.count, taken);
    otlp_queue_drop(&q, taken);
    assert_int_equal(q.bytes, 0);
    assert_false(otlp_queue_push(&q, text, 1000));
    otlp_queue_fini(&q);
}

static void test_batches(void **state)
{
    (void)state;
    struct otlp_queue q;
    struct buf out;
    otlp_queue_init(&q, 10000);
    buf_init(&out, 1000);
    const char *const texts[] = {"{1}", "{22}", "{333}", "{4}"};
    for (int i = 0; i < 4; i++)
        assert_true(otlp_queue_push(&q, texts[i], strlen(texts[i])));
    assert_int_equal(otlp_queue_peek(&q, 3, 100, &out), 3);
    assert_string_equal(buf_str(&out), "{1},{22},{333}");
    buf_clear(&out);
    assert_int_equal(otlp_queue_peek(&q, 9, 8, &out), 2); /* eight bytes */
    assert_string_equal(buf_str(&out), "{1},{22}");
    buf_clear(&out);
    assert_int_equal(otlp_queue_peek(&q, 9, 1, &out), 1); /* or nothing would move */
    otlp_queue_drop(&q, 3);
    buf_clear(&out);
    assert_int_equal(otlp_queue_peek(&q, 9, 100, &out), 1);
    assert_string_equal(buf_str(&out), "{4}");
    buf_fini(&out);
    otlp_queue_fini(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_does_not_fit),
        cmocka_unit_test(test_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
