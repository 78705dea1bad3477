/* price_test.c: cost arithmetic, the wildcard rule, and what a table may hold. */
#include "workers/llm/price.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

extern const char text_prices_json[];

static struct price_table *table(const char *rows)
{
    char json[2048];
    struct err_detail d = {0};
    struct price_table *t = NULL;
    (void)snprintf(json, sizeof json,
                   "{\"v\":1,\"date\":\"2026-11-01\",\"prices\":[%s]}", rows);
    assert_int_equal(price_table_new(json, &t, &d), ERR_OK);
    return t;
}

static void test_cost(void **state)
{
    (void)state;
    static const struct {
        double in, out;
        int64_t tokens_in, tokens_out, nano;
    } cases[] = {
        {150, 600, 1000, 100, 210000},             /* 0.15 and 0.60 usd per million */
        {150, 600, 0, 0, 0},                       /* nothing */
        {0.5, 0, 1, 0, 1},                         /* rounded up, never down */
        {0.5, 0, 2, 0, 1},                         /* and not twice */
        {0.1, 0.2, 1, 1, 1},                       /* one rounding for the sum */
        {270, 1100, 3, 7, 8510},                   /* no stray nano of a double */
        {1100.0000000000002, 0, 1000, 0, 1100000}, /* 1.1 * 1000 as a double */
        {2.8, 0, 1000000, 0, 2800000},
        {150, 600, -5, 10, 6000}, /* nonsense counts nothing */
        {75000, 300000, 1000000000, 1000000000, INT64_C(375000000000000)},
        {0, 0, 1000000000, 1000000000, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct price p = {cases[i].in, cases[i].out, -1, -1};
        struct price_usage u = {.in = cases[i].tokens_in, .out = cases[i].tokens_out};
        int64_t nano = price_cost_nano(&p, &u);
        if (nano != cases[i].nano)
            fail_msg("case %zu: %lld", i, (long long)nano);
    }
}

static void test_cost_does_not_wrap(void **state)
{
    (void)state;
    struct price p = {1e9, 1e9, -1, -1};
    struct price_usage u = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    assert_true(price_cost_nano(&p, &u) > INT64_C(1000000000000000));
}

/* Classes are disjoint: what came from the cache is not paid as other input too. */
static void test_classes(void **state)
{
    (void)state;
    static const struct {
        double cached, written;
        int64_t in_cached, in_written, nano; /* of 1,000 in at 100 and 10 out at 400 */
    } cases[] = {
        {-1, -1, 0, 0, 104000},      {-1, -1, 600, 300, 104000},
        {10, -1, 600, 0, 50000},     {10, 125, 600, 300, 57500},
        {-1, 125, 0, 1000, 129000},  {10, -1, 5000, 0, 14000}, /* more than came in */
        {10, 125, 600, 5000, 60000}, {10, 125, -3, -3, 104000},
        {0, -1, 1000, 0, 4000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct price p = {100, 400, cases[i].cached, cases[i].written};
        struct price_usage u = {1000, 10, cases[i].in_cached, cases[i].in_written};
        int64_t nano = price_cost_nano(&p, &u);
        if (nano != cases[i].nano)
            fail_msg("case %zu: %lld", i, (long long)nano);
    }
    struct price dear = {100, 400, 10, 125}, cheap = {100, 400, 10, -1};
    assert_true(price_in_most_nano(&dear) == 125 && price_in_most_nano(&cheap) == 100);
}

static void test_find(void **state)
{
    (void)state;
    struct price_table *t =
        table("{\"model\":\"m*\",\"in_usd_per_m\":1,\"out_usd_per_m\":2},"
              "{\"model\":\"mini-*\",\"in_usd_per_m\":3,\"out_usd_per_m\":4},"
              "{\"model\":\"mini-2026\",\"in_usd_per_m\":0.15,\"out_usd_per_m\":0.6,"
              "\"source\":\"s\",\"note\":\"n\"}");
    static const struct {
        const char *model;
        double in_nano;
    } cases[] = {{"mini-2026", 150}, {"mini-2027", 3000}, {"mini-", 3000},
                 {"mini", 1000},     {"m", 1000},         {"mini-20265", 3000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct price p = {-1, -1, -1, -1};
        if (!price_find(t, cases[i].model, &p) || p.in_nano != cases[i].in_nano)
            fail_msg("%s: %g", cases[i].model, p.in_nano);
    }
    struct price p;
    assert_false(price_find(t, "gpt", &p));
    assert_false(price_find(t, "", &p));
    price_table_free(t);
}

static void test_bad_tables(void **state)
{
    (void)state;
#define ROW(rows) "{\"v\":1,\"prices\":[" rows "]}"
#define OK_ROW "{\"model\":\"a\",\"in_usd_per_m\":1,\"out_usd_per_m\":1}"
    static const struct {
        const char *json;
        enum err code;
        const char *path;
    } cases[] = {
        {"", ERR_BAD_JSON, ""},
        {"[]", ERR_BAD_TYPE, ""},
        {"{\"prices\":[]}", ERR_UNKNOWN_VERSION, "/v"},
        {"{\"v\":2,\"prices\":[]}", ERR_UNKNOWN_VERSION, "/v"},
        {"{\"v\":1}", ERR_BAD_TYPE, "/prices"},
        {"{\"v\":1,\"prices\":[],\"price\":1}", ERR_UNKNOWN_FIELD, ""},
        {ROW("1"), ERR_BAD_TYPE, "/prices/0"},
        {ROW("{\"model\":\"a\",\"in_usd_per_m\":1}"), ERR_MISSING, "/prices/0"},
        {ROW("{\"model\":\"a\",\"in_usd_per_m\":1,\"out_usd_per_m\":1,"
             "\"written_usd_per_m\":-1}"),
         ERR_OUT_OF_RANGE, "/prices/0"},
        {ROW("{\"model\":\"a\",\"in_usd_per_m\":1,\"out_usd_per_m\":1,"
             "\"cached_usd_per_m\":\"1\"}"),
         ERR_BAD_TYPE, "/prices/0"},
        {ROW("{\"model\":\"a\",\"in_usd_per_m\":\"1\",\"out_usd_per_m\":1}"),
         ERR_BAD_TYPE, "/prices/0"},
        {ROW("{\"model\":\"a\",\"in_usd_per_m\":-1,\"out_usd_per_m\":1}"),
         ERR_OUT_OF_RANGE, "/prices/0"},
        {ROW("{\"model\":\"a\",\"in_usd_per_m\":1,\"out_usd_per_m\":2e6}"),
         ERR_OUT_OF_RANGE, "/prices/0"},
        {ROW("{\"model\":\"\",\"in_usd_per_m\":1,\"out_usd_per_m\":1}"), ERR_BAD_VALUE,
         "/prices/0"},
        {ROW("{\"model\":\"a*b\",\"in_usd_per_m\":1,\"out_usd_per_m\":1}"),
         ERR_BAD_VALUE, "/prices/0"},
        {ROW(OK_ROW ",{\"model\":\"b\",\"in\":1}"), ERR_UNKNOWN_FIELD, "/prices/1"},
        {ROW(OK_ROW "," OK_ROW), ERR_DUPLICATE_KEY, "/prices/1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err_detail d = {0};
        struct price_table *t = NULL;
        enum err e = price_table_new(cases[i].json, &t, &d);
        if (e != cases[i].code || strcmp(d.path, cases[i].path) != 0 || t)
            fail_msg("%s: %s at '%s'", cases[i].json, err_code(e), d.path);
    }
}

static void test_share(void **state)
{
    (void)state;
    assert_int_equal(price_share_nano(1000, 0.5), 500);
    assert_int_equal(price_share_nano(1001, 0.5), 501);
    assert_int_equal(price_share_nano(1, 0.1), 1);
    assert_int_equal(price_share_nano(100, 0.07), 7); /* 7.000000000000001 */
    assert_int_equal(price_share_nano(7, 1), 7);
    assert_int_equal(price_share_nano(7, 0), 0);
    assert_int_equal(price_share_nano(0, 0.5), 0);
}

/* The shipped table is read, and its prices are in usd per million, not per token. */
static void test_shipped_table(void **state)
{
    (void)state;
    struct err_detail d = {0};
    struct price_table *t = NULL;
    struct price p;
    struct price_usage million = {1000000, 1000000, 500000, 0};
    if (price_table_new(text_prices_json, &t, &d))
        fail_msg("%s: %s", d.path, d.message);
    assert_true(price_find(t, "gpt-4o-mini", &p));
    assert_int_equal(price_cost_nano(&p, &million), 750000000 - 37500000);
    assert_true(price_find(t, "gpt-4.1-mini-2025-04-14", &p));
    assert_int_equal(price_cost_nano(&p, &million), 400000000 - 150000000 + 1600000000);
    assert_false(price_find(t, "gpt-4o-mini-realtime-preview", &p));
    assert_false(price_find(t, "no-such-model", &p));
    price_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cost),          cmocka_unit_test(test_cost_does_not_wrap),
        cmocka_unit_test(test_classes),       cmocka_unit_test(test_share),
        cmocka_unit_test(test_find),          cmocka_unit_test(test_bad_tables),
        cmocka_unit_test(test_shipped_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
