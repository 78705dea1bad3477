/* format_reader_test.c: batches and arrays; the fixtures that all formats share. */
#include "tests/unit/campaigns/formats/format_fixture.h"
#include <dirent.h>

#define CLICK(variant) "{\"c\":\"mugs\",\"v\":\"" variant "\",\"t\":\"click\"}"
#define TRACK(id, more)                                                                \
    "{\"type\":\"track\",\"event\":\"Order Completed\",\"messageId\":\"" id "\","      \
    "\"properties\":{\"campaign_id\":\"mugs\",\"variant_id\":\"v1\"" more "}}"

static void refusal(const struct format_fixture *f, int i, enum err code,
                    const char *path)
{
    assert_true(i < f->refused_count);
    assert_string_equal(f->refused[i].path, path);
    assert_int_equal(f->refused[i].code, code);
}

/* One bad event never sinks the others, however deep it lies. */
static void test_bad_among_good(void **state)
{
    const struct format_fixture *f = format_try(
        state,
        "[" CLICK("v1") ",5,{\"batch\":[" TRACK("a", "") "," TRACK(
            "b",
            ",\"rev"
            "enue\""
            ":\"NaN"
            "\"") ",[]," TRACK("c",
                               "") "]},{\"x\":1}," CLICK("v 9") "," CLICK("v2") "]");
    assert_int_equal(f->count, 4);
    assert_string_equal(f->events[0].source, "plain");
    assert_string_equal(f->events[1].id, "a");
    assert_string_equal(f->events[1].source, "segment");
    assert_string_equal(f->events[2].id, "c");
    assert_string_equal(f->events[3].variant, "v2");
    assert_int_equal(f->refused_count, 5);
    refusal(f, 0, ERR_BAD_TYPE, "/1");
    refusal(f, 1, ERR_BAD_VALUE, "/2/batch/1/properties/revenue");
    refusal(f, 2, ERR_BAD_TYPE, "/2/batch/2");
    refusal(f, 3, ERR_BAD_VALUE, "/3");
    refusal(f, 4, ERR_BAD_ID, "/4/v");
}

static void test_empty(void **state)
{
    assert_int_equal(format_try(state, "[]")->refused_count, 0);
    format_refused(state, "{\"batch\":[]}", ERR_MISSING, "/batch");
    format_refused(state, "[{\"client_id\":\"1\",\"events\":[]}]", ERR_MISSING,
                   "/0/events");
    format_refused(state, "[[]]", ERR_BAD_TYPE, "/0");
    format_refused(state, "null", ERR_BAD_TYPE, "");
    format_refused(state, "{\"hello\":1}", ERR_BAD_VALUE, "");
}

/* What a pointer cannot hold is cut, not overrun. */
static void test_long_path(void **state)
{
    char text[1200], key[400];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    snprintf(
        text, sizeof text,
        "{\"client_id\":\"1\",\"events\":[{\"name\":\"purchase\",\"params\":{\"%s\":1}"
        "}]}",
        key);
    const struct format_fixture *f = format_try(state, text);
    assert_int_equal(f->refused_count, 1);
    assert_memory_equal(f->refused[0].path, "/events/0/params/kkk", 20);
    assert_int_equal(strlen(f->refused[0].path), sizeof f->refused[0].path - 1);
}

/* --- fixtures --------------------------------------------------------------------- */

static int claims(const struct json *j, const char *name)
{
    int n = 0;
    for (size_t i = 0; format_at(i); i++) {
        if (!format_at(i)->detect(j))
            continue;
        n++;
        if (strcmp(format_at(i)->name, name) != 0)
            print_error("%s claims a fixture of %s\n", format_at(i)->name, name);
        assert_string_equal(format_at(i)->name, name);
    }
    return n;
}

static void check_claims(void **state, const char *file)
{
    char path[400], name[64];
    snprintf(path, sizeof path, "%s%s", FORMAT_FIXTURES, file);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "-"), file);
    char *text = format_file(path);
    const struct format_fixture *f = format_try(state, text);
    free(text);
    assert_non_null(format_find(name));
    assert_true(f->count > 0);
    for (int i = 0; i < f->count; i++)
        assert_string_equal(f->events[i].source, name);
    if (json_type(f->root) == JSON_ARRAY) {
        json_each (item, f->root) {
            assert_int_equal(claims(item, name), 1);
        }
    } else {
        assert_int_equal(claims(f->root, name), 1);
    }
}

/* <format>-<what>.json: claimed by that format and no other. */
static void test_one_claim(void **state)
{
    DIR *dir = opendir(FORMAT_FIXTURES);
    bool seen[16] = {false};
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *suffix = strrchr(entry->d_name, '.');
        if (!suffix || strcmp(suffix, ".json") != 0)
            continue;
        check_claims(state, entry->d_name);
        for (size_t i = 0; format_at(i); i++) {
            size_t n = strlen(format_at(i)->name);
            assert_true(i < sizeof seen);
            if (strncmp(entry->d_name, format_at(i)->name, n) == 0 &&
                entry->d_name[n] == '-')
                seen[i] = true;
        }
    }
    closedir(dir);
    for (size_t i = 0; format_at(i); i++)
        assert_true(seen[i]);
}

static struct format_event purchase(void **state, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s%s-purchase.json", FORMAT_FIXTURES, name);
    char *text = format_file(path);
    struct format_event e = format_one(state, text);
    free(text);
    assert_string_equal(e.source, name);
    return e;
}

/* One purchase, told in every format, is one canonical event but for user, event id
 * and source. */
static void test_same_purchase(void **state)
{
    static const char *const names[] = {"plain",       "segment", "ga4",
                                        "cloudevents", "meta",    "shopify_order"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct format_event e = purchase(state, names[i]);
        assert_string_equal(e.campaign, "mugs");
        assert_string_equal(e.variant, "v2");
        assert_string_equal(e.type, "conversion");
        assert_string_equal(e.currency, "EUR");
        assert_string_equal(e.impression, "i-7");
        assert_int_equal(e.ts_ms, INT64_C(1795771800250));
        assert_int_equal(e.count, 1);
        assert_int_equal(e.quantity, 2);
        assert_int_equal(e.value_micro, 39950000);
        assert_int_equal(e.epoch, 3);
        assert_false(e.ts_fixed);
        assert_true(*e.id && *e.user);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_bad_among_good, format_drop),
        cmocka_unit_test_teardown(test_empty, format_drop),
        cmocka_unit_test_teardown(test_long_path, format_drop),
        cmocka_unit_test_teardown(test_one_claim, format_drop),
        cmocka_unit_test_teardown(test_same_purchase, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
