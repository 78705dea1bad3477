/* inbox_test.c: peek, admit, refuse. */
#include "queues/inbox.h"
#include "tests/unit/queues/job_fixture.h"

/* Adds a spec; its entry id is 1-<n>. */
static void add(struct partition *p, int n, const char *spec)
{
    char id[16];
    (void)snprintf(id, sizeof id, "1-%d", n);
    (void)ask(p, "XADD", "bk:{0}:inbox", id, "spec", spec);
}

static void test_peek(void **state)
{
    struct partition *p = *state;
    char *large = malloc(INBOX_SPEC_MAX + 2);
    memset(large, 'x', INBOX_SPEC_MAX + 1);
    large[INBOX_SPEC_MAX + 1] = '\0';
    add(p, 1, "{}");
    add(p, 2, large);
    (void)ask(p, "XADD", "bk:{0}:inbox", "1-3", "spec", "a", "tint", "red");
    const char *text = call(p, inbox_peek(&p->queue, "w1", 10, THEN(p)));
    assert_true(begins(text, "[['1-1' 2 '{}' 1 1 -] ['1-2' 1048577 'xxx"));
    assert_non_null(strstr(text, "x' 0 1 -] ['1-3' 1 'a' 1 2 'tint']]"));
    assert_true(strlen(text) < INBOX_KEPT_MAX + 200);
    assert_string_equal(call(p, inbox_peek(&p->queue, "w2", 10, THEN(p))), "[]");
    assert_non_null(strstr(call(p, inbox_peek(&p->queue, "w1", 1, THEN(p))), "1-1"));
    free(large);
}

static void test_admit_once(void **state)
{
    struct partition *p = *state;
    add(p, 1, "{}");
    add(p, 2, "{}");
    struct inbox_admission m = admission_of("c1");
    m.entry = "1-1";
    assert_string_equal(call(p, inbox_admit(&p->queue, &m, THEN(p))), "['admitted']");
    assert_string_equal(call(p, inbox_admit(&p->queue, &m, THEN(p))), "['gone']");
    m.entry = "1-2";
    m.spec_sha256 = "bb";
    assert_string_equal(call(p, inbox_admit(&p->queue, &m, THEN(p))), "['conflict']");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:inbox"), "1");
    m.spec_sha256 = "aa";
    m.tenant = "other";
    assert_string_equal(call(p, inbox_admit(&p->queue, &m, THEN(p))), "['conflict']");
    m.tenant = "default";
    assert_string_equal(call(p, inbox_admit(&p->queue, &m, THEN(p))), "['same']");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:inbox"), "0");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:changes"), "1");
}

/* Contract §4: all of them, from the first moment. */
static void test_all_public_fields(void **state)
{
    struct partition *p = *state;
    static const char *const fields[] = {
        "kind",        "tenant",     "state",       "stage",      "round",
        "progress",    "calls",      "tokens_in",   "tokens_out", "usd",
        "usd_known",   "usd_budget", "cached",      "variants",   "live",
        "pending",     "rejected",   "impressions", "clicks",     "revenue",
        "conversions", "lift",       "lift_lo",     "lift_hi",    "created_ms",
        "error",       "updated_ms", "delivered",   "orphans",    "recipients",
        "waiting",     "waiting_ms"};
    admit(p, "c1");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_string_equal(ask(p, "HEXISTS", "bk:{0}:c:c1", fields[i]), "1");
    assert_string_equal(ask(p, "HLEN", "bk:{0}:c:c1"), "32");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:c1", "usd_budget"), "'2.5'");
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:c:c1:bud", "calls_max", "tokens_max", "nano_max"),
        "['3' '-1' '2500000000']");
}

static void test_zero_budget_ends_at_once(void **state)
{
    struct partition *p = *state;
    struct inbox_admission m = admission_of("c1");
    m.state = m.error = "over_budget";
    m.usd_nano_max = 0;
    assert_string_equal(call(p, inbox_admit(&p->queue, &m, THEN(p))), "['admitted']");
    assert_non_null(strstr(tick(p, 5, 0), " [] [] 0 0 0]"));
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:c:c1", "state", "error", "calls", "usd_budget"),
        "['over_budget' 'over_budget' '0' '0']");
}

static void test_bounds(void **state)
{
    struct partition *p = *state;
    struct inbox_admission m = admission_of("c1");
    m.usd_nano_max = INT64_C(1) << 53;
    assert_int_equal(inbox_admit(&p->queue, &m, THEN(p)), ERR_OUT_OF_RANGE);
    m.usd_nano_max = -2;
    assert_int_equal(inbox_admit(&p->queue, &m, THEN(p)), ERR_OUT_OF_RANGE);
    m.usd_nano_max = -1;
    m.spec_len = INBOX_SPEC_MAX + 65536;
    char *large = calloc(1, m.spec_len);
    m.spec = large;
    assert_int_equal(inbox_admit(&p->queue, &m, THEN(p)), ERR_LIMIT);
    free(large);
}

static void test_refuse(void **state)
{
    struct partition *p = *state;
    struct inbox_refusal f = {.stream = "inbox",
                              .entry = "1-1",
                              .code = "bad_json",
                              .pointer = "/x",
                              .message = "no",
                              .raw_len = INBOX_KEPT_MAX + 5,
                              .size_bytes = 70000,
                              .sha256 = "ff"};
    char *raw = malloc(f.raw_len);
    memset(raw, 'r', f.raw_len);
    f.raw = raw;
    add(p, 1, "?");
    assert_string_equal(call(p, inbox_refuse(&p->queue, &f, THEN(p))), "['refused']");
    assert_string_equal(call(p, inbox_refuse(&p->queue, &f, THEN(p))), "['gone']");
    const char *kept = ask(p, "XRANGE", "bk:{0}:rejected", "-", "+");
    assert_non_null(strstr(kept, "'from' 'inbox' 'code' 'bad_json' 'pointer' '/x'"));
    assert_non_null(strstr(kept, "r' 'size' '70000' 'sha256' 'ff' 'ts_ms' '1"));
    assert_string_equal(ask(p, "GET", "bk:{0}:rejected_bytes"), "'65536'");
    f.entry = "";
    f.raw_len = 3;
    assert_string_equal(call(p, inbox_refuse(&p->queue, &f, THEN(p))), "['refused']");
    free(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_peek),
        queue_test(test_admit_once),
        queue_test(test_all_public_fields),
        queue_test(test_zero_budget_ends_at_once),
        queue_test(test_bounds),
        queue_test(test_refuse),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
