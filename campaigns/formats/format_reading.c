/* format_reading.c: see format_reading.h. */
#include "campaigns/formats/format_reading.h"
#include "campaigns/formats/format_field.h"
#include "core/base/hash.h"
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 64 /* over the depth of any tree that was read */

/* --- blame ------------------------------------------------------------------------ */

/* Nodes from `at` down to the one sought, at path[0 … depth - 1]; 0: it is not there.
 */
static int find_path(const struct json *at, const struct json *sought,
                     const struct json **path, int depth)
{
    if (depth == DEPTH_MAX)
        return 0;
    path[depth] = at;
    if (at == sought)
        return depth + 1;
    json_each (child, at) {
        int found = find_path(child, sought, path, depth + 1);
        if (found)
            return found;
    }
    return 0;
}

static size_t index_of(const struct json *array, const struct json *child)
{
    size_t i = 0;
    for (const struct json *item = json_first(array); item != child; i++)
        item = json_next(item);
    return i;
}

/* Adds the way from `top` to a node; false if it is not below it. */
static bool add_path(struct pointer *p, const struct json *top, const struct json *node)
{
    const struct json *path[DEPTH_MAX];
    int depth = find_path(top, node, path, 0);
    for (int i = 1; i < depth; i++) {
        if (json_type(path[i - 1]) == JSON_ARRAY)
            pointer_add_index(p, index_of(path[i - 1], path[i]));
        else
            pointer_add_key(p, json_key(path[i]));
    }
    return depth > 0;
}

static struct pointer pointer_to(const struct format_reading *r,
                                 const struct json *node)
{
    struct pointer p = r->at, whole = {.len = 0};
    if (!node || add_path(&p, r->item, node))
        return p;
    if (r->decoded) {
        pointer_add_key(&p, r->decoded_in);
        if (add_path(&p, r->decoded, node))
            return p;
    }
    (void)add_path(&whole, r->root, node);
    return whole;
}

static enum err blame(struct format_reading *r, const struct pointer *p, enum err code,
                      const char *message)
{
    r->err = err_set(r->d, code, p->text, "%s", message);
    return code;
}

enum err reading_refuse(struct format_reading *r, const struct json *at, enum err code,
                        const char *message)
{
    if (r->err)
        return r->err;
    struct pointer p = pointer_to(r, at);
    return blame(r, &p, code, message);
}

enum err reading_refuse_member(struct format_reading *r, const struct json *object,
                               const char *name, enum err code, const char *message)
{
    if (r->err)
        return r->err;
    struct pointer p = pointer_to(r, object);
    pointer_add_key(&p, name);
    return blame(r, &p, code, message);
}

static const char *kept(struct format_reading *r, const char *text)
{
    if (text)
        return text;
    (void)reading_refuse(r, NULL, ERR_NOMEM, err_meaning(ERR_NOMEM));
    return "";
}

/* --- texts ------------------------------------------------------------------------ */

const char *reading_soft_text(struct format_reading *r, const struct json *j)
{
    if (json_is_int(j))
        return kept(r, arena_printf(r->arena, "%lld", (long long)json_int(j, 0)));
    return json_str(j, "");
}

const char *reading_text(struct format_reading *r, const struct json *j)
{
    enum json_type type = json_type(j);
    if (type == JSON_NULL || type == JSON_STRING || json_is_int(j))
        return reading_soft_text(r, j);
    (void)reading_refuse(r, j, ERR_BAD_TYPE, "must be a string or a whole number");
    return "";
}

/* --- fields ----------------------------------------------------------------------- */

