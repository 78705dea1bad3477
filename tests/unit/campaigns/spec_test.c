/* spec_test.c: what a spec means once it is accepted. Refusals: intake_test.c. */
#include "campaigns/spec.h"
#include "core/base/utf8.h"
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
    struct err_detail d;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(channel_set_new(NULL, &f->channels, &f->d), ERR_OK);
    arena_init(&f->arena, 1 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    spec_fini(&f->spec);
    arena_fini(&f->arena);
    channel_set_free(f->channels);
    free(f);
    return 0;
}

static enum err parse(void **state, const char *text)
{
    struct fixture *f = *state;
    spec_fini(&f->spec);
    f->d = (struct err_detail){.code = ERR_OK};
    return spec_parse(text, strlen(text), f->channels, &f->arena, &f->spec, &f->d);
}

/* members: of the top level, ended by a comma, or "". */
static const struct spec *good(void **state, const char *members)
{
    struct fixture *f = *state;
    char text[2000];
    snprintf(text, sizeof text, "{\"kind\":\"content\",%s\"input\":{\"brief\":\"b\"}}",
             members);
    enum err e = parse(state, text);
    if (e)
        print_error("%s: %s %s\n", text, f->d.path, f->d.message);
    assert_int_equal(e, ERR_OK);
    return &f->spec;
}

static void test_defaults(void **state)
{
    const struct spec *s = good(state, "");
    assert_string_equal(s->id, "");
    assert_string_equal(s->tenant, "default");
    assert_string_equal(s->kind, "content");
    assert_int_equal(s->placement_count, 1);
    assert_string_equal(s->placement[0].name, "plain");
    assert_string_equal(s->placement[0].locale, "en-US");
    assert_null(s->placement[0].segment);
    assert_null(s->placement[0].control);
    assert_true(s->budget_calls == -1 && s->budget_tokens == -1);
    assert_true(s->budget_usd_nano == -1);
    assert_string_equal(s->llm_endpoint, "");
    assert_string_equal(s->llm_model, "");
    assert_false(s->llm_batch);
    assert_int_equal(s->metric, SPEC_METRIC_CLICK);
    assert_true(s->holdout == 0 && s->min_distance == 0.25);
    assert_string_equal(s->policy, "sharpened");
    assert_int_equal(s->max_rounds, 5);
    assert_true(s->approval); /* a brief: a person looks first */
    assert_int_equal(s->warning_count, 0);
    assert_int_equal(s->priority, SPEC_PRIORITY_NORMAL);
}

static void test_priority(void **state)
{
    assert_int_equal(good(state, "\"priority\":\"high\",")->priority,
                     SPEC_PRIORITY_HIGH);
    assert_int_equal(good(state, "\"priority\":\"low\",")->priority, SPEC_PRIORITY_LOW);
    assert_int_equal(good(state, "\"priority\":\"normal\",")->priority,
                     SPEC_PRIORITY_NORMAL);
}

static void test_values(void **state)
{
    const struct spec *s = good(
        state, "\"v\":1,\"id\":\"con-1\",\"tenant\":\"acme\",\"priority\":\"normal\","
               "\"budget\":{\"usd\":1.5,\"tokens\":100000,\"calls\":60},"
               "\"llm\":{\"endpoint\":\"main\",\"model\":\"m-1\",\"batch\":true},"
               "\"metric\":\"conversion\",\"holdout\":0.1,\"min_distance\":0.35,"
               "\"ranking\":{\"horizon\":5000,\"min_impressions\":80,\"max_rounds\":3},"
               "\"brand\":{\"voice\":\"dry\",\"say\":[\"warm\"],\"never\":[\"cheap\","
               "\"best ever\"],\"terms\":[\"Alpine\"]},\"facts\":{\"price\":129},"
               "\"not_before_ms\":1760000000000,\"seed\":9007199254740991,"
               "\"start_within_ms\":60000,\"deadline_ms\":31622400000,");
    assert_string_equal(s->id, "con-1");
    assert_string_equal(s->tenant, "acme");
    assert_int_equal(s->budget_usd_nano, 1500000000);
    assert_int_equal(s->budget_tokens, 100000);
    assert_int_equal(s->budget_calls, 60);
    assert_string_equal(s->llm_endpoint, "main");
    assert_string_equal(s->llm_model, "m-1");
    assert_true(s->llm_batch);
    assert_int_equal(s->metric, SPEC_METRIC_CONVERSION);
    assert_true(s->holdout == 0.1 && s->min_distance == 0.35);
    assert_int_equal(s->horizon, 5000);
    assert_int_equal(s->min_impressions, 80);
    assert_int_equal(s->max_rounds, 3);
    assert_string_equal(s->voice, "dry");
    assert_int_equal(s->say_count, 1);
    assert_int_equal(s->never_count, 2);
    assert_string_equal(s->never[1], "best ever");
    assert_int_equal(json_int(json_get(s->facts, "price"), 0), 129);
    assert_int_equal(s->not_before_ms, 1760000000000);
    assert_int_equal(s->start_within_ms, 60000);
    assert_int_equal(s->deadline_ms, 31622400000);
    assert_true(s->seed == 9007199254740991u);
}

