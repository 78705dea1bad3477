/* schema.c: holds a value against a schema; the first fault is told. */
#include "campaigns/checks/schema.h"
#include "campaigns/checks/pointer.h"
#include "core/base/json_out.h"
#include "core/base/utf8.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { EXCERPT_BYTES = 40, LIST_BYTES = 120 };

struct walk {
    struct pointer at;
    struct err_detail *detail;
};

static enum err value_check(struct walk *w, const struct json *schema,
                            const struct json *value);

static enum err fault(struct walk *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static enum err fault(struct walk *w, const char *fmt, ...)
{
    char message[sizeof w->detail->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    return err_set(w->detail, ERR_BAD_OUTPUT, w->at.text, "%s", message);
}

/* A value as JSON, strings cut, objects and arrays only by their type. */
static void excerpt_add(struct buf *out, const struct json *value)
{
    const char *text = json_str(value, NULL);
    struct json_out w;
    json_out_init(&w, out);
    if (text) {
        size_t n = strlen(text), used = utf8_prefix(text, n, EXCERPT_BYTES);
        json_out_strn(&w, text, used);
        if (used < n)
            buf_append_str(out, "…");
    } else if (json_type(value) >= JSON_ARRAY) {
        buf_printf(out, "an %s", json_type_name(json_type(value)));
    } else {
        json_out_json(&w, value);
    }
}

static bool type_fits(const char *name, const struct json *value)
{
    if (strcmp(name, "integer") == 0)
        return json_is_int(value);
    return strcmp(name, json_type_name(json_type(value))) == 0;
}

static enum err type_check(struct walk *w, const struct json *type,
                           const struct json *value)
{
    const char *name = json_str(type, NULL);
    const char *is = json_type_name(json_type(value));
    if (name && !type_fits(name, value))
        return fault(w, "is %s, must be %s", is, name);
    bool fits = json_type(type) != JSON_ARRAY;
    char wanted[LIST_BYTES] = "";
    size_t used = 0;
    json_each (item, type) {
        const char *one = json_str(item, "");
        fits = fits || type_fits(one, value);
        if (used + strlen(one) + sizeof " or " < sizeof wanted)
            used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s%s",
                                     used ? " or " : "", one);
    }
    return fits ? ERR_OK : fault(w, "is %s, must be %s", is, wanted);
}

static bool is_equal(const struct json *a, const struct json *b)
{
    if (json_type(a) != json_type(b) || json_count(a) != json_count(b))
        return false;
    const struct json *at = json_first(b);
    switch (json_type(a)) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return json_bool(a, false) == json_bool(b, false);
    case JSON_NUMBER:
        return !(json_num(a, 0) < json_num(b, 0)) && !(json_num(a, 0) > json_num(b, 0));
    case JSON_STRING:
        return strcmp(json_str(a, ""), json_str(b, "")) == 0;
    case JSON_ARRAY:
        for (const struct json *x = json_first(a); x; x = json_next(x)) {
            if (!is_equal(x, at))
                return false;
            at = json_next(at);
        }
        return true;
    case JSON_OBJECT:
        json_each (x, a) {
            const struct json *other = json_get(b, json_key(x));
            if (!other || !is_equal(x, other))
                return false;
        }
        return true;
    }
    return false;
}

/* The values of an enum, as many as fit. */
static void choices_add(struct buf *out, const struct json *list)
{
    struct buf one;
    buf_init(&one, 400); /* escapes are at most six times EXCERPT_BYTES */
    json_each (item, list) {
        buf_clear(&one);
        if (item != json_first(list))
            buf_append_str(&one, ", ");
        excerpt_add(&one, item);
        if (buf_append(out, buf_str(&one), one.len))
            break;
    }
    buf_fini(&one);
}

static enum err enum_check(struct walk *w, const struct json *list,
                           const struct json *value)
{
    struct buf is, wanted;
    json_each (item, list) {
        if (is_equal(item, value))
            return ERR_OK;
    }
    buf_init(&is, LIST_BYTES);
    buf_init(&wanted, LIST_BYTES);
    excerpt_add(&is, value);
    choices_add(&wanted, list);
    int shown = (int)utf8_prefix(buf_str(&is), is.len, 80);
    enum err err = fault(w, "is %.*s, must be one of %s%s", shown, buf_str(&is),
                         buf_str(&wanted), buf_status(&wanted) ? ", …" : "");
    buf_fini(&is);
    buf_fini(&wanted);
    return err;
}

