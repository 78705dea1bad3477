/* config_endpoint.c: keys of an endpoint, as a table of name, type and place. */
#include "core/base/config_endpoint.h"
#include "core/base/money.h"

#include <stdlib.h>
#include <string.h>

#define OPENAI_URL "https://api.openai.com/v1"

enum field_type {
    FIELD_TEXT,
    FIELD_INT,
    FIELD_PRICE,
    FIELD_BOOL,
    FIELD_FORM,
    FIELD_SHARE
};

struct field {
    const char *key;
    enum field_type type;
    size_t offset, size;
};

#define FIELD(key, type, member)                                                       \
    {                                                                                  \
        key, type, offsetof(struct config_endpoint, member),                           \
            sizeof(((struct config_endpoint *)0)->member)                              \
    }
static const struct field fields[] = {
    FIELD("dialect", FIELD_TEXT, dialect),
    FIELD("base_url", FIELD_TEXT, base_url),
    FIELD("model", FIELD_TEXT, model),
    FIELD("key_env", FIELD_TEXT, key_env),
    FIELD("rpm", FIELD_INT, rpm),
    FIELD("tpm", FIELD_INT, tpm),
    FIELD("itpm", FIELD_INT, itpm),
    FIELD("otpm", FIELD_INT, otpm),
    FIELD("max_in_flight", FIELD_INT, max_in_flight),
    FIELD("price_in", FIELD_PRICE, price_in_nano),
    FIELD("price_out", FIELD_PRICE, price_out_nano),
    FIELD("price_cached", FIELD_PRICE, price_cached_nano),
    FIELD("price_written", FIELD_PRICE, price_written_nano),
    FIELD("structured", FIELD_FORM, structured),
    FIELD("json_schema", FIELD_BOOL, json_schema),
    FIELD("max_tokens_name", FIELD_TEXT, max_tokens_name),
    FIELD("api_version", FIELD_TEXT, api_version),
    FIELD("stream", FIELD_BOOL, stream),
    FIELD("hedge", FIELD_BOOL, hedge),
    FIELD("fallback", FIELD_TEXT, fallback),
    FIELD("batch", FIELD_BOOL, batch),
    FIELD("price_batch", FIELD_SHARE, price_batch),
};
#define FIELD_COUNT (sizeof fields / sizeof *fields)

bool config_parse_bool(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0;
}

bool config_parse_int(const char *text, int64_t *out)
{
    size_t len = strlen(text);
    if (len == 0 || strspn(text, "0123456789") != len)
        return false;
    *out = 0;
    for (; *text; text++) {
        *out = *out * 10 + (*text - '0');
        if (*out > 1000000000000)
            return false;
    }
    return true;
}

/* usd per 1,000,000 tokens -> nano-dollars per token: 1e9 / 1e6 = 1000 to one. */
static bool parse_price(const char *text, double *out)
{
    int64_t nano_per_million;
    if (money_parse(text, strlen(text), 9, &nano_per_million) || nano_per_million < 0)
        return false;
    *out = (double)nano_per_million / 1e6;
    return true;
}

static bool parse_share(const char *text, double *out)
{
    int64_t nano;
    if (money_parse(text, strlen(text), 9, &nano) || nano < 0 || nano > 1000000000)
        return false;
    *out = (double)nano / 1e9;
    return true;
}

static bool parse_form(const char *text, enum config_structured *out)
{
    static const char *const names[] = {[CONFIG_STRUCTURED_SCHEMA] = "json_schema",
                                        [CONFIG_STRUCTURED_OBJECT] = "json_object",
                                        [CONFIG_STRUCTURED_TOOL] = "tool",
                                        [CONFIG_STRUCTURED_PROMPT] = "prompt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        *out = (enum config_structured)i;
        if (strcmp(names[i], text) == 0)
            return true;
    }
    return false;
}

bool config_is_name(const char *name, size_t size)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.-";
    size_t len = strlen(name);
    return len > 0 && len < size && strspn(name, allowed) == len;
}

static struct config_endpoint *endpoint_add(struct config_endpoints *list,
                                            const char *name)
{
    struct config_endpoint *e = &list->items[list->count];
    *e = (struct config_endpoint){.dialect = "openai_chat",
                                  .price_in_nano = -1,
                                  .price_out_nano = -1,
                                  .price_cached_nano = -1,
                                  .price_written_nano = -1,
                                  .price_batch = 0.5,
                                  .json_schema = true};
    memcpy(e->name, name, strlen(name) + 1); /* its length is checked */
    list->given[list->count++] = 0;
    return e;
}

static enum err find_or_add(struct config_endpoints *list, const char *name,
                            size_t *index, struct err_detail *d)
{
    for (*index = 0; *index < list->count; ++*index)
        if (strcmp(list->items[*index].name, name) == 0)
            return ERR_OK;
    if (!config_is_name(name, sizeof list->items->name))
        return err_set(d, ERR_CONFIG, "",
                       "an endpoint's name has letters, digits and _.- only: '%s'",
                       name);
    if (list->count == CONFIG_ENDPOINTS_MAX)
        return err_set(d, ERR_CONFIG, "", "more than %d endpoints",
                       CONFIG_ENDPOINTS_MAX);
    endpoint_add(list, name);
    return ERR_OK;
}

