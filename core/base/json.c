/* json.c: the only file that knows cJSON. A `struct json` is a cJSON node. */
#include "core/base/json.h"
#include "core/base/json_lex.h"
#include "core/base/json_out.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define INT_BOUND 0x1p53 /* 2^53 + 1 reads as 2^53 (RFC 7493 §2.2) */

const struct json_limits json_limits_spec = {.max_bytes = 1 << 20, .max_depth = 32};
const struct json_limits json_limits_reply = {.max_bytes = 4 << 20, .max_depth = 64};

static const cJSON *node(const struct json *j)
{
    return (const cJSON *)j;
}

static cJSON *node_mut(struct json *j)
{
    return (cJSON *)j;
}

static struct json *wrap(cJSON *c)
{
    return (struct json *)c;
}

enum err json_parse(const char *text, size_t n, const struct json_limits *limits,
                    struct json **out, struct err_detail *d)
{
    *out = NULL;
    enum err e = json_lex_check(text, n, limits, d);
    if (e)
        return e;
    cJSON *root = cJSON_ParseWithLength(text, n);
    if (!root) /* the grammar was checked above, so only memory is left */
        return err_set(d, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
    *out = wrap(root);
    return ERR_OK;
}

void json_free(struct json *j)
{
    cJSON_Delete(node_mut(j));
}

enum json_type json_type(const struct json *j)
{
    if (!j)
        return JSON_NULL;
    switch (node(j)->type & 0xff) {
    case cJSON_True:
    case cJSON_False:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const char *json_type_name(enum json_type t)
{
    static const char *const names[] = {"null",   "boolean", "number",
                                        "string", "array",   "object"};
    return (unsigned)t <= JSON_OBJECT ? names[t] : "value";
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (json_type(object) != JSON_OBJECT)
        return NULL;
    return wrap(cJSON_GetObjectItemCaseSensitive(node(object), key));
}

const char *json_key(const struct json *member)
{
    return member && node(member)->string ? node(member)->string : "";
}

size_t json_count(const struct json *array_or_object)
{
    size_t count = 0;
    json_each (item, array_or_object) {
        count++;
    }
    return count;
}

const struct json *json_first(const struct json *array_or_object)
{
    if (json_type(array_or_object) < JSON_ARRAY)
        return NULL;
    return wrap(node(array_or_object)->child);
}

const struct json *json_next(const struct json *child)
{
    return wrap(node(child)->next);
}

const struct json *json_at(const struct json *array, size_t i)
{
    json_each (item, array) {
        if (i-- == 0)
            return item;
    }
    return NULL;
}

const char *json_str(const struct json *j, const char *fallback)
{
    return json_type(j) == JSON_STRING ? node(j)->valuestring : fallback;
}

double json_num(const struct json *j, double fallback)
{
    return json_type(j) == JSON_NUMBER ? node(j)->valuedouble : fallback;
}

bool json_is_int(const struct json *j)
{
    double n = json_num(j, NAN);
    return fabs(n) < INT_BOUND && n == trunc(n);
}

int64_t json_int(const struct json *j, int64_t fallback)
{
    return json_is_int(j) ? (int64_t)node(j)->valuedouble : fallback;
}

bool json_bool(const struct json *j, bool fallback)
{
    return json_type(j) == JSON_BOOL ? cJSON_IsTrue(node(j)) : fallback;
}

enum err json_print(const struct json *j, struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_json(&w, j);
    return buf_status(out);
}

struct json *json_new_object(void)
{
    return wrap(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
    return wrap(cJSON_CreateArray());
}

struct json *json_new_str(const char *s)
{
    return wrap(cJSON_CreateString(s));
}

struct json *json_new_num(double n)
{
    return wrap(cJSON_CreateNumber(isfinite(n) ? n : 0));
}

struct json *json_new_bool(bool b)
{
    return wrap(cJSON_CreateBool(b));
}

struct json *json_dup(const struct json *j)
{
    return wrap(cJSON_Duplicate(node(j), true));
}

enum err json_set(struct json *object, const char *key, struct json *value)
{
    check(!value || value != object);
    bool fits = value && json_type(object) == JSON_OBJECT;
    cJSON *old = fits ? node_mut(json_mut(object, key)) : NULL;
    cJSON_bool done = 0;
    if (old)
        done = cJSON_ReplaceItemInObjectCaseSensitive(node_mut(object), key,
                                                      node_mut(value));
    else if (fits)
        done = cJSON_AddItemToObject(node_mut(object), key, node_mut(value));
    if (done)
        return ERR_OK;
    json_free(value);
    return ERR_NOMEM;
}

enum err json_push(struct json *array, struct json *value)
{
    check(!value || value != array);
    if (value && json_type(array) == JSON_ARRAY &&
        cJSON_AddItemToArray(node_mut(array), node_mut(value)))
        return ERR_OK;
    json_free(value);
    return ERR_NOMEM;
}

enum err json_set_str(struct json *object, const char *key, const char *s)
{
    return json_set(object, key, json_new_str(s));
}

enum err json_set_num(struct json *object, const char *key, double n)
{
    return json_set(object, key, json_new_num(n));
}

enum err json_set_bool(struct json *object, const char *key, bool b)
{
    return json_set(object, key, json_new_bool(b));
}

struct json *json_mut(struct json *object, const char *key)
{
    if (json_type(object) != JSON_OBJECT)
        return NULL;
    return wrap(cJSON_GetObjectItemCaseSensitive(node_mut(object), key));
}

void json_remove(struct json *object, const char *key)
{
    if (json_type(object) == JSON_OBJECT)
        cJSON_DeleteItemFromObjectCaseSensitive(node_mut(object), key);
}
