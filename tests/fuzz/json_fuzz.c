/* json_fuzz.c: the pre-pass, the tree, its print, the scanner and the repair agree on
 * any text. */
#include "campaigns/checks/repair.h"
#include "core/base/json_lex.h"
#include "core/base/json_scan.h"
#include "tests/fuzz/fuzz.h"

#define PRINT_MAX_BYTES ((size_t)16 << 20)

static void print(const struct json *j, struct buf *out)
{
    buf_init(out, PRINT_MAX_BYTES);
    check(json_print(j, out) == ERR_OK);
}

static void check_same(const struct json *a, const struct json *b)
{
    struct buf x, y;
    print(a, &x);
    print(b, &y);
    check(x.len == y.len && memcmp(buf_str(&x), buf_str(&y), x.len) == 0);
    buf_fini(&x);
    buf_fini(&y);
}

/* What is printed reads back as the same value. */
static void check_print(const struct json *j)
{
    struct err_detail d = {.code = ERR_OK};
    struct json *again = NULL;
    struct buf text;
    print(j, &text);
    check(json_parse(text.data, text.len, &json_limits_reply, &again, &d) == ERR_OK);
    check_same(j, again);
    json_free(again);
    buf_fini(&text);
}

static void check_scalar(const struct json *j, const struct json_span *span)
{
    struct buf text;
    int64_t n = 0;
    buf_init(&text, PRINT_MAX_BYTES);
    if (json_type(j) == JSON_STRING) {
        check(json_scan_string(span, &text) == ERR_OK);
        check(strcmp(buf_str(&text), json_str(j, "")) == 0);
    } else {
        check(json_scan_string(span, &text) == ERR_BAD_TYPE);
    }
    if (json_is_int(j))
        check(json_scan_int(span, &n) == ERR_OK && n == json_int(j, 0));
    buf_fini(&text);
}

/* The scanner finds the members that the tree has, and the same in them. */
static void check_scan(const char *text, size_t n, const struct json *root)
{
    json_each (member, root) {
        const char *key = json_key(member);
        struct json_span span;
        struct json *found = NULL;
        struct err_detail d = {.code = ERR_OK};
        if (!*key || strchr(key, '.'))
            continue;
        check(json_scan_path(text, n, key, &span) == ERR_OK);
        check(span.at >= text && span.len <= n - (size_t)(span.at - text));
        check(json_parse(span.at, span.len, &json_limits_reply, &found, &d) == ERR_OK);
        check_same(member, found);
        check_scalar(member, &span);
        json_free(found);
    }
}

/* On text of any kind: what is found lies inside. */
static void scan_anything(const char *text, size_t n)
{
    static const char *const paths[] = {
        "", "a", "0", "a.b", "a.0", "0.a", "63", "choices.0.message.content"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct json_span span;
        struct buf out;
        int64_t number;
        if (json_scan_path(text, n, paths[i], &span))
            continue;
        check(span.len && span.at >= text);
        check(span.len <= n - (size_t)(span.at - text));
        buf_init(&out, PRINT_MAX_BYTES);
        if (json_scan_string(&span, &out) == ERR_OK)
            check(utf8_invalid_at(buf_str(&out), out.len) == out.len);
        (void)!json_scan_int(&span, &number);
        buf_fini(&out);
    }
}

static void repair(const char *text, size_t n, const struct json *whole)
{
    struct err_detail d = {.code = ERR_OK};
    struct json *mended = NULL;
    bool repaired = false;
    enum err e = repair_parse(text, n, &mended, &repaired, &d);
    check(!whole || (!e && !repaired));
    if (e) {
        fuzz_check_refusal(e, &d);
        return;
    }
    check_print(mended);
    if (whole)
        check_same(whole, mended);
    json_free(mended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;
    struct err_detail d = {.code = ERR_OK};
    struct json *root = NULL, *small = NULL;
    enum err e = json_parse(text, n, &json_limits_reply, &root, &d);
    if (e) {
        fuzz_check_refusal(e, &d);
    } else {
        check_print(root);
        check_scan(text, n, root);
    }
    check(json_lex_check(text, n, &json_limits_reply, &d) == e);
    scan_anything(text, n);
    repair(text, n, root);
    check(!e || json_parse(text, n, &json_limits_spec, &small, &d) != ERR_OK);
    json_free(small);
    json_free(root);
    return 0;
}
