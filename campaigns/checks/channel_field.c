/* channel_field.c: reads one field of a channel table, member by member. */
#include "campaigns/checks/channel_field.h"
#include <stdio.h>
#include <string.h>

enum { NUMBER_MAX = 1 << 30, ITEMS_MAX = 100, TEXT_MAX_BYTES = 200, TEXTS_MAX = 64 };

enum err channel_read_refuse(struct err_detail *d, enum err code, const char *path,
                             const char *key, const char *why)
{
    char full[2 * CHANNEL_PATH_BYTES];
    snprintf(full, sizeof full, "%s/%s", path, key);
    return err_set(d, code, full, "%s", why);
}

static bool name_is_valid(const char *name, size_t room)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(name);
    return n > 0 && n < room && strspn(name, allowed) == n;
}

enum err channel_read_name(const struct json *j, size_t room, const char **out,
                           const char *path, struct err_detail *d)
{
    *out = json_str(j, "");
    if (name_is_valid(*out, room))
        return ERR_OK;
    return channel_read_refuse(d, ERR_BAD_VALUE, path, "name",
                               "must be a short name of letters, digits, '.', '_' and "
                               "'-'");
}

enum err channel_read_number(const struct json *j, int64_t *out, const char *path,
                             struct err_detail *d)
{
    if (!json_is_int(j))
        return channel_read_refuse(d, ERR_BAD_TYPE, path, json_key(j),
                                   "must be a whole number");
    *out = json_int(j, -1);
    if (*out < 0 || *out > NUMBER_MAX)
        return channel_read_refuse(d, ERR_OUT_OF_RANGE, path, json_key(j),
                                   "must be 0 to 2^30");
    return ERR_OK;
}

enum err channel_read_flag(const struct json *j, bool *out, const char *path,
                           struct err_detail *d)
{
    if (json_type(j) != JSON_BOOL)
        return channel_read_refuse(d, ERR_BAD_TYPE, path, json_key(j),
                                   "must be true or false");
    *out = json_bool(j, false);
    return ERR_OK;
}

enum err channel_read_text(const struct json *j, const char **out, const char *path,
                           struct err_detail *d)
{
    *out = json_str(j, "");
    if (json_type(j) != JSON_STRING)
        return channel_read_refuse(d, ERR_BAD_TYPE, path, json_key(j),
                                   "must be a string");
    if (strlen(*out) > TEXT_MAX_BYTES)
        return channel_read_refuse(d, ERR_OUT_OF_RANGE, path, json_key(j),
                                   "must be at most 200 bytes");
    return ERR_OK;
}

static enum err texts_read(const struct json *j, const struct json **out,
                           const char *path, struct err_detail *d)
{
    bool good = json_type(j) == JSON_ARRAY && json_count(j) <= TEXTS_MAX;
    json_each (item, j)
        good = good && json_str(item, "")[0] && strlen(json_str(item, "")) <= 100;
    *out = j;
    return good ? ERR_OK
                : channel_read_refuse(d, ERR_BAD_VALUE, path, json_key(j),
                                      "must be at most 64 strings of 1 to 100 bytes");
}

static enum err slot_member_read(const struct json *j, struct channel_slot *s,
                                 const char *path, struct err_detail *d)
{
    const char *key = json_key(j);
    if (strcmp(key, "fact") == 0)
        return channel_read_text(j, &s->fact, path, d);
    if (strcmp(key, "fallback") == 0)
        return channel_read_text(j, &s->fallback, path, d);
    if (strcmp(key, "open") == 0)
        return channel_read_text(j, &s->open, path, d);
    if (strcmp(key, "close") == 0)
        return channel_read_text(j, &s->close, path, d);
    if (strcmp(key, "glue") == 0)
        return channel_read_text(j, &s->glue, path, d);
    if (strcmp(key, "at_end") == 0)
        return channel_read_flag(j, &s->at_end, path, d);
    return channel_read_refuse(d, ERR_UNKNOWN_FIELD, path, key,
                               "no such member of a slot");
}

