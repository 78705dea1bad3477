/* intake_test.c: the verdict on a spec, the same for the inbox and `barker check`. */
#include "workers/intake.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct channel_set *channels;
    struct arena arena;
    struct spec spec;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_detail d;
    assert_non_null(f);
    assert_int_equal(channel_set_new(NULL, &f->channels, &d), ERR_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    channel_set_free(f->channels);
    free(f);
    return 0;
}

static enum err judge(struct fixture *f, const char *text, size_t n,
                      struct err_detail *d)
{
    *d = (struct err_detail){.code = ERR_OK};
    arena_init(&f->arena, 1 << 20);
    enum err e = intake_judge(text, n, f->channels, NULL, NULL, &f->arena, &f->spec, d);
    if (!e)
        spec_fini(&f->spec);
    assert_null(f->spec.root); /* nothing is left behind, whatever the verdict */
    arena_fini(&f->arena);
    return e;
}

struct bad {
    const char *text;
    enum err code;
    const char *path;
};

static void all_refused(void **state, const struct bad *rows, size_t count)
{
    struct err_detail d;
    for (size_t i = 0; i < count; i++) {
        enum err e = judge(*state, rows[i].text, strlen(rows[i].text), &d);
        if (e != rows[i].code || strcmp(d.path, rows[i].path) != 0)
            print_error("%s: %s at '%s' (%s)\n", rows[i].text, err_code(e), d.path,
                        d.message);
        assert_int_equal(e, rows[i].code);
        assert_int_equal(d.code, rows[i].code);
        assert_string_equal(d.path, rows[i].path);
        assert_true(d.message[0]);
    }
}
#define ALL_REFUSED(state, rows) all_refused(state, rows, sizeof(rows) / sizeof *(rows))

static void test_not_json(void **state)
{
    static const struct bad rows[] = {
        {"", ERR_BAD_JSON, ""},
        {"nonsense", ERR_BAD_JSON, ""},
        {"{\"kind\":\"content\"", ERR_BAD_JSON, ""},
        {"{} {}", ERR_BAD_JSON, ""},
        {"[]", ERR_BAD_TYPE, ""},
        {"\"content\"", ERR_BAD_TYPE, ""},
        {"{\"kind\":\"\xFF\"}", ERR_BAD_ENCODING, ""},
        {"{\"kind\":\"con\\u0000tent\"}", ERR_BAD_ENCODING, ""},
        {"{\"kind\":\"content\",\"kind\":\"content\"}", ERR_DUPLICATE_KEY, ""},
    };
    ALL_REFUSED(state, rows);
    struct err_detail d;
    assert_int_equal(judge(*state, "{}\0", 3, &d), ERR_BAD_ENCODING);
    char *large = malloc(1024 * 1024 + 1);
    memset(large, ' ', 1024 * 1024 + 1);
    assert_int_equal(judge(*state, large, 1024 * 1024 + 1, &d), ERR_LIMIT);
    free(large);
}

#define K "{\"kind\":\"content\","
#define IN "\"input\":{\"brief\":\"b\"}}"

static void test_top_level(void **state)
{
    static const struct bad rows[] = {
        {"{}", ERR_MISSING, "/kind"},
        {"{" IN, ERR_MISSING, "/kind"},
        {"{\"kind\":\"content\"}", ERR_MISSING, "/input"},
        {"{\"kind\":\"poetry\"," IN, ERR_UNKNOWN_KIND, "/kind"},
        {"{\"kind\":7," IN, ERR_BAD_TYPE, "/kind"},
        {K "\"colour\":\"red\"," IN, ERR_UNKNOWN_FIELD, "/colour"},
        {K "\"a/b~c\":1," IN, ERR_UNKNOWN_FIELD, "/a~1b~0c"},
        {K "\"v\":2," IN, ERR_UNKNOWN_VERSION, "/v"},
        {K "\"v\":\"1\"," IN, ERR_BAD_TYPE, "/v"},
        {K "\"id\":\"\"," IN, ERR_BAD_ID, "/id"},
        {K "\"id\":\"a b\"," IN, ERR_BAD_ID, "/id"},
        {K "\"id\":\"a~1\"," IN, ERR_BAD_ID, "/id"},
        {K "\"id\":5," IN, ERR_BAD_TYPE, "/id"},
        {K "\"tenant\":\"a:b\"," IN, ERR_BAD_ID, "/tenant"},
        {K "\"priority\":\"urgent\"," IN, ERR_BAD_VALUE, "/priority"},
        {K "\"metric\":\"joy\"," IN, ERR_BAD_VALUE, "/metric"},
        {K "\"metric\":\"csat\"," IN, ERR_NOT_SUPPORTED, "/metric"},
        {K "\"approval\":\"maybe\"," IN, ERR_BAD_VALUE, "/approval"},
        {K "\"holdout\":0.6," IN, ERR_OUT_OF_RANGE, "/holdout"},
        {K "\"holdout\":-0.1," IN, ERR_OUT_OF_RANGE, "/holdout"},
        {K "\"min_distance\":2," IN, ERR_OUT_OF_RANGE, "/min_distance"},
        {K "\"seed\":-1," IN, ERR_OUT_OF_RANGE, "/seed"},
        {K "\"seed\":1.5," IN, ERR_BAD_TYPE, "/seed"},
        {K "\"not_before_ms\":-1," IN, ERR_OUT_OF_RANGE, "/not_before_ms"},
        {K "\"facts\":[]," IN, ERR_BAD_TYPE, "/facts"},
        {K "\"repeat\":\"0 9 * * 1\"," IN, ERR_BAD_TYPE, "/repeat"},
        {K "\"repeat\":{}," IN, ERR_MISSING, "/repeat/cron"},
        {K "\"repeat\":{\"cron\":\"0 25 * * *\"}," IN, ERR_OUT_OF_RANGE,
         "/repeat/cron"},
        {K "\"repeat\":{\"cron\":\"@daily\",\"zone\":\"../x\"}," IN, ERR_BAD_VALUE,
         "/repeat/zone"},
        {K "\"repeat\":{\"cron\":\"@daily\",\"times\":0}," IN, ERR_OUT_OF_RANGE,
         "/repeat/times"},
        {K "\"repeat\":{\"cron\":\"@daily\",\"each\":1}," IN, ERR_UNKNOWN_FIELD,
         "/repeat/each"},
        {K "\"dry_run\":true," IN, ERR_NOT_SUPPORTED, "/dry_run"},
        {K "\"dry_run\":1," IN, ERR_BAD_TYPE, "/dry_run"},
        {K "\"llm\":{\"batch\":1}," IN, ERR_BAD_TYPE, "/llm/batch"},
        {K "\"input\":5}", ERR_BAD_TYPE, "/input"},
    };
    ALL_REFUSED(state, rows);
}

