/* zone_test.c: zones from made-up bytes, whole and broken, and from the system's
 * tzdata. */
#include "core/base/zone.h"
#include "core/base/civil.h"
#include "core/io/zone_file.h"
#include "tests/fakes/tzif.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const int64_t changes[] = {-1000, 5000, 900000};
static const uint8_t kinds[] = {1, 2, 1};
static const int32_t offsets[] = {100, 3600, 7200};

/* Three changes, then the rule of central Europe. */
static struct tzif sample(void)
{
    return (struct tzif){.version = '2',
                         .changes = changes,
                         .kinds = kinds,
                         .change_count = 3,
                         .offsets = offsets,
                         .kind_count = 3,
                         .footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n"};
}

/* In memory of its own size, so that a sanitizer sees a byte too much. */
static enum err parse_bytes(const unsigned char *bytes, size_t n, struct zone *z)
{
    struct err_detail d = {.code = ERR_OK};
    unsigned char *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, n);
    enum err e = zone_parse(exact, n, z, &d);
    free(exact);
    assert_int_equal(e, d.code);
    assert_int_equal(e != ERR_OK, d.message[0] != '\0');
    return e;
}

static enum err parse(const struct tzif *t, struct zone *z)
{
    unsigned char bytes[TZIF_MAX_BYTES];
    return parse_bytes(bytes, tzif_write(t, bytes), z);
}

static struct zone load(const char *name)
{
    struct zone z;
    struct err_detail d;
    assert_int_equal(zone_file_load(NULL, name, &z, &d), ERR_OK);
    return z;
}

static int64_t utc(int year, int month, int day, int hour, int minute)
{
    return civil_to_days(year, month, day) * CIVIL_DAY_S + hour * 3600 + minute * 60;
}

static void test_spans(void **state)
{
    (void)state;
    struct zone z;
    struct tzif t = sample();
    assert_int_equal(parse(&t, &z), ERR_OK);
    assert_int_equal(zone_offset_at(&z, -1001), 100);
    assert_int_equal(zone_offset_at(&z, INT64_MIN), 100);
    assert_int_equal(zone_offset_at(&z, -1000), 3600);
    assert_int_equal(zone_offset_at(&z, 4999), 3600);
    assert_int_equal(zone_offset_at(&z, 5000), 7200);
    struct zone_span span = zone_span_at(&z, 0);
    assert_true(span.start_s == -1000 && span.end_s == 5000);
    assert_true(zone_span_at(&z, -5000).start_s == INT64_MIN);
    span = zone_span_at(&z, 900001); /* the rule, clipped at the last change */
    assert_true(span.start_s == 900000 && span.end_s == utc(1970, 3, 29, 1, 0));
    assert_int_equal(zone_offset_at(&z, utc(9999, 7, 1, 0, 0)), 7200);
    assert_int_equal(zone_offset_at(&z, INT64_MAX), 3600);
}

static void test_without_a_rule_the_last_offset_lasts(void **state)
{
    (void)state;
    struct zone z;
    struct tzif t = sample();
    t.footer = "\n\n";
    assert_int_equal(parse(&t, &z), ERR_OK);
    struct zone_span span = zone_span_at(&z, INT64_MAX);
    assert_true(span.start_s == 900000 && span.end_s == INT64_MAX);
    assert_int_equal(span.offset_s, 3600);
    t.change_count = 0;
    assert_int_equal(parse(&t, &z), ERR_OK);
    assert_int_equal(zone_offset_at(&z, 0), 100);
    t.footer = "\n<-03>3\n";
    assert_int_equal(parse(&t, &z), ERR_OK);
    assert_int_equal(zone_offset_at(&z, 0), -10800);
}

static void test_the_big_bang(void **state)
{
    (void)state;
    static const int64_t early[] = {INT64_MIN, -(INT64_C(1) << 59), 5000};
    struct zone z;
    struct tzif t = sample();
    t.changes = early;
    assert_int_equal(parse(&t, &z), ERR_OK);
    assert_int_equal(z.count, 1);
    assert_int_equal(zone_offset_at(&z, 0), 7200);
}

