/* redis_url_test.c: what a Redis URL may be, and how it is refused. */
#include "core/io/redis_url.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct good {
    const char *text, *host, *path, *user, *pass;
    int port, db;
};

static const struct good good[] = {
    {"redis://localhost", "localhost", "", "", "", 6379, 0},
    {"redis://h:1", "h", "", "", "", 1, 0},
    {"redis://h:65535/", "h", "", "", "", 65535, 0},
    {"redis://h/15", "h", "", "", "", 6379, 15},
    {"redis://[::1]", "::1", "", "", "", 6379, 0},
    {"redis://[fe80::1]:7000/2", "fe80::1", "", "", "", 7000, 2},
    {"redis://:secret@h", "h", "", "", "secret", 6379, 0},
    {"redis://bob@h", "h", "", "bob", "", 6379, 0},
    {"redis://bob:a%40b%2Fc%3a@h:7/3", "h", "", "bob", "a@b/c:", 7, 3},
    {"redis://bob:a@b:c@h", "h", "", "bob", "a@b:c", 6379, 0},
    {"unix:///run/redis.sock", "", "/run/redis.sock", "", "", 0, 0},
    {"unix:///a%20b", "", "/a b", "", "", 0, 0},
    {"unix://u:p@/s?db=4", "", "/s", "u", "p", 0, 4},
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const struct good *g = &good[i];
        struct redis_url u;
        struct err_detail d = {0};
        print_message("%s\n", g->text);
        assert_int_equal(redis_url_parse(g->text, &u, &d), ERR_OK);
        assert_string_equal(u.host, g->host);
        assert_string_equal(u.path, g->path);
        assert_string_equal(u.user, g->user);
        assert_string_equal(u.pass, g->pass);
        assert_int_equal(u.has_auth, g->user[0] || g->pass[0]);
        assert_int_equal(u.port, g->port);
        assert_int_equal(u.db, g->db);
    }
}

struct bad {
    const char *text, *says;
    enum err e;
};

static const struct bad bad[] = {
    {"", "redis://", ERR_BAD_VALUE},
    {"localhost:6379", "redis://", ERR_BAD_VALUE},
    {"http://h", "redis://", ERR_BAD_VALUE},
    {"redis://", "host", ERR_BAD_VALUE},
    {"redis://:6379", "host", ERR_BAD_VALUE},
    {"redis://[::1", "host", ERR_BAD_VALUE},
    {"redis://h:0", "port", ERR_BAD_VALUE},
    {"redis://h:65536", "port", ERR_BAD_VALUE},
    {"redis://h:", "port", ERR_BAD_VALUE},
    {"redis://h:6379x", "port", ERR_BAD_VALUE},
    {"redis://[::1]x", "port", ERR_BAD_VALUE},
    {"redis://h/x", "database", ERR_BAD_VALUE},
    {"redis://h/1/2", "database", ERR_BAD_VALUE},
    {"redis://h/99999999999", "database", ERR_BAD_VALUE},
    {"redis://u:secr%4@h", "password", ERR_BAD_VALUE},
    {"redis://u:secr%zz@h", "password", ERR_BAD_VALUE},
    {"redis://u:secr%00@h", "password", ERR_BAD_VALUE},
    {"redis://%4:secr@h", "user", ERR_BAD_VALUE},
    {"unix://", "path", ERR_BAD_VALUE},
    {"unix://relative", "path", ERR_BAD_VALUE},
    {"unix:///s?x=1", "db=", ERR_BAD_VALUE},
    {"unix:///s?db=", "db=", ERR_BAD_VALUE},
    {"rediss://:secr@h", "TLS", ERR_NOT_SUPPORTED},
    {"redis-sentinel://h", "Sentinel", ERR_NOT_SUPPORTED},
    {"redis+cluster://h", "Cluster", ERR_NOT_SUPPORTED},
    {"redis://:secr@a:1,b:2", "Cluster", ERR_NOT_SUPPORTED},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct redis_url u;
        struct err_detail d = {0};
        print_message("%s\n", bad[i].text);
        assert_int_equal(redis_url_parse(bad[i].text, &u, &d), bad[i].e);
        assert_int_equal(d.code, bad[i].e);
        assert_non_null(strstr(d.message, bad[i].says));
        assert_null(strstr(d.message, "secr"));
        assert_null(strstr(d.path, "secr"));
    }
}

static void test_lengths(void **state)
{
    (void)state;
    char text[2000] = "unix:///";
    struct redis_url u;
    memset(text + 8, 'a', 106);
    assert_int_equal(redis_url_parse(text, &u, NULL), ERR_OK);
    assert_int_equal(strlen(u.path), 107);
    text[8 + 106] = 'a';
    assert_int_equal(redis_url_parse(text, &u, NULL), ERR_BAD_VALUE);
    memcpy(text, "redis://", 8);
    memset(text + 8, 'a', 256);
    assert_int_equal(redis_url_parse(text, &u, NULL), ERR_BAD_VALUE);
    text[8] = ':';
    memset(text + 9, 'a', 512);
    memcpy(text + 9 + 512, "@h", 3);
    assert_int_equal(redis_url_parse(text, &u, NULL), ERR_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests_name("core/io/redis_url", tests, NULL, NULL);
}
