/* sim_schema.c: walks a schema and builds one value. */
#include "tests/llmsim/sim_schema.h"
#include "tests/llmsim/sim_value.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 30  /* json_out writes 32 levels */
#define DEPTH_DEEP 10 /* from here on only what is required */
#define VALUES_MAX 4096
#define ITEMS_MAX 256
#define ITEM_MAX_BYTES 2097152
#define DISTINCT_TRIES 24

static const char *const keywords[] = {
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "additionalProperties",
    "$defs",
    "definitions",
    "$ref",
    "title",
    "description",
    "default",
    "examples",
    "$schema",
    "$id",
    "$comment",
    "deprecated",
    NULL,
};
static struct json *value(struct sim_walk *w, const struct json *schema,
                          const char *field);

static bool is_known(const struct json *schema, struct sim_walk *w)
{
    json_each (member, schema) {
        const char *const *k = keywords;
        while (*k && strcmp(*k, json_key(member)) != 0) {
            k++;
        }
        if (!*k) {
            char text[160];
            snprintf(text, sizeof(text), "keyword %.64s is not simulated",
                     json_key(member));
            (void)sim_walk_fail(w, ERR_NOT_SUPPORTED, text);
            return false;
        }
    }
    return true;
}

/* "#", "#/$defs/name": members by name, arrays by index. */
static const struct json *resolve(const struct sim_walk *w, const char *ref)
{
    const struct json *at = w->root;
    if (*ref++ != '#') {
        return NULL;
    }
    while (at && *ref == '/') {
        char part[128];
        size_t n = strcspn(++ref, "/");
        if (n >= sizeof(part)) {
            return NULL;
        }
        memcpy(part, ref, n);
        part[n] = '\0';
        ref += n;
        at = json_type(at) == JSON_ARRAY ? json_at(at, strtoul(part, NULL, 10))
                                         : json_get(at, part);
    }
    return *ref ? NULL : at;
}

static bool is_null_schema(const struct json *schema)
{
    return strcmp(json_str(json_get(schema, "type"), ""), "null") == 0;
}

/* One branch; null for complaints and in the deep, else not null. */
static struct json *make_any(struct sim_walk *w, const struct json *list,
                             const char *field)
{
    bool quiet = sim_value_is_complaint(field) || w->depth >= DEPTH_DEEP;
    const struct json *chosen = NULL;
    uint64_t fitting = 0;
    json_each (branch, list) {
        if (is_null_schema(branch) == quiet && rng_below(w->rng, ++fitting) == 0) {
            chosen = branch;
        }
    }
    if (!chosen) {
        chosen = json_first(list);
    }
    return chosen ? value(w, chosen, field)
                  : sim_walk_fail(w, ERR_BAD_VALUE, "anyOf holds no schema");
}

static const char *type_of(const struct sim_walk *w, const struct json *schema,
                           const char *field)
{
    const struct json *type = json_get(schema, "type");
    if (json_type(type) == JSON_ARRAY) {
        bool quiet = sim_value_is_complaint(field) || w->depth >= DEPTH_DEEP;
        json_each (item, type) {
            if ((strcmp(json_str(item, ""), "null") == 0) == quiet) {
                return json_str(item, "");
            }
        }
        return json_str(json_first(type), "");
    }
    if (type) {
        return json_str(type, "");
    }
    return json_get(schema, "properties") ? "object"
           : json_get(schema, "items")    ? "array"
                                          : "string";
}

static bool is_required(const struct json *schema, const char *name)
{
    json_each (item, json_get(schema, "required")) {
        if (strcmp(json_str(item, ""), name) == 0) {
            return true;
        }
    }
    return false;
}

static struct json *make_object(struct sim_walk *w, const struct json *schema)
{
    struct json *object = json_new_object();
    const struct json *properties = json_get(schema, "properties");
    if (!object) {
        return sim_walk_fail(w, ERR_NOMEM, "no memory");
    }
    json_each (property, properties) {
        const char *name = json_key(property);
        if (w->depth >= DEPTH_DEEP && !is_required(schema, name)) {
            continue;
        }
        struct json *v = value(w, property, name);
        if (!v || json_set(object, name, v) != ERR_OK) {
            (void)sim_walk_fail(w, ERR_NOMEM, "no memory"); /* keeps an earlier cause */
            break;
        }
    }
    json_each (item, json_get(schema, "required")) {
        if (!json_get(properties, json_str(item, ""))) {
            (void)sim_walk_fail(w, ERR_BAD_VALUE, "required names an unknown property");
        }
    }
    if (w->failed != ERR_OK) {
        json_free(object);
        return NULL;
    }
    return object;
}

static bool is_text(const struct json *v)
{
    return json_type(v) == JSON_STRING;
}

/* Is an equal value in the array? */
static bool holds(struct sim_walk *w, const struct json *array, const struct json *v)
{
    struct buf a, b;
    bool found = false;
    buf_init(&a, ITEM_MAX_BYTES);
    buf_init(&b, ITEM_MAX_BYTES);
    enum err e = json_print(v, &a);
    json_each (item, array) {
        if (found || e != ERR_OK) {
            break;
        }
        buf_clear(&b);
        e = json_print(item, &b);
        found = a.len == b.len && memcmp(buf_str(&a), buf_str(&b), a.len) == 0;
    }
    buf_fini(&a);
    buf_fini(&b);
    if (e != ERR_OK) {
        (void)sim_walk_fail(w, e, "an array item is too large");
    }
    return found;
}