static const char *in_capitals(struct format_reading *r, const char *text)
{
    char *copy = arena_strdup(r->arena, text);
    for (char *c = copy; c && *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
    return kept(r, copy);
}

void reading_take(struct format_reading *r, enum format_field f, const struct json *j)
{
    enum json_type type = json_type(j);
    const char *text = json_str(j, ""), *why = "", **place = NULL;
    enum err e = ERR_OK;
    if (r->err || r->from[f] || type == JSON_NULL || (type == JSON_STRING && !*text))
        return;
    place = format_field_text(r->event, f);
    if (place) {
        *place = reading_text(r, j);
        if (f == FORMAT_CURRENCY)
            *place = in_capitals(r, *place);
    } else if (type == JSON_STRING) {
        e = format_field_set_text(r->event, f, text, strlen(text), &why);
    } else if (type == JSON_NUMBER) {
        e = format_field_set_number(r->event, f, j, &why);
    } else {
        e = ERR_BAD_TYPE;
        why = "must be a number, also as a string";
    }
    if (e)
        (void)reading_refuse(r, j, e, why);
    r->from[f] = j;
}

void reading_take_member(struct format_reading *r, enum format_field f,
                         const struct json *object, const char *name)
{
    reading_take(r, f, json_get(object, name));
}

/* "1760000000" → true */
static bool read_count(const struct json *j, double *out)
{
    const char *text = json_str(j, ""), *why = "";
    struct format_event scratch;
    if (json_type(j) == JSON_NUMBER) {
        *out = json_num(j, 0);
        return true;
    }
    if (format_field_set_text(&scratch, FORMAT_TS, text, strlen(text), &why))
        return false;
    *out = (double)scratch.ts_ms;
    return true;
}

void reading_take_stamp(struct format_reading *r, const struct json *j,
                        enum stamp_unit unit)
{
    enum json_type type = json_type(j);
    const char *text = json_str(j, "");
    double count = 0;
    if (r->err || r->from[FORMAT_TS] || type == JSON_NULL)
        return;
    r->from[FORMAT_TS] = j;
    if (type != JSON_STRING && type != JSON_NUMBER) {
        (void)reading_refuse(r, j, ERR_BAD_TYPE, "must be a time, as text or number");
    } else if (read_count(j, &count)) {
        if (stamp_scale(count, unit, &r->event->ts_ms, &r->event->ts_fixed))
            (void)reading_refuse(r, j, ERR_OUT_OF_RANGE,
                                 "no time of the years 1973 to 2099 in any unit");
    } else if (stamp_parse(text, strlen(text), &r->event->ts_ms)) {
        (void)reading_refuse(r, j, ERR_BAD_VALUE,
                             "must be a time with its offset (RFC 3339), such as "
                             "2026-11-27T09:30:00Z");
    }
}

void reading_take_quantity(struct format_reading *r, const struct json *number)
{
    const char *why = "", *text = json_str(number, "");
    struct format_event read = {.quantity = 0};
    enum err e = ERR_BAD_TYPE;
    if (json_type(number) == JSON_NUMBER)
        e = format_field_set_number(&read, FORMAT_QUANTITY, number, &why);
    else if (*text)
        e = format_field_set_text(&read, FORMAT_QUANTITY, text, strlen(text), &why);
    if (!e && read.quantity > 0 && read.quantity <= FORMAT_COUNT_MAX &&
        !r->event->quantity)
        r->event->quantity = read.quantity;
}

void reading_take_pieces(struct format_reading *r, const struct json *array,
                         const char *name)
{
    int64_t sum = 0;
    if (json_type(array) != JSON_ARRAY)
        return;
    json_each (item, array) {
        struct format_event piece = {.quantity = 0};
        struct format_reading one = {.event = &piece};
        if (json_get(item, name))
            reading_take_quantity(&one, json_get(item, name));
        else
            piece.quantity = json_type(item) == JSON_OBJECT;
        sum += piece.quantity;
    }
    if (!r->event->quantity && sum <= FORMAT_COUNT_MAX)
        r->event->quantity = sum;
}

void reading_take_id(struct format_reading *r, const char *const *parts, size_t count,
                     const struct json *from)
{
    size_t n = 0, at = 0;
    if (r->err || r->from[FORMAT_ID])
        return;
    for (size_t i = 0; i < count; i++) {
        if (!*parts[i])
            return;
        n += strlen(parts[i]) + 1;
    }
    char *bytes = arena_alloc(r->arena, n),
         *hex = arena_alloc(r->arena, HASH_SHA256_HEX);
    if (!bytes || !hex) {
        (void)kept(r, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + at, parts[i], strlen(parts[i]) + 1);
        at += strlen(parts[i]) + 1;
    }
    hash_sha256_hex(bytes, n, hex);
    r->event->id = hex;
    r->from[FORMAT_ID] = from;
}
