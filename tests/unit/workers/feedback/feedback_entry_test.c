/* feedback_entry_test.c: entries of the event stream become events or refusals. */
#include "workers/feedback/feedback_entry.h"
#include "core/base/buf.h"
#include "core/base/hash.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "0123456789abcdef"

struct fixture {
    struct arena arena;
    struct feedback_entry entry;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    arena_init(&f->arena, 4 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_fini(&f->arena);
    free(f);
    return 0;
}

/* words: "c", "con-1", …, NULL */
static const struct feedback_entry *read_words(void **state, const char *const *words)
{
    struct fixture *f = *state;
    struct redis_arg args[64];
    size_t n = 0;
    for (; words[n]; n++)
        args[n] = (struct redis_arg){words[n], strlen(words[n])};
    assert_int_equal(feedback_entry_read(args, n, SECRET, &f->arena, &f->entry),
                     ERR_OK);
    return &f->entry;
}

static const struct feedback_entry *read_text(void **state, const char *json)
{
    const char *const words[] = {"e", json, NULL};
    return read_words(state, words);
}

static void is_refused(const struct feedback_entry *entry, enum err code,
                       const char *path)
{
    assert_true(entry->whole);
    assert_int_equal(entry->count, 0);
    assert_int_equal(entry->refused_count, 1);
    assert_int_equal(entry->refused[0].why.code, code);
    assert_string_equal(entry->refused[0].why.path, path);
}

static void test_fields(void **state)
{
    static const char *const words[] = {
        "c",   "con-1", "v",   "v2",  "t",   "conversion", "n",  "2",
        "val", "7.5",   "cur", "EUR", "eid", "e1",         "ts", "1760000000123",
        "u",   "ann",   "ep",  "3",   "imp", "i1",         NULL};
    const struct feedback_entry *entry = read_words(state, words);
    const struct events_item *item = &entry->items[0];
    assert_int_equal(entry->count, 1);
    assert_int_equal(entry->refused_count, 0);
    assert_string_equal(item->campaign, "con-1");
    assert_string_equal(item->variant, "v2");
    assert_string_equal(item->type, "conversion");
    assert_int_equal(item->count, 2);
    assert_int_equal(item->value_micro, 7500000);
    assert_string_equal(item->currency, "EUR");
    assert_true(item->id_hash == hash_fast("con-1\0e1", 8, 0));
    assert_int_equal(item->ts_ms, 1760000000123);
    assert_int_equal(item->epoch, 3);
    /* printf ann | openssl dgst -sha256 -hmac 0123456789abcdef */
    assert_string_equal(item->user, "fb385915a0623c0be3e7b0a7134dbb62");
}

/* Short names, long names and JSON give the same event. */
static void test_same(void **state)
{
    static const char *const texts[] = {
        "{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\",\"eid\":\"x\"}",
        "{\"campaign\":\"a\",\"variant\":\"v1\",\"type\":\"click\",\"eid\":\"x\"}",
        "[{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\",\"eid\":\"x\",\"more\":1}]"};
    for (size_t i = 0; i < 3; i++) {
        const struct feedback_entry *entry = read_text(state, texts[i]);
        assert_int_equal(entry->count, 1);
        assert_string_equal(entry->items[0].campaign, "a");
        assert_string_equal(entry->items[0].type, "click");
        assert_true(entry->items[0].id_hash == hash_fast("a\0x", 3, 0));
        assert_string_equal(entry->items[0].user, "");
    }
    const struct feedback_entry *none =
        read_text(state, "{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\"}");
    assert_true(none->items[0].id_hash == 0);
}

/* Only what was bought or given back is revenue. */
static void test_value(void **state)
{
    static const struct {
        const char *type;
        int64_t micro;
    } rows[] = {{"conversion", 3000000},
                {"refund", -3000000},
                {"cart", 0},
                {"csat", 0},
                {"click", 0},
                {"my_type", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const words[] = {"c",          "a",   "v", "v1", "t",
                                     rows[i].type, "val", "3", NULL};
        const struct feedback_entry *entry = read_words(state, words);
        assert_int_equal(entry->count, 1);
        assert_int_equal(entry->items[0].value_micro, rows[i].micro);
    }
}

static void test_bad_fields(void **state)
{
    static const char *const typo[] = {"c",     "a", "v",    "v1", "t",
                                       "click", "x", "data", NULL};
    is_refused(read_words(state, typo), ERR_UNKNOWN_FIELD, "/x");
    struct fixture *f = *state;
    assert_string_equal(f->entry.refused[0].raw, "c a v v1 t click x data");
    assert_int_equal(f->entry.refused[0].raw_len, 23);
    static const char *const both[] = {"e", "{}", "c", "a", NULL};
    is_refused(read_words(state, both), ERR_UNKNOWN_FIELD, "/e");
    static const char *const none[] = {NULL};
    is_refused(read_words(state, none), ERR_MISSING, "/campaign");
    const char *many[61] = {NULL};
    for (size_t i = 0; i < 60; i++)
        many[i] = i % 2 ? "1" : "n";
    is_refused(read_words(state, many), ERR_DUPLICATE_KEY, "/n");
}

static void test_bad_json(void **state)
{
    is_refused(read_text(state, ""), ERR_BAD_JSON, "");
    is_refused(read_text(state, "{\"c\":"), ERR_BAD_JSON, "");
    is_refused(read_text(state, "7"), ERR_BAD_TYPE, "");
    is_refused(read_text(state, "[]"), ERR_MISSING, "");
    is_refused(read_text(state, "{\"hello\":1}"), ERR_BAD_VALUE, "");
    is_refused(read_text(state, "{\"c\":\"a\",\"v\":\"v1\",\"t\":\"conversion\","
                                "\"val\":-1}"),
               ERR_OUT_OF_RANGE, "/val");
    const struct feedback_entry *entry = read_text(
        state, "{\"c\":\"a\",\"v\":\"v1\",\"t\":\"conversion\",\"val\":1e999}");
    assert_true(entry->whole);
    assert_int_equal(entry->count, 0);
}

/* One bad event of an array does not sink the others. */
static void test_array(void **state)
{
    const struct feedback_entry *entry =
        read_text(state, "[{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\"}, 5,"
                         "{\"c\":\"a\",\"v\":\"v2\",\"t\":\"click\",\"n\": 0},"
                         "{\"c\":\"a\",\"v\":\"v3\",\"t\":\"click\"}]");
    assert_false(entry->whole);
    assert_int_equal(entry->count, 2);
    assert_string_equal(entry->items[1].variant, "v3");
    assert_int_equal(entry->refused_count, 2);
    assert_int_equal(entry->refused[0].why.code, ERR_BAD_TYPE);
    assert_string_equal(entry->refused[0].why.path, "/1");
    assert_string_equal(entry->refused[0].raw, "5");
    assert_string_equal(entry->refused[1].why.path, "/2/n");
    assert_string_equal(entry->refused[1].raw,
                        "{\"c\":\"a\",\"v\":\"v2\",\"t\":\"click\",\"n\":0}");
    is_refused(read_text(state, "[5,6]"), ERR_BAD_TYPE, "/0");
    assert_string_equal(entry->refused[0].raw, "[5,6]");
}

static void test_array_limit(void **state)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_append_str(&text, "[");
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "%s{\"c\":\"a\",\"v\":\"v%d\",\"t\":\"click\"}", i ? "," : "",
                   i);
    size_t full = text.len;
    buf_append_str(&text, "]");
    const struct feedback_entry *entry = read_text(state, buf_str(&text));
    assert_int_equal(entry->count, 200);
    assert_string_equal(entry->items[199].variant, "v199");
    text.len = full;
    buf_append_str(&text, ",7]");
    is_refused(read_text(state, buf_str(&text)), ERR_LIMIT, "");
    buf_fini(&text);
}

