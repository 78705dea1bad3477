/* channel.c: reads channel tables, the shipped one and a user's own. */
#include "campaigns/checks/channel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS_MAX = 256, NUMBER_MAX = 1 << 30, PATH_BYTES = 64 };

extern const char text_channels_json[]; /* campaigns/data/channels.json */

struct channel_set {
    struct json *table[2]; /* names of fields are borrowed from here */
    struct channel *list;
    size_t count;
};

static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"max", offsetof(struct channel_field, max)},
    {"min", offsetof(struct channel_field, min)},
    {"soft_max", offsetof(struct channel_field, soft_max)},
    {"octets_max", offsetof(struct channel_field, octets_max)},
    {"items_min", offsetof(struct channel_field, items_min)},
    {"items_max", offsetof(struct channel_field, items_max)},
};

static int64_t *number_find(struct channel_field *f, const char *key)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(numbers[i].key, key) == 0)
            return (int64_t *)(void *)((char *)f + numbers[i].offset);
    return NULL;
}

static enum err refuse(struct err_detail *d, enum err code, const char *path,
                       const char *key, const char *why)
{
    char full[3 * PATH_BYTES];
    snprintf(full, sizeof full, "%s/%s", path, key);
    return err_set(d, code, full, "%s", why);
}

/* Names go into messages and Redis keys: [A-Za-z0-9._-], less than room bytes. */
static bool name_is_valid(const char *name, size_t room)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(name);
    return n > 0 && n < room && strspn(name, allowed) == n;
}

static enum err number_read(const struct json *j, int64_t *out, const char *path,
                            struct err_detail *d)
{
    if (!json_is_int(j))
        return refuse(d, ERR_BAD_TYPE, path, json_key(j), "must be a whole number");
    *out = json_int(j, -1);
    if (*out < 0 || *out > NUMBER_MAX)
        return refuse(d, ERR_OUT_OF_RANGE, path, json_key(j), "must be 0 to 2^30");
    return ERR_OK;
}

static enum err flag_read(const struct json *j, bool *out, const char *path,
                          struct err_detail *d)
{
    if (json_type(j) != JSON_BOOL)
        return refuse(d, ERR_BAD_TYPE, path, json_key(j), "must be true or false");
    *out = json_bool(j, false);
    return ERR_OK;
}

static enum err name_read(const struct json *j, size_t room, const char **out,
                          const char *path, struct err_detail *d)
{
    *out = json_str(j, "");
    if (name_is_valid(*out, room))
        return ERR_OK;
    return refuse(d, ERR_BAD_VALUE, path, "name",
                  "must be a short name of letters, digits, '.', '_' and '-'");
}

static enum err member_read(const struct json *j, struct channel_field *f,
                            const char *path, struct err_detail *d)
{
    const char *key = json_key(j);
    int64_t *number = number_find(f, key);
    if (number)
        return number_read(j, number, path, d);
    if (strcmp(key, "name") == 0)
        return name_read(j, sizeof((struct channel_finding *)0)->field, &f->name, path,
                         d);
    if (strcmp(key, "single_line") == 0)
        return flag_read(j, &f->single_line, path, d);
    if (strcmp(key, "counter") == 0) {
        f->counter = counter_find(json_str(j, ""));
        return f->counter ? ERR_OK
                          : refuse(d, ERR_BAD_VALUE, path, key, "no such counter");
    }
    if (strcmp(key, "prompt_characters") == 0) {
        int64_t characters = 0;
        enum err err = number_read(j, &characters, path, d);
        f->prompt_characters = err ? 0 : (int)characters;
        return err;
    }
    return refuse(d, ERR_UNKNOWN_FIELD, path, key, "no such member of a field");
}

static enum err field_read(const struct json *j, struct channel_field *f,
                           const char *path, struct err_detail *d)
{
    *f = (struct channel_field){.min = 1, .counter = counter_find("code_points")};
    if (json_type(j) != JSON_OBJECT)
        return err_set(d, ERR_BAD_TYPE, path, "a field must be an object");
    json_each (member, j) {
        enum err err = member_read(member, f, path, d);
        if (err)
            return err;
    }
    if (!f->name)
        return refuse(d, ERR_MISSING, path, "name", "a field needs a name");
    if (f->max > 0 && f->max < f->min)
        return refuse(d, ERR_OUT_OF_RANGE, path, "max", "must not be less than min");
    if (f->items_max < f->items_min)
        return refuse(d, ERR_OUT_OF_RANGE, path, "items_max",
                      "must not be less than items_min");
    return ERR_OK;
}