static void test_every_cut_is_refused(void **state)
{
    (void)state;
    struct zone z;
    unsigned char bytes[TZIF_MAX_BYTES];
    struct tzif t = sample();
    size_t n = tzif_write(&t, bytes);
    assert_int_equal(parse_bytes(bytes, n, &z), ERR_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(parse_bytes(bytes, i, &z), ERR_BAD_VALUE);
}

/* Whatever is accepted answers. */
static void test_every_byte_broken(void **state)
{
    (void)state;
    static const unsigned char masks[] = {1, 0x80, 0xff, 0x40, 0x10};
    struct zone z;
    unsigned char bytes[TZIF_MAX_BYTES];
    struct tzif t = sample();
    size_t n = tzif_write(&t, bytes);
    for (size_t i = 0; i < n * sizeof masks; i++) {
        bytes[i % n] ^= masks[i / n];
        if (!parse_bytes(bytes, n, &z))
            for (int64_t at = -2000000; at < 2000000; at += 3000) {
                struct zone_span span = zone_span_at(&z, at);
                assert_true(span.start_s <= at && at < span.end_s);
                assert_true(zone_from_wall(&z, at).last_s >= at - 93600);
            }
        bytes[i % n] ^= masks[i / n];
    }
}

static void refuses(struct tzif t, enum err wanted)
{
    struct zone z;
    assert_int_equal(parse(&t, &z), wanted);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const int64_t equal[] = {5, 5, 6}, late[] = {0, 1, ZONE_MAX_S + 1};
    static const uint8_t no_kind[] = {0, 3, 0};
    static const int32_t far[] = {0, 93600, 0}, west[] = {0, 0, -90000};
    struct tzif t = sample();
    t.changes = equal;
    refuses(t, ERR_BAD_VALUE);
    t.changes = late;
    refuses(t, ERR_BAD_VALUE);
    t = sample();
    t.kinds = no_kind;
    refuses(t, ERR_BAD_VALUE);
    t = sample();
    t.offsets = far;
    refuses(t, ERR_BAD_VALUE);
    t.offsets = west;
    refuses(t, ERR_BAD_VALUE);
    t = sample();
    t.kind_count = 0;
    refuses(t, ERR_BAD_VALUE);
    t = sample();
    t.version = '\0';
    refuses(t, ERR_BAD_VALUE);
    t = sample();
    t.leaps = 27;
    refuses(t, ERR_NOT_SUPPORTED);
    t = sample();
    t.footer = "\nCET-1CEST\n";
    refuses(t, ERR_BAD_VALUE);
}

static void test_no_more_changes_than_there_is_room_for(void **state)
{
    (void)state;
    struct zone z;
    static int64_t many[ZONE_CHANGES_MAX + 1];
    static uint8_t all_alike[ZONE_CHANGES_MAX + 1];
    for (int i = 0; i <= ZONE_CHANGES_MAX; i++)
        many[i] = i * INT64_C(1000);
    struct tzif t = sample();
    t.changes = many;
    t.kinds = all_alike;
    t.change_count = ZONE_CHANGES_MAX;
    assert_int_equal(parse(&t, &z), ERR_OK);
    assert_int_equal(z.count, ZONE_CHANGES_MAX);
    t.change_count++;
    assert_int_equal(parse(&t, &z), ERR_LIMIT);
    unsigned char bytes[TZIF_MAX_BYTES];
    t.change_count = 3;
    size_t n = tzif_write(&t, bytes);
    memset(bytes + 32, 0xff, 4); /* of the old block: 20 GB to be skipped */
    assert_int_equal(parse_bytes(bytes, n, &z), ERR_BAD_VALUE);
}

static void walls(const struct zone *z, int64_t wall_s, enum zone_wall kind,
                  int64_t first_s, int64_t last_s)
{
    struct zone_instants at = zone_from_wall(z, wall_s);
    assert_int_equal(at.kind, kind);
    assert_int_equal(at.first_s, first_s);
    assert_int_equal(at.last_s, last_s);
}

static void test_walls_in_berlin(void **state)
{
    (void)state;
    struct zone z = load("Europe/Berlin");
    int64_t spring = utc(2045, 3, 26, 1, 0), autumn = utc(2045, 10, 29, 1, 0);
    walls(&z, utc(2045, 3, 26, 1, 59), ZONE_WALL_ONCE, spring - 60, spring - 60);
    walls(&z, utc(2045, 3, 26, 2, 0), ZONE_WALL_SKIPPED, spring, spring);
    walls(&z, utc(2045, 3, 26, 2, 59), ZONE_WALL_SKIPPED, spring, spring);
    walls(&z, utc(2045, 3, 26, 3, 0), ZONE_WALL_ONCE, spring, spring);
    walls(&z, utc(2045, 10, 29, 2, 0), ZONE_WALL_TWICE, autumn - 3600, autumn);
    walls(&z, utc(2045, 10, 29, 2, 59), ZONE_WALL_TWICE, autumn - 60, autumn + 3540);
    walls(&z, utc(2045, 10, 29, 3, 0), ZONE_WALL_ONCE, autumn + 3600, autumn + 3600);
    assert_int_equal(zone_from_wall(&z, INT64_MIN).kind, ZONE_WALL_ONCE);
    assert_int_equal(zone_from_wall(&z, INT64_MAX).kind, ZONE_WALL_ONCE);
}

static void test_far_zones(void **state)
{
    (void)state;
    struct zone z = load("Pacific/Apia"); /* which left out 30 December 2011 */
    int64_t jump = utc(2011, 12, 30, 10, 0);
    assert_int_equal(zone_offset_at(&z, jump - 1), -36000);
    assert_int_equal(zone_offset_at(&z, jump), 50400);
    walls(&z, utc(2011, 12, 30, 12, 0), ZONE_WALL_SKIPPED, jump, jump);
    z = load("Australia/Lord_Howe"); /* half an hour of summer time */
    assert_int_equal(zone_offset_at(&z, utc(2060, 1, 1, 0, 0)), 39600);
    assert_int_equal(zone_offset_at(&z, utc(2060, 7, 1, 0, 0)), 37800);
    z = load("America/Sao_Paulo"); /* none since 2019 */
    assert_int_equal(zone_offset_at(&z, utc(2019, 1, 1, 0, 0)), -7200);
    assert_int_equal(zone_offset_at(&z, utc(2050, 1, 1, 0, 0)), -10800);
    z = load("Asia/Shanghai");
    assert_int_equal(zone_offset_at(&z, utc(1990, 7, 1, 0, 0)), 32400);
    assert_int_equal(zone_offset_at(&z, utc(2090, 7, 1, 0, 0)), 28800);
    z = load("Africa/Casablanca"); /* an hour less in Ramadan */
    assert_int_equal(zone_offset_at(&z, utc(2024, 3, 20, 0, 0)), 0);
    assert_int_equal(zone_offset_at(&z, utc(2024, 6, 1, 0, 0)), 3600);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"UTC",
                                       "Europe/Berlin",
                                       "Etc/GMT+12",
                                       "W-SU",
                                       "America/Argentina/ComodRivadavia",
                                       "GMT-0"};
    static const char *const bad[] = {"",
                                      "/etc/passwd",
                                      "../Berlin",
                                      "Europe/../UTC",
                                      "Europe/",
                                      "Europe//Berlin",
                                      "Europe/Berlin ",
                                      "Europe\\Berlin",
                                      "Europe/Berlin.",
                                      "right/UTC",
                                      "localtime",
                                      ":UTC",
                                      "\xc3\x84",
                                      "A%s",
                                      "A\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(zone_name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(zone_name_is_valid(bad[i]));
    char longest[ZONE_NAME_MAX_BYTES + 2];
    memset(longest, 'A', sizeof longest);
    longest[ZONE_NAME_MAX_BYTES] = '\0';
    assert_true(zone_name_is_valid(longest));
    longest[ZONE_NAME_MAX_BYTES] = 'A';
    longest[ZONE_NAME_MAX_BYTES + 1] = '\0';
    assert_false(zone_name_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_without_a_rule_the_last_offset_lasts),
        cmocka_unit_test(test_the_big_bang),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_every_byte_broken),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_no_more_changes_than_there_is_room_for),
        cmocka_unit_test(test_walls_in_berlin),
        cmocka_unit_test(test_far_zones),
        cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