static void test_zero_budget(void **state)
{
    assert_int_equal(good(state, "\"budget\":{\"usd\":0},")->budget_usd_nano, 0);
    assert_int_equal(good(state, "\"budget\":{\"calls\":0},")->budget_calls, 0);
    assert_int_equal(good(state, "\"budget\":{\"usd\":0.000000001},")->budget_usd_nano,
                     1);
    assert_int_equal(good(state, "\"budget\":{},")->budget_usd_nano, -1);
}

static void test_placements(void **state)
{
    const struct spec *s =
        good(state, "\"channel\":[\"email.subject\",\"sms\"],\"segments\":[{\"id\":"
                    "\"vip\",\"profile\":\"gold\"},{\"id\":\"none\",\"size\":0},"
                    "{\"id\":\"new\",\"size\":70}],");
    static const char *const names[] = {"email.subject/vip", "email.subject/new",
                                        "sms/vip", "sms/new"};
    assert_int_equal(s->placement_count, 4); /* an empty segment is not billed */
    for (int i = 0; i < 4; i++)
        assert_string_equal(s->placement[i].name, names[i]);
    assert_string_equal(s->placement[2].channel->name, "sms");
    assert_string_equal(s->placement[2].segment->profile, "gold");
    s = good(state, "\"channel\":[\"sms\"],\"locale\":[\"en-US\",\"zh-CN\"],");
    assert_int_equal(s->placement_count, 2);
    assert_string_equal(s->placement[1].name, "sms/all/zh-CN");
    assert_string_equal(s->placement[1].locale, "zh-CN");
    s = good(state, "\"segments\":[{\"id\":\"a\"}],\"locale\":[\"de\",\"fr\"],");
    assert_string_equal(s->placement[1].name, "plain/a/fr");
    s = good(state, "\"locale\":[\"de\"],");
    assert_string_equal(s->placement[0].name, "plain");
    assert_string_equal(s->placement[0].locale, "de");
}

/* The product of the lists is bounded, not only each of them. */
static void test_too_many_placements(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    buf_init(&text, 8192);
    buf_append_str(&text, "{\"kind\":\"content\",\"input\":{\"brief\":\"b\"},"
                          "\"locale\":[\"aa\",\"bb\",\"cc\",\"dd\",\"ee\"],"
                          "\"segments\":[");
    for (int i = 0; i < 13; i++)
        buf_printf(&text, "%s{\"id\":\"s%d\"}", i ? "," : "", i);
    buf_append_str(&text, "]}");
    assert_int_equal(parse(state, buf_str(&text)), ERR_OUT_OF_RANGE);
    assert_string_equal(f->d.path, "/channel");
    buf_fini(&text);
}

static void test_controls(void **state)
{
    const struct spec *s =
        good(state, "\"control\":\"Warm.\",\"channel\":[\"sms\",\"plain\"],");
    assert_string_equal(s->placement[0].control, "Warm.");
    assert_string_equal(s->placement[1].control, "Warm.");
    s = good(state,
             "\"control\":{\"plain\":\"Light.\"},\"channel\":[\"sms\",\"plain\"],");
    assert_null(s->placement[0].control);
    assert_string_equal(s->placement[1].control, "Light.");
    s = good(state, "\"control\":{\"sms/vip\":\"V\"},\"channel\":[\"sms\"],"
                    "\"segments\":[{\"id\":\"vip\"}],");
    assert_string_equal(s->placement[0].control, "V");
}

static void test_control_fits(void **state)
{
    struct fixture *f = *state;
    char text[500], control[162];
    memset(control, 'a', 161);
    control[161] = '\0';
    const char *form = "{\"kind\":\"content\",\"input\":{\"brief\":\"b\"},\"channel\":"
                       "[\"sms\"],\"control\":\"%s\"}";
    snprintf(text, sizeof text, form, control);
    assert_int_equal(parse(state, text), ERR_OUT_OF_RANGE);
    assert_string_equal(f->d.path, "/control");
    control[160] = '\0';
    snprintf(text, sizeof text, form, control);
    assert_int_equal(parse(state, text), ERR_OK);
}

static bool approval_of(void **state, const char *members, const char *input)
{
    struct fixture *f = *state;
    char text[500];
    snprintf(text, sizeof text, "{\"kind\":\"content\",%s\"input\":%s}", members,
             input);
    assert_int_equal(parse(state, text), ERR_OK);
    return f->spec.approval;
}

