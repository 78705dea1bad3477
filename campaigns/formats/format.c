/* format.c: the list of event formats, and what holds for all of them. */
#include "campaigns/formats/format.h"
#include "campaigns/spec.h"
#include "core/base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TS_MAX_MS INT64_C(4102444800000) /* the year 2100 */
#define EPOCH_MAX (INT64_C(1) << 53)
#define USER_MAX 256
#define IMPRESSION_MAX 128
#define MICRO INT64_C(1000000)

#define FORMAT(name) extern const struct format format_##name;
#include "campaigns/formats.def"
#undef FORMAT

static const struct format *const formats[] = {
#define FORMAT(name) &format_##name,
#include "campaigns/formats.def"
#undef FORMAT
};

const struct format *format_at(size_t i)
{
    return i < sizeof formats / sizeof *formats ? formats[i] : NULL;
}

const struct format *format_find(const char *name)
{
    for (size_t i = 0; format_at(i); i++) {
        if (strcmp(format_at(i)->name, name) == 0)
            return format_at(i);
    }
    return NULL;
}

const struct format *format_of(const struct json *j)
{
    for (size_t i = 0; format_at(i); i++) {
        if (format_at(i)->detect(j))
            return format_at(i);
    }
    return NULL;
}

void format_event_init(struct format_event *e)
{
    *e = (struct format_event){.id = "",
                               .type = "",
                               .campaign = "",
                               .variant = "",
                               .currency = "",
                               .user = "",
                               .impression = "",
                               .source = "",
                               .count = 1,
                               .epoch = -1};
}

/* An id, or the id of a child: "<root>~<n>", also of a child's child. */
static bool campaign_is_valid(const char *id)
{
    char root[SPEC_ID_MAX + 1];
    size_t n = strcspn(id, "~");
    if (n >= sizeof root)
        return false;
    memcpy(root, id, n);
    root[n] = '\0';
    size_t rest = strlen(id + n);
    return spec_id_is_valid(root) && strspn(id + n, "~0123456789") == rest &&
           n + rest <= SPEC_ID_MAX;
}

struct verdict {
    enum format_field *bad;
    struct err_detail *d;
};

static enum err PRINTF_LIKE(4, 5) blame(const struct verdict *v, enum format_field f,
                                        enum err code, const char *fmt, ...)
{
    static const char *const paths[FORMAT_FIELD_COUNT] = {
        [FORMAT_CAMPAIGN] = "/campaign",
        [FORMAT_VARIANT] = "/variant",
        [FORMAT_TYPE] = "/type",
        [FORMAT_COUNT] = "/count",
        [FORMAT_VALUE] = "/value",
        [FORMAT_CURRENCY] = "/currency",
        [FORMAT_ID] = "/eid",
        [FORMAT_TS] = "/ts",
        [FORMAT_USER] = "/user",
        [FORMAT_EPOCH] = "/epoch",
        [FORMAT_IMPRESSION] = "/impression",
        [FORMAT_QUANTITY] = "/quantity",
    };
    char message[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    if (v->bad)
        *v->bad = f;
    return err_set(v->d, code, paths[f], "%s", message);
}

static enum err check_names(const struct format_event *e, const struct verdict *v)
{
    if (!e->campaign[0])
        return blame(v, FORMAT_CAMPAIGN, ERR_MISSING, "an event names its campaign");
    if (!e->variant[0])
        return blame(v, FORMAT_VARIANT, ERR_MISSING, "an event names its variant");
    if (!e->type[0])
        return blame(v, FORMAT_TYPE, ERR_MISSING, "an event has a type");
    if (!campaign_is_valid(e->campaign))
        return blame(v, FORMAT_CAMPAIGN, ERR_BAD_ID,
                     "1 to %d characters of A-Z a-z 0-9 . _ -", SPEC_ID_MAX);
    if (!spec_id_is_valid(e->variant))
        return blame(v, FORMAT_VARIANT, ERR_BAD_ID,
                     "1 to %d characters of A-Z a-z 0-9 . _ -", SPEC_ID_MAX);
    size_t n = strspn(e->type, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
    if (e->type[n] || n > FORMAT_TYPE_MAX)
        return blame(v, FORMAT_TYPE, ERR_BAD_VALUE,
                     "1 to %d characters of a-z 0-9 _ . -", FORMAT_TYPE_MAX);
    return ERR_OK;
}

static enum err check_length(const char *text, size_t max, enum format_field f,
                             const struct verdict *v)
{
    if (utf8_count(text, strlen(text)) > max)
        return blame(v, f, ERR_OUT_OF_RANGE, "at most %zu characters", max);
    return ERR_OK;
}

static enum err check_money(const struct format_event *e, const struct verdict *v)
{
    int64_t value = e->value_micro;
    if (strcmp(e->type, "csat") == 0 && (value < MICRO || value > 5 * MICRO))
        return blame(v, FORMAT_VALUE, ERR_OUT_OF_RANGE, "a csat value is 1 to 5");
    if (value > FORMAT_VALUE_MAX_MICRO || value < -FORMAT_VALUE_MAX_MICRO)
        return blame(v, FORMAT_VALUE, ERR_OUT_OF_RANGE, "at most 1000000000");
    if (value < 0 && strcmp(e->type, "refund") != 0)
        return blame(v, FORMAT_VALUE, ERR_OUT_OF_RANGE,
                     "must not be negative: what is paid back is a refund event");
    size_t n = strspn(e->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (e->currency[0] && (n != 3 || e->currency[3]))
        return blame(v, FORMAT_CURRENCY, ERR_BAD_VALUE,
                     "three capital letters (ISO 4217), such as EUR");
    return ERR_OK;
}

static enum err check_numbers(const struct format_event *e, const struct verdict *v)
{
    if (e->count < 1 || e->count > FORMAT_COUNT_MAX)
        return blame(v, FORMAT_COUNT, ERR_OUT_OF_RANGE, "must be 1 to %d",
                     FORMAT_COUNT_MAX);
    if (e->ts_ms < 0 || e->ts_ms > TS_MAX_MS)
        return blame(v, FORMAT_TS, ERR_OUT_OF_RANGE, "milliseconds since 1970");
    if (e->epoch < -1 || e->epoch > EPOCH_MAX)
        return blame(v, FORMAT_EPOCH, ERR_OUT_OF_RANGE,
                     "the epoch that decide returned");
    if (e->quantity < 0 || e->quantity > FORMAT_COUNT_MAX)
        return blame(v, FORMAT_QUANTITY, ERR_OUT_OF_RANGE, "at most %d",
                     FORMAT_COUNT_MAX);
    return ERR_OK;
}

enum err format_check_event(const struct format_event *e, enum format_field *bad,
                            struct err_detail *d)
{
    struct verdict v = {bad, d};
    enum err err = check_names(e, &v);
    if (!err)
        err = check_numbers(e, &v);
    if (!err)
        err = check_money(e, &v);
    if (!err)
        err = check_length(e->id, FORMAT_ID_MAX, FORMAT_ID, &v);
    if (!err)
        err = check_length(e->user, USER_MAX, FORMAT_USER, &v);
    return err ? err
               : check_length(e->impression, IMPRESSION_MAX, FORMAT_IMPRESSION, &v);
}