static void test_nested(void **state)
{
    static const struct bad rows[] = {
        {K "\"budget\":{\"usd\":-1}," IN, ERR_OUT_OF_RANGE, "/budget/usd"},
        {K "\"budget\":{\"calls\":-1}," IN, ERR_OUT_OF_RANGE, "/budget/calls"},
        {K "\"budget\":{\"calls\":\"60\"}," IN, ERR_BAD_TYPE, "/budget/calls"},
        {K "\"budget\":{\"calls\":1.5}," IN, ERR_BAD_TYPE, "/budget/calls"},
        {K "\"budget\":{\"eur\":1}," IN, ERR_UNKNOWN_FIELD, "/budget/eur"},
        {K "\"budget\":5," IN, ERR_BAD_TYPE, "/budget"},
        {K "\"llm\":{\"url\":\"x\"}," IN, ERR_UNKNOWN_FIELD, "/llm/url"},
        {K "\"brand\":{\"never\":\"cheap\"}," IN, ERR_BAD_TYPE, "/brand/never"},
        {K "\"brand\":{\"never\":[\"a\",5]}," IN, ERR_BAD_TYPE, "/brand/never/1"},
        {K "\"brand\":{\"voice\":\"\"}," IN, ERR_OUT_OF_RANGE, "/brand/voice"},
        {K "\"rules\":{\"be_nice\":1}," IN, ERR_UNKNOWN_FIELD, "/rules/be_nice"},
        {K "\"ranking\":{\"policy\":\"luck\"}," IN, ERR_BAD_VALUE, "/ranking/policy"},
        {K "\"ranking\":{\"max_rounds\":0}," IN, ERR_OUT_OF_RANGE,
         "/ranking/max_rounds"},
        {K "\"ranking\":{\"horizon\":0}," IN, ERR_OUT_OF_RANGE, "/ranking/horizon"},
    };
    ALL_REFUSED(state, rows);
}

static void test_places(void **state)
{
    static const struct bad rows[] = {
        {K "\"channel\":[\"sms\",\"fax\"]," IN, ERR_BAD_VALUE, "/channel/1"},
        {K "\"channel\":[\"sms\",\"sms\"]," IN, ERR_BAD_VALUE, "/channel/1"},
        {K "\"channel\":[]," IN, ERR_OUT_OF_RANGE, "/channel"},
        {K "\"channel\":\"sms\"," IN, ERR_BAD_TYPE, "/channel"},
        {K "\"locale\":\"en US\"," IN, ERR_BAD_VALUE, "/locale"},
        {K "\"locale\":[\"en-US\",\"en US\"]," IN, ERR_BAD_VALUE, "/locale/1"},
        {K "\"locale\":[]," IN, ERR_OUT_OF_RANGE, "/locale"},
        {K "\"locale\":[\"en-US\",\"en-US\"]," IN, ERR_BAD_VALUE, "/locale/1"},
        {K "\"segments\":{}," IN, ERR_BAD_TYPE, "/segments"},
        {K "\"segments\":[{\"profile\":\"x\"}]," IN, ERR_MISSING, "/segments/0"},
        {K "\"segments\":[{\"id\":\"a/b\"}]," IN, ERR_BAD_ID, "/segments/0/id"},
        {K "\"segments\":[{\"id\":\"a\"},{\"id\":\"a\"}]," IN, ERR_BAD_VALUE,
         "/segments/1"},
        {K "\"segments\":[{\"id\":\"a\",\"size\":-1}]," IN, ERR_OUT_OF_RANGE,
         "/segments/0/size"},
        {K "\"segments\":[{\"id\":\"a\",\"size\":0}]," IN, ERR_OUT_OF_RANGE,
         "/segments"},
        {K "\"control\":5," IN, ERR_BAD_TYPE, "/control"},
        {K "\"control\":\"\"," IN, ERR_OUT_OF_RANGE, "/control"},
        {K "\"control\":{\"sms\":\"x\"}," IN, ERR_BAD_VALUE, "/control/sms"},
        {K "\"channel\":[\"email.subject\"],\"control\":\"a\\nb\"," IN, ERR_BAD_VALUE,
         "/control"},
    };
    ALL_REFUSED(state, rows);
}