/* A batch of another format is an array too; pointers are those of the entry. */
static void test_batch(void **state)
{
    const struct feedback_entry *entry = read_text(
        state,
        "[{\"client_id\":\"7\",\"events\":[{\"name\":\"purchase\",\"timestamp_micros\":"
        "1795771800,\"params\":{\"campaign\":\"a\",\"content\":\"v1\",\"value\":2}},"
        "{\"name\":\"purchase\",\"params\":{\"campaign\":\"a\",\"content\":\"v1\","
        "\"value\":-2}}]},{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\"}]");
    assert_false(entry->whole);
    assert_int_equal(entry->count, 2);
    assert_string_equal(entry->items[0].type, "conversion");
    assert_int_equal(entry->items[0].value_micro, 2000000);
    assert_int_equal(entry->items[0].ts_ms, 1795771800000);
    assert_true(entry->items[0].ts_fixed);
    assert_false(entry->items[1].ts_fixed);
    assert_int_equal(entry->refused_count, 1);
    assert_string_equal(entry->refused[0].why.path, "/0/events/1/params/value");
    assert_string_equal(entry->refused[0].raw,
                        "{\"name\":\"purchase\",\"params\":{\"campaign\":\"a\","
                        "\"content\":\"v1\",\"value\":-2}}");
    is_refused(read_text(state, "{\"batch\":[{\"type\":\"page\"}]}"), ERR_MISSING, "");
    is_refused(read_text(state, "{\"batch\":[{\"type\":\"track\"}]}"), ERR_MISSING,
               "/batch/0/event");
}

