/* channel_text.c: fills slots in and takes them out again. */
#include "campaigns/checks/channel_text.h"
#include "core/base/json_out.h"
#include "core/base/utf8.h"
#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES ((size_t)32 << 20) /* a reply of 4 MiB, all of it escaped */
#define SLOT_MAX_BYTES 1000

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}
static bool ends_with(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}

#define BLANKS " \t\r\n"

static bool is_blank(const char *text)
{
    return text[strspn(text, BLANKS)] == '\0';
}

static size_t trimmed_length(const char *text, size_t n)
{
    while (n > 0 && strchr(BLANKS, text[n - 1]))
        n--;
    return n;
}

/* "超越户外" and "【超越户外】" both give the latter; out is empty without a fact. No
 * blanks at its ends: those of a text are trimmed, and it must be found again. */
static void slot_write(const struct channel_slot *s, const struct json *facts,
                       struct buf *out)
{
    const char *value = json_str(json_get(facts, s->fact), s->fallback);
    buf_clear(out);
    if (value && is_blank(value))
        value = s->fallback;
    if (!value || is_blank(value))
        return;
    buf_append_str(out, starts_with(value, s->open) ? "" : s->open);
    buf_append_str(out, value);
    buf_append_str(out, ends_with(value, s->close) ? "" : s->close);
    if (buf_status(out) || out->len == 0)
        return;
    buf_consume(out, strspn(out->data, BLANKS));
    out->len = trimmed_length(out->data, out->len);
    out->data[out->len] = '\0';
}

static enum err fact_check(const struct channel *c, const struct channel_slot *s,
                           const struct json *facts, struct err_detail *d)
{
    char path[256];
    snprintf(path, sizeof path, "/facts/%.200s", s->fact);
    const struct json *value = json_get(facts, s->fact);
    if (!value && s->fallback)
        return ERR_OK;
    if (!value)
        return err_set(d, ERR_MISSING, path, "every text of channel %s must carry it",
                       c->name);
    const char *text = json_str(value, NULL);
    if (!text)
        return err_set(d, ERR_BAD_TYPE, path, "channel %s needs it as a string",
                       c->name);
    size_t n = strlen(text);
    bool absent = is_blank(text) && !s->fallback;
    if (n > SLOT_MAX_BYTES / 2 || absent || strpbrk(text, "\r\n"))
        return err_set(d, ERR_BAD_VALUE, path,
                       "channel %s needs one line of 1 to %d bytes", c->name,
                       SLOT_MAX_BYTES / 2);
    return ERR_OK;
}

/* [*text, *n) without blanks at its ends, and without one slot with its glue if it
 * stands at its own end: a word that only looks like it is not it. */
static void slot_strip(const struct channel_slot *s, const struct buf *slot,
                       const char **text, size_t *n)
{
    size_t glue = strlen(s->glue), all = slot->len + glue;
    const char *end = *text + *n;
    if (slot->len == 0 || *n < slot->len)
        return;
    if (*n == slot->len && memcmp(*text, slot->data, slot->len) == 0) {
        *n = 0; /* nothing but the slot */
    } else if (*n < all) {
        return;
    } else if (s->at_end && memcmp(end - slot->len, slot->data, slot->len) == 0 &&
               memcmp(end - all, s->glue, glue) == 0) {
        *n -= all;
    } else if (!s->at_end && memcmp(*text, slot->data, slot->len) == 0 &&
               memcmp(*text + slot->len, s->glue, glue) == 0) {
        *text += all;
        *n -= all;
    }
    size_t blanks = 0;
    while (blanks < *n && strchr(BLANKS, (*text)[blanks]))
        blanks++;
    *text += blanks;
    *n = trimmed_length(*text, *n - blanks);
}

/* What is left of a text without blanks and slots at its ends; the last slot of the
 * table stands outermost. In the arena, or NULL. */
static char *field_core(struct arena *a, const struct channel_field *f,
                        const struct json *facts, const char *text)
{
    struct buf slot;
    buf_init(&slot, SLOT_MAX_BYTES);
    text += strspn(text, BLANKS);
    size_t n = trimmed_length(text, strlen(text));
    for (int i = f->slot_count - 1; i >= 0; i--) {
        slot_write(&f->slots[i], facts, &slot);
        slot_strip(&f->slots[i], &slot, &text, &n);
    }
    buf_fini(&slot);
    return arena_strndup(a, text, n);
}

/* Slots go in in the order of the table, each nearer to its end. An empty text stays
 * empty: a signature alone is no message. */
