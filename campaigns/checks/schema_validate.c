/* schema_validate.c: is a schema inside the subset that schema_check knows? */
#include "campaigns/checks/pointer.h"
#include "campaigns/checks/schema.h"
#include "core/base/names.h"
#include <string.h>

struct walk {
    struct pointer at;
    struct err_detail *detail;
};

static enum err schema_walk(struct walk *w, const struct json *schema);

static enum err refuse(struct walk *w, enum err code, const char *why)
{
    return err_set(w->detail, code, w->at.text, "%s", why);
}

static bool is_type_name(const struct json *j)
{
    static const char *const names[] = {"null",   "boolean", "number", "integer",
                                        "string", "array",   "object"};
    return names_index(names, json_str(j, "")) >= 0;
}

static enum err type_walk(struct walk *w, const struct json *j)
{
    bool ok = is_type_name(j);
    if (json_type(j) == JSON_ARRAY) {
        ok = json_count(j) > 0;
        json_each (item, j)
            ok = ok && is_type_name(item);
    }
    return ok ? ERR_OK : refuse(w, ERR_BAD_VALUE, "must be a type, or a list of types");
}

static enum err properties_walk(struct walk *w, const struct json *j)
{
    if (json_type(j) != JSON_OBJECT)
        return refuse(w, ERR_BAD_VALUE, "must be an object of schemas");
    json_each (member, j) {
        size_t before = pointer_add_key(&w->at, json_key(member));
        enum err err = schema_walk(w, member);
        if (err)
            return err;
        pointer_cut(&w->at, before);
    }
    return ERR_OK;
}

static enum err required_walk(struct walk *w, const struct json *j)
{
    bool ok = json_type(j) == JSON_ARRAY;
    json_each (item, j)
        ok = ok && json_type(item) == JSON_STRING;
    return ok ? ERR_OK : refuse(w, ERR_BAD_VALUE, "must be an array of strings");
}

static enum err additional_walk(struct walk *w, const struct json *j)
{
    if (json_type(j) == JSON_BOOL)
        return ERR_OK;
    return refuse(w, ERR_NOT_SUPPORTED, "only true or false is supported");
}

static enum err enum_walk(struct walk *w, const struct json *j)
{
    if (json_type(j) == JSON_ARRAY && json_count(j) > 0)
        return ERR_OK;
    return refuse(w, ERR_BAD_VALUE, "must be an array of at least one value");
}

static enum err size_walk(struct walk *w, const struct json *j)
{
    if (json_is_int(j) && json_int(j, -1) >= 0)
        return ERR_OK;
    return refuse(w, ERR_BAD_VALUE, "must be a whole number, 0 or more");
}

static enum err number_walk(struct walk *w, const struct json *j)
{
    return json_type(j) == JSON_NUMBER ? ERR_OK
                                       : refuse(w, ERR_BAD_VALUE, "must be a number");
}

static enum err any_walk(struct walk *w, const struct json *j)
{
    (void)w;
    (void)j;
    return ERR_OK;
}

static const struct keyword {
    const char *name;
    enum err (*walk)(struct walk *w, const struct json *j);
} keywords[] = {
    {"type", type_walk},         {"properties", properties_walk},
    {"required", required_walk}, {"additionalProperties", additional_walk},
    {"items", schema_walk},      {"minItems", size_walk},
    {"maxItems", size_walk},     {"enum", enum_walk},
    {"const", any_walk},         {"minLength", size_walk},
    {"maxLength", size_walk},    {"minimum", number_walk},
    {"maximum", number_walk},    {"title", any_walk},
    {"description", any_walk},   {"$schema", any_walk},
};

static const struct keyword *keyword_find(const char *name)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcmp(keywords[i].name, name) == 0)
            return &keywords[i];
    return NULL;
}

static enum err schema_walk(struct walk *w, const struct json *schema)
{
    if (json_type(schema) != JSON_OBJECT)
        return refuse(w, ERR_BAD_VALUE, "a schema must be an object");
    json_each (member, schema) {
        const struct keyword *keyword = keyword_find(json_key(member));
        size_t before = pointer_add_key(&w->at, json_key(member));
        if (!keyword)
            return refuse(w, ERR_NOT_SUPPORTED, "a keyword outside the subset");
        enum err err = keyword->walk(w, member);
        if (err)
            return err;
        pointer_cut(&w->at, before);
    }
    return ERR_OK;
}

enum err schema_validate(const struct json *schema, struct err_detail *d)
{
    struct walk w = {.detail = d};
    return schema_walk(&w, schema);
}