/* Batches of ten good events and nine bad ones. */
static const struct feedback_entry *read_batches(void **state, int batches)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < batches; i++) {
        buf_append_str(&text, i ? ",{\"batch\":[" : "[{\"batch\":[");
        for (int k = 0; k < 10; k++)
            buf_printf(&text,
                       "%s{\"type\":\"track\",\"event\":\"x\",\"properties\":{"
                       "\"campaign\":\"a\",\"variant\":\"v\"}}",
                       k ? ",7," : "");
        buf_append_str(&text, "]}");
    }
    buf_append_str(&text, "]");
    const struct feedback_entry *entry = read_text(state, buf_str(&text));
    buf_fini(&text);
    return entry;
}

/* Good and bad ones count together, of whatever batches. */
static void test_batch_limit(void **state)
{
    const struct feedback_entry *entry = read_batches(state, 10);
    assert_int_equal(entry->count, 100);
    assert_int_equal(entry->refused_count, 90);
    is_refused(read_batches(state, 11), ERR_LIMIT, "");
}

/* Refused bytes are kept as they came, also behind a NUL. */
static void test_nul_bytes(void **state)
{
    static const char json[] = "{\"c\":\0\"a\",\"v\":1}", name[] = "c\0x";
    struct fixture *f = *state;
    struct redis_arg words[] = {redis_text("e"), redis_bytes(json, sizeof json - 1)};
    assert_int_equal(feedback_entry_read(words, 2, SECRET, &f->arena, &f->entry),
                     ERR_OK);
    is_refused(&f->entry, ERR_BAD_ENCODING, "");
    assert_int_equal(f->entry.refused[0].raw_len, sizeof json - 1);
    assert_memory_equal(f->entry.refused[0].raw, json, sizeof json);
    words[0] = redis_bytes(name, sizeof name - 1);
    assert_int_equal(feedback_entry_read(words, 2, SECRET, &f->arena, &f->entry),
                     ERR_OK);
    const struct feedback_refusal *r = &f->entry.refused[0];
    assert_int_equal(r->raw_len, sizeof name + sizeof json - 1);
    assert_memory_equal(r->raw, name, sizeof name - 1);
    assert_memory_equal(r->raw + sizeof name, json, sizeof json);
}

/* Of what is refused only what nobody can read is kept with its users. */
static void test_users_are_blanked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *kept;
    } rows[] = {{"{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\",\"n\":0, \"u\":\"ann\"}",
                 "{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\",\"n\":0,\"u\":\"[user]\"}"},
                {"{\"type\":\"x\",\"user_data\":{\"em\":[\"e\",7,null]},\"y\":[{"
                 "\"UserId\":1}]}",
                 "{\"type\":\"x\",\"user_data\":{\"em\":[\"[user]\",\"[user]\",null]},"
                 "\"y\":[{\"UserId\":\"[user]\"}]}"},
                {"{\"hello\": 1}", "{\"hello\": 1}"},
                {"[{\"uid\":\"ann\"},5]", "[{\"uid\":\"[user]\"},5]"},
                {"{\"u\":\"ann\"", "{\"u\":\"ann\""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(read_text(state, rows[i].text)->whole);
        assert_string_equal(f->entry.refused[0].raw, rows[i].kept);
        assert_int_equal(f->entry.refused[0].raw_len, strlen(rows[i].kept));
    }
    static const char *const words[] = {"c",   "a", "uid", "ann", "u",
                                        "bob", "x", "y",   NULL};
    is_refused(read_words(state, words), ERR_DUPLICATE_KEY, "/u");
    assert_string_equal(f->entry.refused[0].raw, "c a uid [user] u [user] x y");
    (void)read_text(state, "[{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\"},"
                           "{\"c\":\"a\",\"u\":\"ann\"}]");
    assert_int_equal(f->entry.count, 1);
    assert_string_equal(f->entry.refused[0].raw, "{\"c\":\"a\",\"u\":\"[user]\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nul_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_users_are_blanked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_array, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_array_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_batch_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