static void test_input(void **state)
{
    static const struct bad rows[] = {
        {K "\"input\":{}}", ERR_MISSING, "/input"},
        {K "\"input\":{\"brief\":\" \"}}", ERR_OUT_OF_RANGE, "/input/brief"},
        {K "\"input\":{\"prompt\":7}}", ERR_BAD_TYPE, "/input/prompt"},
        {K "\"input\":{\"brief\":\"b\",\"prompt\":\"p\"}}", ERR_BAD_VALUE,
         "/input/prompt"},
        {K "\"input\":{\"brief\":\"b\",\"n\":0}}", ERR_OUT_OF_RANGE, "/input/n"},
        {K "\"input\":{\"brief\":\"b\",\"n\":99}}", ERR_OUT_OF_RANGE, "/input/n"},
        {K "\"input\":{\"brief\":\"b\",\"temperature\":3}}", ERR_OUT_OF_RANGE,
         "/input/temperature"},
        {K "\"input\":{\"brief\":\"b\",\"max_tokens\":\"150\"}}", ERR_BAD_TYPE,
         "/input/max_tokens"},
        {K "\"input\":{\"brief\":\"b\",\"angles\":\"warm\"}}", ERR_BAD_TYPE,
         "/input/angles"},
        {K "\"input\":{\"brief\":\"b\",\"tone\":\"dry\"}}", ERR_UNKNOWN_FIELD,
         "/input/tone"},
        {K "\"input\":{\"brief\":\"b\",\"a/b\":1}}", ERR_UNKNOWN_FIELD, "/input/a~1b"},
        {K "\"input\":{\"brief\":\"b\",\"n\":2.5}}", ERR_BAD_TYPE, "/input/n"},
        {K "\"input\":{\"brief\":\"b\",\"angles\":[\"a\",7]}}", ERR_BAD_TYPE,
         "/input/angles/1"},
        {K "\"input\":{\"brief\":\"b\",\"angles\":[\"\"]}}", ERR_OUT_OF_RANGE,
         "/input/angles/0"},
    };
    ALL_REFUSED(state, rows);
}

static void test_good(void **state)
{
    static const char *const rows[] = {
        "{\"kind\":\"content\",\"input\":{\"prompt\":\"Write a slogan\"}}",
        " {\"input\":{\"brief\":\"b\"},\"kind\":\"content\"}\n",
        K "\"v\":1,\"id\":\"con-0001\",\"tenant\":\"acme\"," IN,
        K "\"budget\":{\"usd\":0}," IN, /* admitted, and over budget at once */
        K "\"budget\":{\"usd\":1.5,\"calls\":60,\"tokens\":100000}," IN,
        K "\"channel\":[\"email.subject\",\"sms\"],\"locale\":[\"en-US\",\"zh-CN\"],"
          "\"segments\":[{\"id\":\"vip\",\"profile\":\"p\",\"size\":10}]," IN,
        K "\"control\":\"Warm and light.\",\"holdout\":0.5,\"metric\":\"click\"," IN,
        K "\"rules\":{\"claims\":\"zh-CN\"},\"dry_run\":false,\"seed\":1," IN,
        K "\"approval\":\"none\",\"ranking\":{\"policy\":\"sharpened\","
          "\"horizon\":1000,\"min_impressions\":50,\"max_rounds\":3}," IN,
        K "\"llm\":{\"endpoint\":\"main\",\"model\":\"m\"}," IN,
        K "\"input\":{\"brief\":\"b\",\"n\":8,\"temperature\":0.7,\"max_tokens\":150,"
          "\"angles\":[\"a\"],\"examples\":[\"x\",{\"text\":\"y\",\"result\":1}]}}",
    };
    struct err_detail d;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum err e = judge(*state, rows[i], strlen(rows[i]), &d);
        if (e)
            print_error("%s: %s at '%s' (%s)\n", rows[i], err_code(e), d.path,
                        d.message);
        assert_int_equal(e, ERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_json), cmocka_unit_test(test_top_level),
        cmocka_unit_test(test_nested),   cmocka_unit_test(test_places),
        cmocka_unit_test(test_input),    cmocka_unit_test(test_good),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
