/* rehearsal_test.c: what a played campaign asks for. */
#include "workers/rehearsal/rehearsal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char own[] =
    "{\"v\":1,\"channels\":[{\"name\":\"odd\",\"fields\":["
    "{\"name\":\"a\",\"min\":40,\"max\":80},{\"name\":\"b\",\"max\":80}]},"
    "{\"name\":\"none\",\"fields\":[{\"name\":\"a\",\"forbid\":"
    "\"abcdefghijklmnopqrstuvwxyz\"}]"
    "}]}";

struct bench {
    struct channel_set *set;
    struct arena arena;
    struct spec spec;
    struct err_detail d;
    struct rehearsal good, worst;
};

static int setup(void **state)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    assert_int_equal(channel_set_new(own, &b.set, &b.d), ERR_OK);
    arena_init(&b.arena, 1 << 20);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    spec_fini(&b->spec);
    arena_fini(&b->arena);
    channel_set_free(b->set);
    return 0;
}

static void read_spec(struct bench *b, const char *text)
{
    assert_int_equal(spec_parse(text, strlen(text), b->set, &b->arena, &b->spec, &b->d),
                     ERR_OK);
}

static void test_counts(void **state)
{
    struct bench *b = *state;
    read_spec(b, "{\"kind\":\"content\",\"channel\":[\"sms\",\"plain\"],"
                 "\"input\":{\"brief\":\"b\",\"n\":3}}");
    assert_int_equal(rehearsal_run(&b->spec, &b->good, &b->d), ERR_OK);
    assert_string_equal(b->good.stage[0].stage, "angles");
    assert_int_equal(b->good.stage[0].calls, 1);
    assert_string_equal(b->good.stage[1].stage, "generate");
    assert_int_equal(b->good.stage[1].calls, 6);
    assert_null(b->good.stage[2].stage);
    assert_int_equal(b->good.total.calls, 7);
    assert_string_equal(b->good.waits_at, "review");
    assert_true(b->good.total.in > 0 && b->good.total.in < b->good.total.in_max);
    assert_true(b->good.total.out > 0 && b->good.total.out < b->good.total.out_max);
    /* each ask twice; three iterations of generate */
    assert_int_equal(rehearsal_worst(&b->spec, &b->worst, &b->d), ERR_OK);
    assert_int_equal(b->worst.stage[0].calls, 2);
    assert_int_equal(b->worst.stage[1].calls, 36);
    assert_int_equal(b->worst.total.calls, 38);
    assert_true(b->worst.total.in_max > b->good.total.in_max);
}

static void test_lengths(void **state)
{
    struct bench *b = *state;
    read_spec(b, "{\"kind\":\"content\",\"channel\":[\"odd\"],\"approval\":\"none\","
                 "\"input\":{\"brief\":\"b\",\"n\":2,\"angles\":[\"a\"]}}");
    assert_int_equal(rehearsal_run(&b->spec, &b->good, &b->d), ERR_OK);
    assert_int_equal(b->good.total.calls, 2);
    assert_string_equal(b->good.waits_at, "live");
}

static void test_nothing_fits(void **state)
{
    struct bench *b = *state;
    read_spec(b, "{\"kind\":\"content\",\"channel\":[\"none\"],"
                 "\"input\":{\"brief\":\"b\",\"n\":2}}");
    assert_int_equal(rehearsal_run(&b->spec, &b->good, &b->d), ERR_UNSATISFIABLE);
    assert_non_null(strstr(b->d.message, "refused there"));
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(test_counts),
        bench_test(test_lengths),
        bench_test(test_nothing_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