/* Item i: unlike those before it if it is a text or must be. */
static struct json *make_item(struct sim_walk *w, const struct json *schema,
                              const char *field, const struct json *array)
{
    const struct json *items = json_get(schema, "items");
    bool unique = json_bool(json_get(schema, "uniqueItems"), false);
    for (int i = 0; i < DISTINCT_TRIES; i++) {
        struct json *v = value(w, items, field);
        if (!v || (!is_text(v) && !unique) || !holds(w, array, v)) {
            return v;
        }
        bool fixed = json_get(items, "enum") || json_get(items, "const") ||
                     json_get(items, "$ref") || !is_text(v);
        if (i == DISTINCT_TRIES - 1 && fixed && !unique) {
            return v; /* an enum has no more values than it has */
        }
        json_free(v);
        if (i == DISTINCT_TRIES - 1 && fixed) {
            return sim_walk_fail(w, ERR_BAD_VALUE, "no more distinct items");
        }
    }
    return sim_value_mark(w, items, (int64_t)json_count(array));
}

static int64_t item_count(const struct sim_walk *w, const struct json *schema)
{
    int64_t min = json_int(json_get(schema, "minItems"), 0);
    int64_t max = json_int(json_get(schema, "maxItems"), -1);
    int64_t n = sim_brief_exactly(json_str(json_get(schema, "description"), ""));
    if (n == 0) {
        n = sim_brief_exactly(w->brief->prompt);
    }
    if (n == 0) {
        n = max >= 0 && max <= 8 ? max : 3;
    }
    if (w->depth >= DEPTH_DEEP) {
        n = min;
    }
    n = max >= 0 && n > max ? max : n;
    return n < min ? min : n;
}

static struct json *make_array(struct sim_walk *w, const struct json *schema,
                               const char *field)
{
    int64_t n = item_count(w, schema);
    struct json *array = json_new_array();
    if (!array) {
        return sim_walk_fail(w, ERR_NOMEM, "no memory");
    }
    if (n > ITEMS_MAX) {
        (void)sim_walk_fail(w, ERR_LIMIT, "minItems is over 256");
    }
    for (int64_t i = 0; i < n && w->failed == ERR_OK; i++) {
        struct json *v = make_item(w, schema, field, array);
        if (!v || json_push(array, v) != ERR_OK) {
            (void)sim_walk_fail(w, ERR_NOMEM, "no memory"); /* keeps an earlier cause */
        }
    }
    if (w->failed != ERR_OK) {
        json_free(array);
        return NULL;
    }
    return array;
}

static struct json *make_typed(struct sim_walk *w, const struct json *schema,
                               const char *field)
{
    const char *type = type_of(w, schema, field);
    if (strcmp(type, "object") == 0) {
        return make_object(w, schema);
    }
    if (strcmp(type, "array") == 0) {
        return make_array(w, schema, field);
    }
    if (strcmp(type, "string") == 0) {
        return sim_value_string(w, schema, field);
    }
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0) {
        return sim_value_number(w, schema, *type == 'i');
    }
    if (strcmp(type, "boolean") == 0) {
        return sim_value_bool(w, field);
    }
    if (strcmp(type, "null") == 0) {
        return sim_value_null(w);
    }
    return sim_walk_fail(w, ERR_BAD_VALUE, "unknown type");
}

static struct json *make(struct sim_walk *w, const struct json *schema,
                         const char *field)
{
    const struct json *at = json_get(schema, "$ref");
    if (at) {
        at = resolve(w, json_str(at, ""));
        return at ? value(w, at, field)
                  : sim_walk_fail(w, ERR_BAD_VALUE, "$ref leads nowhere");
    }
    if ((at = json_get(schema, "const"))) {
        return json_dup(at);
    }
    if ((at = json_get(schema, "enum"))) {
        size_t n = json_count(at);
        return n ? json_dup(json_at(at, (size_t)rng_below(w->rng, n)))
                 : sim_walk_fail(w, ERR_BAD_VALUE, "enum is empty");
    }
    if ((at = json_get(schema, "anyOf")) || (at = json_get(schema, "oneOf"))) {
        return make_any(w, at, field);
    }
    return make_typed(w, schema, field);
}

/* A schema may be absent or `true`: anything goes, so a text. Bounded by depth (a $ref
 * may lead to itself) and by the number of values. */
static struct json *value(struct sim_walk *w, const struct json *schema,
                          const char *field)
{
    bool open = !schema || json_bool(schema, false);
    if (!open && json_type(schema) != JSON_OBJECT) {
        return sim_walk_fail(w, ERR_BAD_VALUE, "a schema is not an object");
    }
    if (w->depth >= DEPTH_MAX || ++w->values > VALUES_MAX) {
        return sim_walk_fail(w, ERR_LIMIT, "the schema is too deep or too large");
    }
    if (!open && !is_known(schema, w)) {
        return NULL;
    }
    w->depth++;
    struct json *v = open ? sim_value_string(w, NULL, field) : make(w, schema, field);
    w->depth--;
    return v ? v
             : sim_walk_fail(w, ERR_NOMEM, "no memory"); /* keeps an earlier cause */
}

enum err sim_schema_make(const struct json *schema, const struct sim_brief *b,
                         struct rng *r, struct json **out, struct err_detail *d)
{
    struct sim_walk w = {.root = schema, .brief = b, .rng = r, .d = d};
    *out = value(&w, schema, "");
    return w.failed;
}
