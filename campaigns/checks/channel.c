/* channel.c: reads channel tables, the shipped one and a user's own. */
#include "campaigns/checks/channel.h"
#include "campaigns/checks/channel_field.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS_MAX = 256 };

extern const char text_channels_json[]; /* campaigns/data/channels.json */

struct channel_set {
    struct json *table[2]; /* names of fields are borrowed from here */
    struct channel *list;
    size_t count;
};

static enum err fields_read(const struct json *list, struct channel *c,
                            const char *path, struct err_detail *d)
{
    size_t n = json_count(list);
    if (json_type(list) != JSON_ARRAY || n < 1 || n > CHANNEL_FIELDS_MAX)
        return channel_read_refuse(d, ERR_BAD_VALUE, path, "fields",
                                   "must be 1 to 8 fields");
    json_each (item, list) {
        struct channel_field *f = &c->fields[c->field_count];
        char where[CHANNEL_PATH_BYTES];
        snprintf(where, sizeof where, "%s/fields/%d", path, c->field_count);
        enum err err = channel_field_read(item, f, where, d);
        if (err)
            return err;
        for (int i = 0; i < c->field_count; i++)
            if (strcmp(c->fields[i].name, f->name) == 0)
                return channel_read_refuse(d, ERR_BAD_VALUE, where, "name",
                                           "is there twice");
        c->field_count++;
    }
    return ERR_OK;
}

static enum err member_read(const struct json *j, struct channel *c, const char *path,
                            struct err_detail *d)
{
    const char *key = json_key(j);
    if (strcmp(key, "images_needed") == 0)
        return channel_read_flag(j, &c->images_needed, path, d);
    if (strcmp(key, "octets_max") == 0)
        return channel_read_number(j, &c->octets_max, path, d);
    if (strcmp(key, "off") == 0)
        return channel_read_text(j, &c->off, path, d);
    if (strcmp(key, "fields") == 0)
        return fields_read(j, c, path, d);
    if (strcmp(key, "name") == 0 || strcmp(key, "source") == 0)
        return ERR_OK;
    return channel_read_refuse(d, ERR_UNKNOWN_FIELD, path, key, "no such member");
}

static enum err channel_read(const struct json *j, struct channel *c, const char *path,
                             struct err_detail *d)
{
    *c = (struct channel){.field_count = 0};
    if (json_type(j) != JSON_OBJECT)
        return err_set(d, ERR_BAD_TYPE, path, "a channel must be an object");
    const char *name = NULL;
    enum err err =
        channel_read_name(json_get(j, "name"), sizeof c->name, &name, path, d);
    if (err)
        return err;
    snprintf(c->name, sizeof c->name, "%s", name);
    json_each (member, j) {
        err = member_read(member, c, path, d);
        if (err)
            return err;
    }
    return c->field_count ? ERR_OK
                          : channel_read_refuse(d, ERR_BAD_VALUE, path, "fields",
                                                "must be 1 to 8 fields");
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
        char path[CHANNEL_PATH_BYTES / 2];
        struct channel channel;
        snprintf(path, sizeof path, "/channels/%zu", i++);
        enum err err = channel_read(item, &channel, path, d);
        if (err)
            return err;
        if (list_find(s->list + old, s->count - old, channel.name))
            return channel_read_refuse(d, ERR_BAD_VALUE, path, "name",
                                       "is there twice");
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

bool channel_is_object(const struct channel *c)
{
    return c->field_count > 1 || c->fields[0].items_max > 0;
}

bool channel_is_message(const char *name)
{
    static const char *const families[] = {"sms", "email", "push"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        size_t n = strlen(families[i]);
        if (strncmp(name, families[i], n) == 0 && strchr("./", name[n]))
            return true;
    }
    return false;
}