static void test_approval(void **state)
{
    struct fixture *f = *state;
    const char *prompt = "{\"prompt\":\"p\"}", *brief = "{\"brief\":\"b\"}";
    assert_false(approval_of(state, "", prompt));
    assert_true(approval_of(state, "", "{\"prompt\":\"p\",\"n\":2}"));
    assert_true(approval_of(state, "", brief));
    assert_false(approval_of(state, "\"approval\":\"none\",", brief));
    assert_true(approval_of(state, "\"approval\":\"required\",", prompt));
    /* a warning alone forces nothing, a rule that nobody enforces does */
    assert_false(
        approval_of(state, "\"approval\":\"none\",\"metric\":\"revenue\",", brief));
    assert_true(approval_of(
        state, "\"approval\":\"none\",\"rules\":{\"claims\":\"en-US\"},", brief));
    /* a rule that is not enforced needs a person */
    assert_true(approval_of(
        state, "\"approval\":\"none\",\"rules\":{\"claims\":\"en\"},", prompt));
    assert_int_equal(f->spec.warning_count, 1);
    assert_string_equal(f->spec.warning[0].path, "/rules/claims");
}

static void test_price(void **state)
{
    struct fixture *f = *state;
    struct err_detail d = {.code = ERR_OK};
    (void)good(state, "\"budget\":{\"usd\":1},");
    assert_int_equal(spec_check_price(&f->spec, true, &d), ERR_OK);
    assert_int_equal(spec_check_price(&f->spec, false, &d), ERR_PRICE_UNKNOWN);
    assert_string_equal(d.path, "/budget/usd");
    (void)good(state, "\"budget\":{\"usd\":1,\"calls\":5},");
    assert_int_equal(spec_check_price(&f->spec, false, &d), ERR_OK);
    (void)good(state, "\"budget\":{\"usd\":1,\"tokens\":5},");
    assert_int_equal(spec_check_price(&f->spec, false, &d), ERR_OK);
    (void)good(state, "");
    assert_int_equal(spec_check_price(&f->spec, false, &d), ERR_OK);
}

static void test_ids(void **state)
{
    (void)state;
    char id[SPEC_ID_MAX + 2];
    memset(id, 'x', sizeof id - 1);
    id[SPEC_ID_MAX + 1] = '\0';
    assert_false(spec_id_is_valid(id));
    id[SPEC_ID_MAX] = '\0';
    assert_true(spec_id_is_valid(id));
    assert_true(spec_id_is_valid("A.z_0-9"));
    assert_false(spec_id_is_valid(""));
    assert_false(spec_id_is_valid("a b"));
    assert_false(spec_id_is_valid("a{0}"));
    assert_false(spec_id_is_valid("é"));
}

/* A pointer is cut between characters, however long the key. */
static void test_long_key(void **state)
{
    struct fixture *f = *state;
    for (size_t shift = 0; shift < 2; shift++) {
        char text[700] = "{\"x";
        size_t n = 2 + shift;
        for (int i = 0; i < 200; i++, n += 2)
            memcpy(text + n, "\xC3\xA9", 2);
        memcpy(text + n, "\":1}", 5);
        assert_int_equal(parse(state, text), ERR_UNKNOWN_FIELD);
        size_t len = strlen(f->d.path);
        assert_true(len > 100);
        assert_int_equal(utf8_invalid_at(f->d.path, len), len);
    }
}

static void assert_errors(void **state, const char *text, int count,
                          const char *const *paths)
{
    struct fixture *f = *state;
    struct spec_errors *all = calloc(1, sizeof *all);
    enum err e = spec_find_errors(text, strlen(text), f->channels, &f->arena, all);
    assert_int_equal(all->count, count);
    assert_int_equal(e, count ? all->item[0].code : ERR_OK);
    for (int i = 0; i < count; i++)
        assert_string_equal(all->item[i].path, paths[i]);
    free(all);
}

/* In the order of the text, each once, then what is missing. */
static void test_all_errors(void **state)
{
    static const char *const many[] = {"/tennant",   "/budget/calls", "/budget/usd",
                                       "/channel/0", "/kind",         "/input"};
    assert_errors(state,
                  "{\"tennant\":1,\"budget\":{\"calls\":-1,\"tokens\":5,\"usd\":\"x\"},"
                  "\"channel\":[\"fax\"],\"seed\":1}",
                  6, many);
    static const char *const input[] = {"/input/brief"}, *const whole[] = {""};
    assert_errors(state, "{\"kind\":\"content\",\"input\":{\"brief\":1}}", 1, input);
    assert_errors(state, "{\"kind\":\"content\",\"input\":{\"brief\":\"b\"}}", 0, NULL);
    assert_errors(state, "[]", 1, whole);
    char text[2000] = "{";
    for (size_t i = 0, n = 1; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "\"x%zu\":1%s", i,
                              i < 39 ? "," : "}");
    struct fixture *f = *state;
    struct spec_errors *all = calloc(1, sizeof *all);
    assert_int_equal(spec_find_errors(text, strlen(text), f->channels, &f->arena, all),
                     ERR_UNKNOWN_FIELD);
    assert_int_equal(all->count, SPEC_ERRORS_MAX);
    free(all);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_defaults),    T(test_priority),     T(test_values),
        T(test_zero_budget), T(test_placements),   T(test_too_many_placements),
        T(test_controls),    T(test_control_fits), T(test_approval),
        T(test_price),       T(test_ids),          T(test_long_key),
        T(test_all_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