static enum err const_check(struct walk *w, const struct json *wanted,
                            const struct json *value)
{
    if (is_equal(wanted, value))
        return ERR_OK;
    struct buf text;
    buf_init(&text, LIST_BYTES);
    excerpt_add(&text, wanted);
    enum err err = fault(w, "must be %s", buf_str(&text));
    buf_fini(&text);
    return err;
}

static enum err bound_check(struct walk *w, const struct json *schema, size_t is,
                            const char *low, const char *high, const char *unit)
{
    int64_t min = json_int(json_get(schema, low), 0);
    int64_t max = json_int(json_get(schema, high), INT64_MAX);
    if ((int64_t)is < min)
        return fault(w, "%zu %s, at least %" PRId64, is, unit, min);
    if ((int64_t)is > max)
        return fault(w, "%zu %s, at most %" PRId64, is, unit, max);
    return ERR_OK;
}

static enum err number_check(struct walk *w, const struct json *schema,
                             const struct json *value)
{
    double is = json_num(value, 0);
    const struct json *min = json_get(schema, "minimum");
    const struct json *max = json_get(schema, "maximum");
    if (min && is < json_num(min, 0))
        return fault(w, "is %.15g, at least %.15g", is, json_num(min, 0));
    if (max && is > json_num(max, 0))
        return fault(w, "is %.15g, at most %.15g", is, json_num(max, 0));
    return ERR_OK;
}

static enum err array_check(struct walk *w, const struct json *schema,
                            const struct json *value)
{
    const struct json *items = json_get(schema, "items");
    enum err err =
        bound_check(w, schema, json_count(value), "minItems", "maxItems", "items");
    size_t i = 0;
    for (const struct json *x = json_first(value); x && items && !err;
         x = json_next(x)) {
        size_t before = pointer_add_index(&w->at, i++);
        err = value_check(w, items, x);
        pointer_cut(&w->at, before);
    }
    return err;
}

static enum err member_check(struct walk *w, const struct json *schema,
                             const struct json *member)
{
    const char *key = json_key(member);
    const struct json *inner = json_get(json_get(schema, "properties"), key);
    bool open = json_bool(json_get(schema, "additionalProperties"), true);
    size_t before = pointer_add_key(&w->at, key);
    enum err err = ERR_OK;
    if (inner)
        err = value_check(w, inner, member);
    else if (!open)
        err = fault(w, "this member was not asked for; leave it out");
    pointer_cut(&w->at, before);
    return err;
}

static enum err object_check(struct walk *w, const struct json *schema,
                             const struct json *value)
{
    json_each (name, json_get(schema, "required")) {
        if (!json_get(value, json_str(name, "")))
            return fault(w, "member \"%.64s\" is missing", json_str(name, ""));
    }
    json_each (member, value) {
        enum err err = member_check(w, schema, member);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err value_check(struct walk *w, const struct json *schema,
                            const struct json *value)
{
    const struct json *list = json_get(schema, "enum");
    const struct json *constant = json_get(schema, "const");
    enum err err = type_check(w, json_get(schema, "type"), value);
    if (!err && list)
        err = enum_check(w, list, value);
    if (!err && constant)
        err = const_check(w, constant, value);
    if (err)
        return err;
    const char *text = json_str(value, "");
    switch (json_type(value)) {
    case JSON_STRING:
        return bound_check(w, schema, utf8_count(text, strlen(text)), "minLength",
                           "maxLength", "characters");
    case JSON_NUMBER:
        return number_check(w, schema, value);
    case JSON_ARRAY:
        return array_check(w, schema, value);
    case JSON_OBJECT:
        return object_check(w, schema, value);
    default:
        return ERR_OK;
    }
}

enum err schema_check(const struct json *schema, const struct json *value,
                      struct err_detail *d)
{
    struct walk w = {.detail = d};
    return value_check(&w, schema, value);
}