static const char *field_fill(struct arena *a, const struct channel_field *f,
                              const struct json *facts, const char *text)
{
    struct buf slot;
    buf_init(&slot, SLOT_MAX_BYTES);
    const char *full = field_core(a, f, facts, text);
    for (int i = 0; i < f->slot_count && full && full[0]; i++) {
        const struct channel_slot *s = &f->slots[i];
        slot_write(s, facts, &slot);
        if (slot.len == 0)
            continue;
        full = s->at_end ? arena_printf(a, "%s%s%s", full, s->glue, buf_str(&slot))
                         : arena_printf(a, "%s%s%s", buf_str(&slot), s->glue, full);
    }
    buf_fini(&slot);
    return full;
}

enum err channel_text_check(const struct channel *c, const struct json *facts,
                            struct arena *a, const char *path, struct err_detail *d)
{
    for (int i = 0; i < c->field_count; i++) {
        const struct channel_field *f = &c->fields[i];
        enum err e = ERR_OK;
        for (int k = 0; k < f->slot_count && !e; k++)
            e = fact_check(c, &f->slots[k], facts, d);
        if (e)
            return e;
        const char *least = field_fill(a, f, facts, "x");
        if (!least)
            return ERR_NOMEM;
        int64_t count = f->counter->count(least, strlen(least));
        if (f->max > 0 && (count > f->max || count < 0))
            return err_set(d, ERR_UNSATISFIABLE, path,
                           "what every text of %s.%s must carry leaves no room: "
                           "%lld %s, at most %lld",
                           c->name, f->name, (long long)count, f->counter->unit,
                           (long long)f->max);
    }
    return ERR_OK;
}

struct filling {
    struct arena *arena;
    const struct channel *channel;
    const struct json *facts;
    bool mend; /* leave out items that cannot stay */
};

/* Without the blanks at its ends; NULL: it is no string, or the arena is full. */
static const char *item_text(const struct filling *fill, const struct channel_field *f,
                             const struct json *item)
{
    const char *text = json_str(item, NULL);
    return text ? field_fill(fill->arena, f, NULL, text) : NULL;
}

static bool is_spare(const struct filling *fill, const struct channel_field *f,
                     const struct json *list, const struct json *item)
{
    const char *text = item_text(fill, f, item);
    if (!text || !channel_item_fits(fill->channel, f, text))
        return true;
    for (const struct json *other = json_first(list); other != item;
         other = json_next(other)) {
        const char *earlier = item_text(fill, f, other);
        if (earlier && strcmp(earlier, text) == 0)
            return true;
    }
    return false;
}

/* Is anything gained by leaving out what cannot stay? */
static bool can_mend(const struct filling *fill, const struct channel_field *f,
                     const struct json *list)
{
    int64_t good = 0;
    if (!fill->mend || json_count(list) > 2 * (size_t)f->items_max)
        return false;
    json_each (item, list)
        good += !is_spare(fill, f, list, item);
    return good >= f->items_min;
}

static void put_items(struct json_out *w, const struct filling *fill,
                      const struct channel_field *f, const struct json *value)
{
    if (json_type(value) != JSON_ARRAY) {
        json_out_json(w, value);
        return;
    }
    bool mends = can_mend(fill, f, value);
    int64_t left = f->items_max;
    json_out_open(w, '[');
    json_each (item, value) {
        if (mends && (left == 0 || is_spare(fill, f, value, item)))
            continue;
        left--;
        const char *trimmed = item_text(fill, f, item);
        if (trimmed)
            json_out_str(w, trimmed);
        else
            json_out_json(w, item);
    }
    json_out_close(w, ']');
}

static bool is_field(const struct channel *c, const char *name)
{
    for (int i = 0; i < c->field_count; i++)
        if (strcmp(c->fields[i].name, name) == 0)
            return true;
    return false;
}

/* Fields in the order of the table, then what does not belong there. */
static void put_object(struct json_out *w, const struct filling *fill,
                       const struct json *object)
{
    const struct channel *c = fill->channel;
    json_out_open(w, '{');
    for (int i = 0; i < c->field_count; i++) {
        const struct channel_field *f = &c->fields[i];
        const struct json *value = json_get(object, f->name);
        const char *text = json_str(value, NULL);
        if (!value)
            continue;
        json_out_key(w, f->name);
        const char *full = text ? field_fill(fill->arena, f, fill->facts, text) : NULL;
        if (full)
            json_out_str(w, full);
        else
            put_items(w, fill, f, value);
    }
    json_each (member, object) {
        if (is_field(c, json_key(member)))
            continue;
        json_out_key(w, json_key(member));
        json_out_json(w, member);
    }
    json_out_close(w, '}');
}

