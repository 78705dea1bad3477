/* choice_test.c: what a user sees, by state and shares. */
#include "workers/decide/choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SHARES                                                                         \
    "{\"epoch\":7,\"holdout\":%s,\"arms\":[{\"v\":\"v1\",\"w\":0.6,\"control\":true}," \
    "{\"v\":\"v2\",\"w\":0.4,\"control\":false},{\"v\":\"v3\",\"w\":0}]}"
#define VARIANTS                                                                       \
    "[{\"id\":\"v8\",\"placement\":\"web\",\"state\":\"control\"},"                    \
    "{\"id\":\"v2\",\"placement\":\"sms\",\"state\":\"pending\"},"                     \
    "{\"id\":\"v9\",\"placement\":\"sms\",\"state\":\"control\"}]"

static struct json *parse(const char *text)
{
    struct json *j = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json_limits_spec, &j, NULL),
                     ERR_OK);
    return j;
}

static void is(struct choice d, const char *variant, const char *reason, double weight)
{
    if (variant)
        assert_string_equal(d.variant, variant);
    else
        assert_null(d.variant);
    if (reason)
        assert_string_equal(d.reason, reason);
    else
        assert_null(d.reason);
    assert_true(d.weight == weight);
}

static void test_shares(void **state)
{
    (void)state;
    char text[512], name[32];
    snprintf(text, sizeof text, SHARES, "0.3");
    struct json *alloc = parse(text);
    struct choice_set s;
    int seen[3] = {0};
    choice_prepare(&s, "c1", "sms", "live", alloc, NULL);
    assert_int_equal(s.epoch, 7);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "user-%d", i);
        struct choice d = choice_of(&s, name);
        bool held = assign_is_holdout("c1", name, 0.3);
        const struct assign_arm arms[] = {{"v1", 0.6}, {"v2", 0.4}};
        int pick = held ? 2 : assign_pick("c1", "sms", name, arms, 2);
        is(d, (const char *const[]){"v1", "v2", "_holdout"}[pick], NULL,
           (const double[]){0.6, 0.4, 0.3}[pick]);
        seen[pick]++;
    }
    assert_true(seen[0] > 60 && seen[1] > 40 && seen[2] > 50);
    json_free(alloc);
}

static void test_stopped(void **state)
{
    (void)state;
    char text[512];
    snprintf(text, sizeof text, SHARES, "0.5");
    struct json *alloc = parse(text), *bare = parse("{\"epoch\":1,\"arms\":[]}");
    struct json *variants = parse(VARIANTS);
    struct choice_set s;
    static const char *const states[] = {"paused", "cancelled", "failed"};
    for (int i = 0; i < 3; i++) {
        choice_prepare(&s, "c1", "sms", states[i], alloc, variants);
        for (const char *user = "abcdefgh"; *user; user++)
            is(choice_of(&s, user), "v1", states[i], 0.6); /* the holdout too */
        choice_prepare(&s, "c1", "sms", states[i], bare, variants);
        is(choice_of(&s, "ann"), NULL, states[i], 0);
        choice_prepare(&s, "c1", "sms", states[i], NULL, variants);
        is(choice_of(&s, "ann"), "v9", states[i], 1);
    }
    choice_prepare(&s, "c1", "sms", "live", bare, variants);
    is(choice_of(&s, "ann"), NULL, "nothing_live", 0);
    json_free(variants);
    json_free(bare);
    json_free(alloc);
}

static void test_before_the_first_shares(void **state)
{
    (void)state;
    struct json *variants = parse(VARIANTS);
    struct choice_set s;
    choice_prepare(&s, "c1", "sms", "review", NULL, variants);
    is(choice_of(&s, "ann"), "v9", "in_review", 1);
    assert_int_equal(s.epoch, 0);
    choice_prepare(&s, "c1", "sms", "running", NULL, variants);
    is(choice_of(&s, "ann"), "v9", "nothing_live", 1);
    choice_prepare(&s, "c1", "push", "review", NULL, variants);
    is(choice_of(&s, "ann"), NULL, "in_review", 0);
    json_free(variants);
}

static void test_users(void **state)
{
    (void)state;
    char text[2 * CHOICE_USER_MAX + 3];
    struct err_detail d;
    assert_int_equal(choice_check_user("", 0, &d), ERR_MISSING);
    assert_int_equal(choice_check_user("a\0b", 3, &d), ERR_BAD_ENCODING);
    assert_int_equal(choice_check_user("a\xff", 2, &d), ERR_BAD_ENCODING);
    for (size_t i = 0; i <= CHOICE_USER_MAX; i++)
        memcpy(text + 2 * i, "\xc3\xa9", 2);
    assert_int_equal(choice_check_user(text, 2 * CHOICE_USER_MAX, &d), ERR_OK);
    assert_int_equal(choice_check_user(text, 2 * CHOICE_USER_MAX + 2, &d),
                     ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_before_the_first_shares),
        cmocka_unit_test(test_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
