/* intake_flow_test.c: the inbox on a redis-server of the test's own. */
#include "tests/unit/queues/queue_fixture.h"
#include "workers/intake.h"
#include "queues/inbox.h"
#include <stdlib.h>

#define TURNS_MAX 2000
#define PROMPT "\"kind\":\"content\",\"input\":{\"prompt\":\"p\"}"

/* Takes in all there is; llm may be NULL. */
static void take_in_priced(struct partition *p, struct llm *llm)
{
    struct channel_set *channels = NULL;
    struct intake *intake = NULL;
    struct err_detail d;
    assert_int_equal(channel_set_new(NULL, &channels, &d), ERR_OK);
    assert_int_equal(intake_new(&p->queue, channels, llm, NULL, "w1", &intake), ERR_OK);
    assert_false(intake_is_busy(intake));
    intake_kick(intake);
    assert_true(intake_is_busy(intake));
    intake_kick(intake);
    for (int i = 0; intake_is_busy(intake) && i < TURNS_MAX; i++)
        (void)ask(p, "PING");
    assert_false(intake_is_busy(intake));
    assert_string_equal(ask(p, "XLEN", "bk:{0}:inbox"), "0");
    intake_free(intake);
    channel_set_free(channels);
}

static void take_in(struct partition *p)
{
    take_in_priced(p, NULL);
}

static void add(struct partition *p, const char *spec)
{
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "spec", spec);
}

static void field_is(struct partition *p, const char *id, const char *field,
                     const char *want)
{
    char key[128], quoted[128];
    (void)snprintf(key, sizeof key, "bk:{0}:c:%s", id);
    (void)snprintf(quoted, sizeof quoted, "'%s'", want);
    assert_string_equal(ask(p, "HGET", key, field), quoted);
}

static void refused_is(struct partition *p, const char *code, const char *pointer)
{
    const char *text = ask(p, "XREVRANGE", "bk:{0}:rejected", "+", "-", "COUNT", "1");
    char want[200];
    (void)snprintf(want, sizeof want, "'from' 'inbox' 'code' '%s' 'pointer' '%s'", code,
                   pointer);
    if (!strstr(text, want))
        print_error("%.300s\n", text);
    assert_non_null(strstr(text, want));
}

static void test_admits(void **state)
{
    struct partition *p = *state;
    add(p, "{\"id\":\"con-1\",\"tenant\":\"acme\"," PROMPT
           ",\"budget\":{\"usd\":1.5,\"calls\":60}}");
    take_in(p);
    field_is(p, "con-1", "state", "queued");
    field_is(p, "con-1", "tenant", "acme");
    field_is(p, "con-1", "kind", "content");
    field_is(p, "con-1", "usd_budget", "1.5");
    field_is(p, "con-1", "usd_known", "0");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:con-1:bud", "calls_max"), "'60'");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "0");
}

/* The same entry gives the same id, and the spec stays as it was written. */
static void test_makes_ids(void **state)
{
    struct partition *p = *state;
    (void)ask(p, "XADD", "bk:{0}:inbox", "1700000000000-7", "spec", "{" PROMPT "}");
    take_in(p);
    field_is(p, "c-1700000000000-7", "state", "queued");
    assert_string_equal(ask(p, "GET", "bk:{0}:c:c-1700000000000-7:spec"),
                        "'{" PROMPT "}'");
}

static void test_same_and_conflict(void **state)
{
    struct partition *p = *state;
    add(p, "{\"id\":\"con-1\"," PROMPT "}");
    add(p, "{\"id\":\"con-1\"," PROMPT "}");
    take_in(p);
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "0");
    add(p, "{\"id\":\"con-1\"," PROMPT ",\"seed\":2}");
    take_in(p);
    refused_is(p, "id_conflict", "/id");
    add(p, "{\"id\":\"con-1\",\"tenant\":\"b\"," PROMPT "}");
    take_in(p);
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "2");
    assert_string_equal(ask(p, "ZCARD", "bk:{0}:campaigns"), "1");
}

static void test_zero_budget(void **state)
{
    struct partition *p = *state;
    add(p, "{\"id\":\"usd\"," PROMPT ",\"budget\":{\"usd\":0}}");
    add(p, "{\"id\":\"calls\"," PROMPT ",\"budget\":{\"calls\":0}}");
    add(p, "{\"id\":\"tokens\"," PROMPT ",\"budget\":{\"tokens\":0,\"calls\":5}}");
    take_in(p);
    static const char *const ids[] = {"usd", "calls", "tokens"};
    for (int i = 0; i < 3; i++) {
        field_is(p, ids[i], "state", "over_budget");
        field_is(p, ids[i], "error", "over_budget");
        field_is(p, ids[i], "calls", "0");
    }
}