static const char *buf_keep(struct arena *a, struct buf *out)
{
    const char *kept =
        buf_status(out) ? NULL : arena_strndup(a, buf_str(out), out->len);
    buf_fini(out);
    return kept;
}

/* NULL: text is not an object. */
static struct json *object_of(const char *text)
{
    struct json *object = NULL;
    struct err_detail d;
    if (json_parse(text, strlen(text), &json_limits_reply, &object, &d) ||
        json_type(object) != JSON_OBJECT) {
        json_free(object);
        return NULL;
    }
    return object;
}

static const char *complete(const struct filling *fill, const char *text)
{
    struct arena *a = fill->arena;
    if (!channel_is_object(fill->channel))
        return field_fill(a, &fill->channel->fields[0], fill->facts, text);
    struct json *object = object_of(text);
    if (!object)
        return arena_strdup(a, text);
    struct buf out;
    struct json_out w;
    buf_init(&out, TEXT_MAX_BYTES);
    json_out_init(&w, &out);
    put_object(&w, fill, object);
    json_free(object);
    return buf_keep(a, &out);
}

const char *channel_text_fill(struct arena *a, const struct channel *c,
                              const struct json *facts, const char *text)
{
    return complete(&(struct filling){a, c, facts, false}, text);
}

const char *channel_text_mend(struct arena *a, const struct channel *c,
                              const struct json *facts, const char *text)
{
    return complete(&(struct filling){a, c, facts, true}, text);
}

static void body_put(struct arena *a, struct buf *out, const struct channel_field *f,
                     const struct json *facts, const char *text)
{
    const char *core = field_core(a, f, facts, text);
    if (!core)
        out->failed = ERR_NOMEM;
    buf_append_str(out, core ? core : "");
    buf_append_char(out, '\n');
}

const char *channel_text_body(struct arena *a, const struct channel *c,
                              const struct json *facts, const char *text)
{
    struct json *object = channel_is_object(c) ? object_of(text) : NULL;
    struct buf out;
    buf_init(&out, TEXT_MAX_BYTES);
    if (!object)
        body_put(a, &out, &c->fields[0], facts, text);
    for (int i = 0; i < c->field_count && object; i++) {
        const struct json *value = json_get(object, c->fields[i].name);
        if (json_str(value, NULL))
            body_put(a, &out, &c->fields[i], facts, json_str(value, ""));
        json_each (item, value)
            body_put(a, &out, &c->fields[i], facts, json_str(item, ""));
    }
    json_free(object);
    return buf_keep(a, &out);
}

/* Scripts of double width, and those that no SMS alphabet of 7 bits has. */
static bool has_prefix(const char *locale, const char *const *list)
{
    for (; *list; list++)
        if (strncmp(locale, *list, 2) == 0)
            return true;
    return false;
}
static const char *const wide[] = {"zh", "ja", "ko", NULL};
static const char *const not_gsm[] = {
    "zh", "ja", "ko", "ru", "uk", "be", "bg", "sr", "mk", "el", "ar", "fa", "ur",
    "he", "hi", "bn", "ta", "te", "th", "lo", "km", "my", "ka", "hy", NULL};

static int64_t asked_for(const struct channel_field *f, const char *locale)
{
    const char *counter = f->counter->name;
    if (strcmp(counter, "gsm7_segments") == 0 && has_prefix(locale, not_gsm))
        return f->max > 1 ? f->max * 64 : 65;
    bool halved = strcmp(counter, "width") == 0 || strcmp(counter, "gbk_bytes") == 0;
    int64_t n = f->prompt_characters;
    if (n == 0 && f->soft_max > 0)
        n = f->soft_max;
    else if (n == 0)
        n = f->max - f->max / 10; /* models count badly */
    return halved && has_prefix(locale, wide) ? n / 2 : n;
}

int64_t channel_text_room(const struct channel_field *f, const struct json *facts,
                          const char *locale)
{
    int64_t room = asked_for(f, locale);
    struct buf slot;
    buf_init(&slot, SLOT_MAX_BYTES);
    for (int i = 0; i < f->slot_count && room > 0; i++) {
        slot_write(&f->slots[i], facts, &slot);
        room -= (int64_t)utf8_count(buf_str(&slot), slot.len) +
                (int64_t)strlen(f->slots[i].glue);
    }
    buf_fini(&slot);
    return asked_for(f, locale) > 0 && room < 1 ? 1 : room;
}