static enum err fields_read(const struct json *list, struct channel *c,
                            const char *path, struct err_detail *d)
{
    size_t n = json_count(list);
    if (json_type(list) != JSON_ARRAY || n < 1 || n > CHANNEL_FIELDS_MAX)
        return refuse(d, ERR_BAD_VALUE, path, "fields", "must be 1 to 8 fields");
    json_each (item, list) {
        struct channel_field *f = &c->fields[c->field_count];
        char where[2 * PATH_BYTES];
        snprintf(where, sizeof where, "%s/fields/%d", path, c->field_count);
        enum err err = field_read(item, f, where, d);
        if (err)
            return err;
        for (int i = 0; i < c->field_count; i++)
            if (strcmp(c->fields[i].name, f->name) == 0)
                return refuse(d, ERR_BAD_VALUE, where, "name", "is there twice");
        c->field_count++;
    }
    return ERR_OK;
}

static bool is_channel_member(const char *key)
{
    return strcmp(key, "name") == 0 || strcmp(key, "source") == 0 ||
           strcmp(key, "fields") == 0;
}

static enum err channel_read(const struct json *j, struct channel *c, const char *path,
                             struct err_detail *d)
{
    *c = (struct channel){.field_count = 0};
    if (json_type(j) != JSON_OBJECT)
        return err_set(d, ERR_BAD_TYPE, path, "a channel must be an object");
    const char *name = NULL;
    enum err err = name_read(json_get(j, "name"), sizeof c->name, &name, path, d);
    if (err)
        return err;
    snprintf(c->name, sizeof c->name, "%s", name);
    json_each (member, j) {
        const char *key = json_key(member);
        if (strcmp(key, "images_needed") == 0)
            err = flag_read(member, &c->images_needed, path, d);
        else if (!is_channel_member(key))
            err = refuse(d, ERR_UNKNOWN_FIELD, path, key, "no such member");
        if (err)
            return err;
    }
    return fields_read(json_get(j, "fields"), c, path, d);
}

static struct channel *list_find(struct channel *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

/* Adds the channels of one table; those from `old` on are of this same table. */
static enum err channels_read(struct channel_set *s, const struct json *list,
                              struct err_detail *d)
{
    size_t old = s->count, i = 0;
    json_each (item, list) {
        char path[PATH_BYTES];
        struct channel channel;
        snprintf(path, sizeof path, "/channels/%zu", i++);
        enum err err = channel_read(item, &channel, path, d);
        if (err)
            return err;
        if (list_find(s->list + old, s->count - old, channel.name))
            return refuse(d, ERR_BAD_VALUE, path, "name", "is there twice");
        struct channel *slot = list_find(s->list, old, channel.name);
        *(slot ? slot : &s->list[s->count++]) = channel;
    }
    return ERR_OK;
}

static enum err table_read(struct channel_set *s, const char *text, struct json **table,
                           struct err_detail *d)
{
    enum err err = json_parse(text, strlen(text), &json_limits_spec, table, d);
    if (err)
        return err;
    const struct json *list = json_get(*table, "channels");
    if (json_int(json_get(*table, "v"), 0) != 1)
        return err_set(d, ERR_UNKNOWN_VERSION, "/v", "a channel table needs \"v\": 1");
    if (json_type(list) != JSON_ARRAY || json_count(list) > CHANNELS_MAX)
        return err_set(d, ERR_BAD_VALUE, "/channels", "must be at most %d channels",
                       CHANNELS_MAX);
    size_t room = s->count + json_count(list);
    struct channel *grown = reallocarray(s->list, room + 1, sizeof *grown);
    if (!grown)
        return err_set(d, ERR_NOMEM, "/channels", "no memory for the channels");
    s->list = grown;
    return channels_read(s, list, d);
}

enum err channel_set_new(const char *extra_json, struct channel_set **out,
                         struct err_detail *d)
{
    *out = NULL;
    struct channel_set *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(d, ERR_NOMEM, "", "no memory for the channels");
    enum err err = table_read(s, text_channels_json, &s->table[0], d);
    if (!err && extra_json)
        err = table_read(s, extra_json, &s->table[1], d);
    if (err)
        channel_set_free(s);
    else
        *out = s;
    return err;
}

void channel_set_free(struct channel_set *s)
{
    if (!s)
        return;
    json_free(s->table[0]);
    json_free(s->table[1]);
    free(s->list);
    free(s);
}

const struct channel *channel_find(const struct channel_set *s, const char *name)
{
    return list_find(s->list, s->count, name);
}

const struct channel *channel_at(const struct channel_set *s, size_t i)
{
    return i < s->count ? &s->list[i] : NULL;
}
