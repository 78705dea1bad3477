/* intake_zone_test.c: a time zone that cannot be read for a moment is no reason to
 * refuse a campaign that repeats. */
#include "workers/intake.h"
#include "workers/zones.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define SPEC(zone)                                                                     \
    "{\"kind\":\"content\",\"input\":{\"brief\":\"b\"},"                               \
    "\"repeat\":{\"cron\":\"@daily\",\"zone\":\"" zone "\"}}"

struct fixture {
    struct zones *zones;
    struct channel_set *channels;
    struct err_detail d;
};

static enum err judge(struct fixture *f, const char *text)
{
    struct arena arena;
    struct spec spec;
    arena_init(&arena, (size_t)1 << 20);
    f->d = (struct err_detail){.code = ERR_OK};
    enum err e = intake_judge(text, strlen(text), f->channels, NULL, f->zones, &arena,
                              &spec, &f->d);
    if (!e)
        spec_fini(&spec);
    arena_fini(&arena);
    return e;
}

/* No descriptor is left meanwhile. */
static enum err judge_crowded(struct fixture *f, const char *text)
{
    struct rlimit was, none = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    none.rlim_max = was.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err e = judge(f, text);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    return e;
}

static void test_a_moment_without_descriptors_passes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judge_crowded(f, SPEC("Asia/Tokyo")), ERR_BUSY);
    assert_string_equal(f->d.path, "/repeat/zone");
    assert_int_equal(judge(f, SPEC("Asia/Tokyo")), ERR_OK);
    assert_int_equal(judge_crowded(f, SPEC("Asia/Tokyo")), ERR_OK); /* it is kept */
    assert_int_equal(judge_crowded(f, SPEC("UTC")), ERR_OK);
}

static void test_no_such_zone(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(judge(f, SPEC("Asia/Atlantis")), ERR_BAD_VALUE);
        assert_string_equal(f->d.path, "/repeat/zone");
        assert_non_null(strstr(f->d.message, "Asia/Atlantis"));
    }
    assert_int_equal(judge_crowded(f, SPEC("Asia/Atlantis")), ERR_BAD_VALUE);
}

static void test_no_zones_at_all(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(setenv("TZDIR", "/nowhere", 1), 0);
    enum err e = judge(f, SPEC("Asia/Tokyo"));
    assert_int_equal(unsetenv("TZDIR"), 0);
    assert_int_equal(e, ERR_IO);
    assert_non_null(strstr(f->d.message, "install tzdata"));
    assert_int_equal(judge(f, SPEC("Asia/Tokyo")), ERR_OK);
}

static int set_up(void **state)
{
    struct err_detail d;
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || zones_new(&f->zones) || channel_set_new(NULL, &f->channels, &d))
        return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    zones_free(f->zones);
    channel_set_free(f->channels);
    free(f);
    return 0;
}

#define ZONE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ZONE_TEST(test_a_moment_without_descriptors_passes),
        ZONE_TEST(test_no_such_zone),
        ZONE_TEST(test_no_zones_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
