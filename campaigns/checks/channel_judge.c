/* channel_judge.c: holds the text of one variant against its channel's limits. */
#include "campaigns/checks/channel.h"
#include "campaigns/checks/channel_words.h"
#include "core/base/utf8.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bounds the work on an array that is too long anyway, see items_max. */
enum { ITEMS_LOOKED_AT = 200 };

struct judge {
    const struct channel *channel;
    struct channel_finding *out;
    int count, max;
    const char *field; /* "" = the whole text */
    int item;          /* from 1; 0 = the field is one string */
};

/* A list that is full gives the place of a soft finding to a hard one; NULL: no room.
 */
static struct channel_finding *judge_room(struct judge *j, bool hard)
{
    if (j->count < j->max)
        return &j->out[j->count++];
    for (int i = j->count - 1; i >= 0 && hard; i--)
        if (!j->out[i].hard)
            return &j->out[i];
    return NULL;
}

static bool judge_is_full(const struct judge *j)
{
    int hard = 0;
    for (int i = 0; i < j->count; i++)
        hard += j->out[i].hard;
    return hard >= j->max;
}

static void judge_add(struct judge *j, enum err code, bool hard, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void judge_add(struct judge *j, enum err code, bool hard, const char *fmt, ...)
{
    struct channel_finding *f = judge_room(j, hard);
    if (!f)
        return;
    *f = (struct channel_finding){.code = code, .hard = hard};
    snprintf(f->field, sizeof f->field, "%s", j->field);
    char item[16] = "";
    if (j->item > 0)
        snprintf(item, sizeof item, "[%d]", j->item);
    size_t room = sizeof f->message;
    int used = snprintf(f->message, room, "%s%s%s%s: ", j->channel->name,
                        j->field[0] ? "." : "", j->field, item);
    va_list args;
    va_start(args, fmt);
    if (used > 0 && (size_t)used < room)
        vsnprintf(f->message + used, room - (size_t)used, fmt, args);
    va_end(args);
    utf8_tidy(f->message);
}

/* Bytes that no channel carries; the counters need not be asked after that. */
static bool judge_encoding(struct judge *j, const char *text, size_t n)
{
    size_t bad = utf8_invalid_at(text, n);
    if (bad < n)
        judge_add(j, ERR_BAD_ENCODING, true, "invalid UTF-8 at byte %zu", bad);
    else if (n > 0 && memchr(text, '\0', n))
        judge_add(j, ERR_BAD_ENCODING, true, "a NUL character");
    else
        return true;
    return false;
}

static void judge_count(struct judge *j, const struct channel_field *f,
                        const char *text, size_t n)
{
    const char *unit = f->counter->unit;
    int64_t count = f->counter->count(text, n);
    if (count < 0)
        judge_add(j, ERR_BAD_VALUE, true,
                  "a character that this channel cannot carry (%s)", f->counter->name);
    else if (count < f->min)
        judge_add(j, ERR_OUT_OF_RANGE, true, "%" PRId64 " %s, at least %" PRId64, count,
                  unit, f->min);
    else if (f->max > 0 && count > f->max)
        judge_add(j, ERR_OUT_OF_RANGE, true, "%" PRId64 " %s, at most %" PRId64, count,
                  unit, f->max);
    else if (f->soft_max > 0 && count > f->soft_max)
        judge_add(j, ERR_OUT_OF_RANGE, false, "%" PRId64 " %s, better at most %" PRId64,
                  count, unit, f->soft_max);
}

/* What a platform refuses word by word. */
static void judge_words(struct judge *j, const struct channel_field *f,
                        const char *text, size_t n)
{
    const char *sign = channel_find_forbidden(text, n, f->forbid);
    if (sign) {
        uint32_t point;
        size_t len = utf8_decode(sign, (size_t)(text + n - sign), &point);
        judge_add(j, ERR_BAD_VALUE, true, "has \"%.*s\", which is refused there",
                  (int)len, sign);
    }
    const char *phrase = channel_find_phrase(text, n, f->phrases);
    if (phrase)
        judge_add(j, ERR_BAD_VALUE, true, "has \"%.60s\", which is refused there",
                  phrase);
    char word[64];
    if (f->word_max > 0 &&
        channel_find_repeat(text, n, f->word_max, f->words_free, word, sizeof word))
        judge_add(j, ERR_BAD_VALUE, true, "has \"%s\" more than %" PRId64 " times",
                  word, f->word_max);
}

static void judge_text(struct judge *j, const struct channel_field *f, const char *text,
                       size_t n)
{
    if (!judge_encoding(j, text, n))
        return;
    if (f->single_line && n > 0 && (memchr(text, '\r', n) || memchr(text, '\n', n)))
        judge_add(j, ERR_BAD_VALUE, true, "has a line break, must be one line");
    if (f->octets_max > 0 && n > (size_t)f->octets_max)
        judge_add(j, ERR_OUT_OF_RANGE, true, "%zu bytes, at most %" PRId64, n,
                  f->octets_max);
    judge_count(j, f, text, n);
    judge_words(j, f, text, n);
}

static void judge_string(struct judge *j, const struct channel_field *f,
                         const struct json *value)
{
    const char *text = json_str(value, NULL);
    if (text)
        judge_text(j, f, text, strlen(text));
    else
        judge_add(j, ERR_BAD_VALUE, true, "must be a string, is %s",
                  json_type_name(json_type(value)));
}

/* Platforms refuse an asset that is there twice, and some want a short one. */
static void judge_set(struct judge *j, const struct channel_field *f,
                      const struct json *value)
{
    int64_t shortest = INT64_MAX;
    json_each (item, value) {
        const char *text = json_str(item, "");
        int64_t count = f->counter->count(text, strlen(text));
        shortest = count < shortest ? count : shortest;
        for (const struct json *other = json_next(item); other;
             other = json_next(other)) {
            if (strcmp(text, json_str(other, "")) == 0) {
                judge_add(j, ERR_BAD_VALUE, true, "\"%.60s\" is there twice", text);
                return;
            }
        }
    }
    if (f->short_max > 0 && shortest != INT64_MAX && shortest > f->short_max)
        judge_add(j, ERR_OUT_OF_RANGE, true,
                  "the shortest has %" PRId64 " %s, one must have at most %" PRId64,
                  shortest, f->counter->unit, f->short_max);
}

static void judge_items(struct judge *j, const struct channel_field *f,
                        const struct json *value)
{
    if (json_type(value) != JSON_ARRAY) {
        judge_add(j, ERR_BAD_VALUE, true, "must be an array of strings, is %s",
                  json_type_name(json_type(value)));
        return;
    }
    size_t count = json_count(value);
    if (count < (size_t)f->items_min || count > (size_t)f->items_max)
        judge_add(j, ERR_OUT_OF_RANGE, true,
                  "%zu items, must be %" PRId64 " to %" PRId64, count, f->items_min,
                  f->items_max);
    json_each (item, value) {
        if (judge_is_full(j) || j->item >= ITEMS_LOOKED_AT)
            break;
        j->item++;
        judge_string(j, f, item);
    }
    j->item = 0;
    if (count <= (size_t)f->items_max)
        judge_set(j, f, value);
}

static bool is_field(const struct channel *c, const char *name)
{
    for (int i = 0; i < c->field_count; i++)
        if (strcmp(c->fields[i].name, name) == 0)
            return true;
    return false;
}

static void judge_object(struct judge *j, const struct json *object)
{
    const struct channel *c = j->channel;
    for (int i = 0; i < c->field_count; i++) {
        const struct channel_field *f = &c->fields[i];
        const struct json *value = json_get(object, f->name);
        bool optional = f->items_max > 0 ? f->items_min == 0 : f->min == 0;
        j->field = f->name;
        if (!value && !optional)
            judge_add(j, ERR_BAD_VALUE, true, "is missing");
        else if (value && f->items_max > 0)
            judge_items(j, f, value);
        else if (value)
            judge_string(j, f, value);
    }
    j->field = "";
    json_each (member, object) {
        if (!is_field(c, json_key(member)))
            judge_add(j, ERR_BAD_VALUE, true, "has no field \"%.32s\"",
                      json_key(member));
    }
}

int channel_judge(const struct channel *c, const char *text, size_t n,
                  struct channel_finding *out, int max)
{
    struct judge j = {.channel = c, .out = out, .max = max, .field = ""};
    if (!channel_is_object(c)) {
        j.field = c->fields[0].name;
        judge_text(&j, &c->fields[0], text, n);
        return j.count;
    }
    if (!judge_encoding(&j, text, n))
        return j.count;
    if (c->octets_max > 0 && n > (size_t)c->octets_max)
        judge_add(&j, ERR_OUT_OF_RANGE, true, "%zu bytes as JSON, at most %" PRId64, n,
                  c->octets_max);
    struct json *object = NULL;
    struct err_detail d = {.message = ""};
    if (json_parse(text, n, &json_limits_reply, &object, &d) != ERR_OK)
        judge_add(&j, ERR_BAD_VALUE, true, "must be a JSON object: %s", d.message);
    else if (json_type(object) != JSON_OBJECT)
        judge_add(&j, ERR_BAD_VALUE, true, "must be a JSON object, is %s",
                  json_type_name(json_type(object)));
    else
        judge_object(&j, object);
    json_free(object);
    return j.count;
}

bool channel_item_fits(const struct channel *c, const struct channel_field *f,
                       const char *text)
{
    struct channel_finding found[8];
    struct judge j = {.channel = c, .out = found, .max = 8, .field = f->name};
    judge_text(&j, f, text, strlen(text));
    for (int i = 0; i < j.count; i++)
        if (found[i].hard)
            return false;
    return true;
}