static void test_refuses(void **state)
{
    struct partition *p = *state;
    char *large = malloc(INBOX_SPEC_MAX + 2);
    memset(large, ' ', INBOX_SPEC_MAX + 1);
    large[INBOX_SPEC_MAX + 1] = '\0';
    add(p, "nonsense");
    take_in(p);
    refused_is(p, "bad_json", "");
    add(p, "{" PROMPT ",\"budget\":{\"usd\":-1}}");
    take_in(p);
    refused_is(p, "out_of_range", "/budget/usd");
    add(p, large);
    take_in(p);
    refused_is(p, "too_large", "");
    assert_non_null(strstr(buf_str(&p->text), "'size' '1048577'"));
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "spec", "{" PROMPT "}", "ti/nt", "red");
    take_in(p);
    refused_is(p, "unknown_field", "/ti~1nt");
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "data", "{" PROMPT "}");
    take_in(p);
    refused_is(p, "unknown_field", "/data");
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "spec", "{" PROMPT "}", "", "x");
    take_in(p);
    refused_is(p, "unknown_field", "/");
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "", "{" PROMPT "}");
    take_in(p);
    refused_is(p, "unknown_field", "/");
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "spec", "{" PROMPT "}", "spec", "{}");
    take_in(p);
    refused_is(p, "duplicate_key", "/spec");
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "caf\xE9", "{" PROMPT "}");
    take_in(p);
    refused_is(p, "bad_encoding", "");
    assert_string_equal(ask(p, "ZCARD", "bk:{0}:campaigns"), "0");
    free(large);
}

/* Many, good and bad, more than one peek. */
static void test_many(void **state)
{
    struct partition *p = *state;
    for (int i = 0; i < 50; i++)
        add(p, i % 5 ? "{" PROMPT "}" : "{\"kind\":\"poem\"}");
    take_in(p);
    assert_string_equal(ask(p, "ZCARD", "bk:{0}:campaigns"), "40");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "10");
    refused_is(p, "unknown_kind", "/kind");
}

/* One endpoint whose price is known, and a model without one. */
static void test_price(void **state)
{
    struct partition *p = *state;
    struct config *config = NULL;
    struct llm *llm = NULL;
    struct err_detail d = {.message = ""};
    char path[200];
    (void)snprintf(path, sizeof path, "%s/prices.ini", p->server.folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    (void)fputs("[endpoint main]\ndialect=openai_chat\nbase_url=http://127.0.0.1:9/v1\n"
                "model=m\nprice_in=1\nprice_out=2\n"
                "[endpoint other]\ndialect=openai_chat\n"
                "base_url=http://127.0.0.1:9/v1\nmodel=never-heard-of\n",
                f);
    assert_int_equal(fclose(f), 0);
    enum err e = config_load(path, &config, &d);
    struct llm_options o = {
        .config = config, .connect_timeout_ms = 1000, .timeout_ms = 1000};
    if (!e)
        e = llm_new(p->loop, &o, &llm, &d);
    if (e)
        print_error("%s %s\n", d.path, d.message);
    assert_int_equal(e, ERR_OK);
    add(p, "{\"id\":\"a\"," PROMPT ",\"llm\":{\"endpoint\":\"main\"},"
           "\"budget\":{\"usd\":1}}");
    add(p, "{\"id\":\"b\"," PROMPT ",\"llm\":{\"endpoint\":\"other\"},"
           "\"budget\":{\"usd\":1,\"calls\":5}}");
    add(p, "{\"id\":\"c\"," PROMPT ",\"llm\":{\"endpoint\":\"other\"},"
           "\"budget\":{\"usd\":1}}");
    take_in_priced(p, llm);
    field_is(p, "a", "usd_known", "1");
    field_is(p, "b", "usd_known", "0");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "1");
    refused_is(p, "price_unknown", "/budget/usd");
    llm_free(llm);
    config_free(config);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_admits),
        queue_test(test_makes_ids),
        queue_test(test_same_and_conflict),
        queue_test(test_zero_budget),
        queue_test(test_refuses),
        queue_test(test_many),
        queue_test(test_price),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