static enum err slots_read(const struct json *list, struct channel_field *f,
                           const char *path, struct err_detail *d)
{
    if (json_type(list) != JSON_ARRAY || json_count(list) > CHANNEL_SLOTS_MAX)
        return channel_read_refuse(d, ERR_BAD_VALUE, path, "slots",
                                   "must be at most 4 slots");
    json_each (item, list) {
        char where[2 * CHANNEL_PATH_BYTES];
        snprintf(where, sizeof where, "%s/slots/%d", path, f->slot_count);
        struct channel_slot *s = &f->slots[f->slot_count++];
        *s = (struct channel_slot){.open = "", .close = "", .glue = ""};
        if (json_type(item) != JSON_OBJECT)
            return err_set(d, ERR_BAD_TYPE, where, "a slot must be an object");
        json_each (member, item) {
            enum err err = slot_member_read(member, s, where, d);
            if (err)
                return err;
        }
        if (!s->fact || !s->fact[0])
            return channel_read_refuse(d, ERR_MISSING, where, "fact",
                                       "a slot names the fact that fills it");
    }
    return ERR_OK;
}

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
    {"short_max", offsetof(struct channel_field, short_max)},
    {"word_max", offsetof(struct channel_field, word_max)},
    {"prompt_characters", offsetof(struct channel_field, prompt_characters)},
};

static int64_t *number_find(struct channel_field *f, const char *key)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(numbers[i].key, key) == 0)
            return (int64_t *)(void *)((char *)f + numbers[i].offset);
    return NULL;
}

static enum err member_read(const struct json *j, struct channel_field *f,
                            const char *path, struct err_detail *d)
{
    const char *key = json_key(j);
    int64_t *number = number_find(f, key);
    if (number)
        return channel_read_number(j, number, path, d);
    if (strcmp(key, "name") == 0)
        return channel_read_name(j, sizeof((struct channel_finding *)0)->field,
                                 &f->name, path, d);
    if (strcmp(key, "single_line") == 0)
        return channel_read_flag(j, &f->single_line, path, d);
    if (strcmp(key, "forbid") == 0)
        return channel_read_text(j, &f->forbid, path, d);
    if (strcmp(key, "phrases") == 0)
        return texts_read(j, &f->phrases, path, d);
    if (strcmp(key, "words_free") == 0)
        return texts_read(j, &f->words_free, path, d);
    if (strcmp(key, "slots") == 0)
        return slots_read(j, f, path, d);
    if (strcmp(key, "counter") == 0) {
        f->counter = counter_find(json_str(j, ""));
        return f->counter ? ERR_OK
                          : channel_read_refuse(d, ERR_BAD_VALUE, path, key,
                                                "no such counter");
    }
    return channel_read_refuse(d, ERR_UNKNOWN_FIELD, path, key,
                               "no such member of a field");
}

enum err channel_field_read(const struct json *j, struct channel_field *f,
                            const char *path, struct err_detail *d)
{
    *f = (struct channel_field){
        .min = 1, .counter = counter_find("code_points"), .forbid = ""};
    if (json_type(j) != JSON_OBJECT)
        return err_set(d, ERR_BAD_TYPE, path, "a field must be an object");
    json_each (member, j) {
        enum err err = member_read(member, f, path, d);
        if (err)
            return err;
    }
    if (!f->name)
        return channel_read_refuse(d, ERR_MISSING, path, "name",
                                   "a field needs a name");
    if (f->max > 0 && f->max < f->min)
        return channel_read_refuse(d, ERR_OUT_OF_RANGE, path, "max",
                                   "must not be less than min");
    if (f->items_max < f->items_min)
        return channel_read_refuse(d, ERR_OUT_OF_RANGE, path, "items_max",
                                   "must not be less than items_min");
    if (f->items_max > ITEMS_MAX)
        return channel_read_refuse(d, ERR_OUT_OF_RANGE, path, "items_max",
                                   "must be at most 100");
    if (f->items_max > 0 && f->slot_count > 0)
        return channel_read_refuse(d, ERR_BAD_VALUE, path, "slots",
                                   "a field of several items has no slots");
    return ERR_OK;
}
