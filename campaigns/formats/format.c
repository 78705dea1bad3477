/* format.c: the list of event formats, and what holds for all of them. */
#include "campaigns/formats/format.h"
#include "campaigns/spec.h"
#include "core/base/utf8.h"
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

enum err format_read(const struct json *j, struct format_event *out, int max,
                     int *count, struct err_detail *d)
{
    *count = 0;
    if (json_type(j) != JSON_OBJECT)
        return err_set(d, ERR_BAD_TYPE, "", "an event is an object, not %s",
                       json_type_name(json_type(j)));
    for (size_t i = 0; format_at(i); i++) {
        if (format_at(i)->detect(j))
            return format_at(i)->read(j, out, max, count, d);
    }
    return err_set(
        d, ERR_BAD_VALUE, "",
        "no event format fits: a plain event has campaign, variant and type");
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

static enum err check_names(const struct format_event *e, struct err_detail *d)
{
    if (!e->campaign[0])
        return err_set(d, ERR_MISSING, "/campaign", "an event names its campaign");
    if (!e->variant[0])
        return err_set(d, ERR_MISSING, "/variant", "an event names its variant");
    if (!e->type[0])
        return err_set(d, ERR_MISSING, "/type", "an event has a type");
    if (!campaign_is_valid(e->campaign))
        return err_set(d, ERR_BAD_ID, "/campaign",
                       "1 to %d characters of A-Z a-z 0-9 . _ -", SPEC_ID_MAX);
    if (!spec_id_is_valid(e->variant))
        return err_set(d, ERR_BAD_ID, "/variant",
                       "1 to %d characters of A-Z a-z 0-9 . _ -", SPEC_ID_MAX);
    size_t n = strspn(e->type, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
    if (e->type[n] || n > FORMAT_TYPE_MAX)
        return err_set(d, ERR_BAD_VALUE, "/type", "1 to %d characters of a-z 0-9 _ . -",
                       FORMAT_TYPE_MAX);
    return ERR_OK;
}

static enum err check_length(const char *text, size_t max, const char *path,
                             struct err_detail *d)
{
    if (utf8_count(text, strlen(text)) > max)
        return err_set(d, ERR_OUT_OF_RANGE, path, "at most %zu characters", max);
    return ERR_OK;
}

static enum err check_money(const struct format_event *e, struct err_detail *d)
{
    int64_t value = e->value_micro;
    if (strcmp(e->type, "csat") == 0 && (value < MICRO || value > 5 * MICRO))
        return err_set(d, ERR_OUT_OF_RANGE, "/value", "a csat value is 1 to 5");
    if (value > FORMAT_VALUE_MAX_MICRO || value < -FORMAT_VALUE_MAX_MICRO)
        return err_set(d, ERR_OUT_OF_RANGE, "/value", "at most 1000000000");
    if (value < 0 && strcmp(e->type, "refund") != 0)
        return err_set(d, ERR_OUT_OF_RANGE, "/value",
                       "must not be negative: what is paid back is a refund event");
    size_t n = strspn(e->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (e->currency[0] && (n != 3 || e->currency[3]))
        return err_set(d, ERR_BAD_VALUE, "/currency",
                       "three capital letters (ISO 4217), such as EUR");
    return ERR_OK;
}

static enum err check_numbers(const struct format_event *e, struct err_detail *d)
{
    if (e->count < 1 || e->count > FORMAT_COUNT_MAX)
        return err_set(d, ERR_OUT_OF_RANGE, "/count", "must be 1 to %d",
                       FORMAT_COUNT_MAX);
    if (e->ts_ms < 0 || e->ts_ms > TS_MAX_MS)
        return err_set(d, ERR_OUT_OF_RANGE, "/ts", "milliseconds since 1970");
    if (e->epoch < -1 || e->epoch > EPOCH_MAX)
        return err_set(d, ERR_OUT_OF_RANGE, "/epoch", "the epoch that decide returned");
    return ERR_OK;
}

enum err format_check_event(const struct format_event *e, struct err_detail *d)
{
    enum err err = check_names(e, d);
    if (!err)
        err = check_numbers(e, d);
    if (!err)
        err = check_money(e, d);
    if (!err)
        err = check_length(e->id, FORMAT_ID_MAX, "/eid", d);
    if (!err)
        err = check_length(e->user, USER_MAX, "/user", d);
    return err ? err : check_length(e->impression, IMPRESSION_MAX, "/impression", d);
}