static enum err field_set(struct config_endpoint *e, const struct field *f,
                          const char *value, struct err_detail *d)
{
    char *place = (char *)e + f->offset;
    const char *wanted = "";
    bool ok = false;
    switch (f->type) {
    case FIELD_TEXT:
        wanted = "shorter text";
        ok = strlen(value) < f->size;
        if (ok)
            memcpy(place, value, strlen(value) + 1);
        break;
    case FIELD_INT:
        wanted = "a whole number from 0 to 10^12";
        ok = config_parse_int(value, (int64_t *)(void *)place);
        break;
    case FIELD_PRICE:
        wanted = "usd per 1,000,000 tokens, as in 0.15";
        ok = parse_price(value, (double *)(void *)place);
        break;
    case FIELD_SHARE:
        wanted = "a number from 0 to 1, as in 0.5";
        ok = parse_share(value, (double *)(void *)place);
        break;
    case FIELD_FORM:
        wanted = "json_schema, json_object, tool or prompt";
        ok = parse_form(value, (enum config_structured *)(void *)place);
        break;
    case FIELD_BOOL:
        wanted = "true or false";
        ok = config_parse_bool(value, (bool *)place);
        break;
    }
    if (ok)
        return ERR_OK;
    return err_set(d, ERR_CONFIG, "", "%s must be %s, not '%s'", f->key, wanted, value);
}

enum err config_endpoint_set(struct config_endpoints *list, const char *name,
                             const char *key, const char *value, struct err_detail *d)
{
    size_t at;
    enum err e = find_or_add(list, name, &at, d);
    if (e)
        return e;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].key, key) != 0)
            continue;
        if (list->given[at] & 1u << i)
            return err_set(d, ERR_CONFIG, "", "%s is given twice for endpoint %s", key,
                           name);
        list->given[at] |= 1u << i;
        if (fields[i].offset == offsetof(struct config_endpoint, fallback))
            list->fallback_line[at] = list->line;
        return field_set(&list->items[at], &fields[i], value, d);
    }
    return err_set(d, ERR_CONFIG, "", "unknown key '%s' in [endpoint %s]", key, name);
}

/* OPENAI_BASE_URL, OPENAI_API_KEY and BARKER_MODEL, if any of them is set. */
static enum err add_from_env(struct config_endpoints *list, struct err_detail *d)
{
    static const char *const names[] = {"OPENAI_BASE_URL", "BARKER_MODEL",
                                        "OPENAI_API_KEY"};
    const char *values[3];
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        values[i] = value ? value : "";
        any = any || *values[i];
    }
    if (!any)
        return ERR_OK;
    struct config_endpoint *e = endpoint_add(list, "default");
    const char *url = *values[0] ? values[0] : OPENAI_URL;
    if (strlen(url) >= sizeof e->base_url)
        return err_set(d, ERR_CONFIG, names[0], "the address is too long");
    if (strlen(values[1]) >= sizeof e->model)
        return err_set(d, ERR_CONFIG, names[1], "the name of the model is too long");
    memcpy(e->base_url, url, strlen(url) + 1);
    memcpy(e->model, values[1], strlen(values[1]) + 1);
    memcpy(e->key_env, names[2], strlen(names[2]) + 1);
    return ERR_OK;
}

/* One name of a fallback= line, whose place is found among all endpoints. */
static enum err add_fallback(const struct config_endpoints *list,
                             struct config_endpoint *e, const char *name, size_t len,
                             struct err_detail *d)
{
    size_t at = 0;
    while (at < list->count && (strlen(list->items[at].name) != len ||
                                memcmp(list->items[at].name, name, len) != 0))
        at++;
    if (at == list->count)
        return err_set(d, ERR_CONFIG, "",
                       "endpoint %s: fallback: there is no endpoint '%.*s'", e->name,
                       (int)len, name);
    bool twice = &list->items[at] == e;
    for (size_t i = 0; i < e->fallback_count; i++)
        twice = twice || e->fallbacks[i] == at;
    if (twice)
        return err_set(d, ERR_CONFIG, "", "endpoint %s: fallback: %s", e->name,
                       &list->items[at] == e ? "it names itself"
                                             : "a name stands there twice");
    if (e->fallback_count == CONFIG_FALLBACKS_MAX)
        return err_set(d, ERR_CONFIG, "", "endpoint %s: fallback: more than %d names",
                       e->name, CONFIG_FALLBACKS_MAX);
    e->fallbacks[e->fallback_count++] = at;
    return ERR_OK;
}

static enum err find_fallbacks(const struct config_endpoints *list,
                               struct config_endpoint *e, struct err_detail *d)
{
    static const char blank[] = " \t";
    const char *at = e->fallback;
    enum err failed = ERR_OK;
    while (*at && !failed) {
        at += strspn(at, blank);
        size_t part = strcspn(at, ","), len = part;
        while (len > 0 && strchr(blank, at[len - 1]))
            len--;
        failed = add_fallback(list, e, at, len, d);
        at += part;
        if (*at == ',' && !*++at && !failed)
            failed = err_set(d, ERR_CONFIG, "",
                             "endpoint %s: fallback ends with a comma", e->name);
    }
    return failed;
}

enum err config_endpoint_finish(struct config_endpoints *list, struct err_detail *d)
{
    list->line = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct config_endpoint *e = &list->items[i];
        enum err failed = find_fallbacks(list, e, d);
        if (failed) {
            list->line = list->fallback_line[i];
            return failed;
        }
        if (!*e->model)
            return err_set(d, ERR_CONFIG, "", "endpoint %s has no model", e->name);
        if (!e->json_schema)
            e->structured = CONFIG_STRUCTURED_PROMPT;
        if (!*e->base_url && strncmp(e->dialect, "openai", 6) == 0)
            memcpy(e->base_url, OPENAI_URL, sizeof OPENAI_URL);
    }
    return list->count > 0 ? ERR_OK : add_from_env(list, d);
}
