/* plain.c: the format of our own: one flat object, or the fields of a stream entry. */
#include "campaigns/checks/pointer.h"
#include "campaigns/formats/format.h"
#include "core/base/money.h"
#include "core/base/utf8.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 18 /* fit in 63 bits */

enum field {
    CAMPAIGN,
    VARIANT,
    TYPE,
    COUNT,
    VALUE,
    CURRENCY,
    ID,
    TS,
    USER,
    EPOCH,
    IMPRESSION,
    FIELD_COUNT,
};

static const struct {
    const char *name;
    enum field field;
} names[] = {
    {"c", CAMPAIGN},
    {"campaign", CAMPAIGN},
    {"v", VARIANT},
    {"variant", VARIANT},
    {"t", TYPE},
    {"type", TYPE},
    {"n", COUNT},
    {"count", COUNT},
    {"val", VALUE},
    {"value", VALUE},
    {"cur", CURRENCY},
    {"currency", CURRENCY},
    {"eid", ID},
    {"ts", TS},
    {"u", USER},
    {"user", USER},
    {"uid", USER},
    {"ep", EPOCH},
    {"epoch", EPOCH},
    {"imp", IMPRESSION},
    {"impression", IMPRESSION},
};

/* An event being read; given: under which name each field came. */
struct reading {
    struct format_event *event;
    const char *given[FIELD_COUNT];
    struct err_detail *d;
};

static int find(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].name, name) == 0)
            return (int)names[i].field;
    }
    return -1;
}

static enum err refuse(struct reading *r, enum err code, const char *name,
                       const char *message)
{
    struct pointer at = {.len = 0};
    pointer_add_key(&at, name);
    return err_set(r->d, code, at.text, "%s", message);
}

static enum err take_name(struct reading *r, int field, const char *name)
{
    if (r->given[field])
        return refuse(r, ERR_DUPLICATE_KEY, name, "the field is given twice");
    r->given[field] = name;
    return ERR_OK;
}

static const char **text_of(struct format_event *e, int field)
{
    switch (field) {
    case CAMPAIGN:
        return &e->campaign;
    case VARIANT:
        return &e->variant;
    case TYPE:
        return &e->type;
    case CURRENCY:
        return &e->currency;
    case ID:
        return &e->id;
    case USER:
        return &e->user;
    case IMPRESSION:
        return &e->impression;
    default:
        return NULL;
    }
}

static int64_t *number_of(struct format_event *e, int field)
{
    return field == COUNT ? &e->count : field == TS ? &e->ts_ms : &e->epoch;
}

static enum err set_money(struct reading *r, const char *name, const char *text,
                          size_t n)
{
    enum err e = money_parse(text, n, 6, &r->event->value_micro);
    if (e == ERR_BAD_VALUE)
        return refuse(r, e, name, "must be a decimal such as 39.95");
    return e ? refuse(r, e, name, "more than 12 digits before the point") : ERR_OK;
}

static enum err set_integer(struct reading *r, int field, const char *name,
                            const char *text, size_t n)
{
    bool negative = n > 0 && text[0] == '-';
    int64_t value = 0;
    if (n == negative || strspn(text + negative, "0123456789") != n - negative)
        return refuse(r, ERR_BAD_VALUE, name, "must be a whole number");
    if (n > DIGITS_MAX)
        return refuse(r, ERR_OUT_OF_RANGE, name, "the number is too large");
    for (size_t i = negative; i < n; i++)
        value = value * 10 + (text[i] - '0');
    *number_of(r->event, field) = negative ? -value : value;
    return ERR_OK;
}

static enum err set_text(struct reading *r, int field, const char *name,
                         const char *text, size_t n)
{
    const char **place = text_of(r->event, field);
    if (place)
        *place = text;
    else if (field == VALUE)
        return set_money(r, name, text, n);
    else
        return set_integer(r, field, name, text, n);
    return ERR_OK;
}

static enum err set_number(struct reading *r, int field, const char *name,
                           const struct json *j)
{
    if (text_of(r->event, field))
        return refuse(r, ERR_BAD_TYPE, name, "must be a string, not a number");
    if (field != VALUE) {
        if (!json_is_int(j))
            return refuse(r, ERR_BAD_VALUE, name, "must be a whole number");
        *number_of(r->event, field) = json_int(j, 0);
        return ERR_OK;
    }
    double n = json_num(j, NAN) * 1e6;
    if (!(fabs(n) <= (double)FORMAT_VALUE_MAX_MICRO))
        return refuse(r, ERR_OUT_OF_RANGE, name, "at most 1000000000");
    r->event->value_micro = llround(n);
    return ERR_OK;
}

static enum err set_json(struct reading *r, int field, const struct json *j)
{
    const char *name = json_key(j), *text = json_str(j, "");
    if (json_type(j) == JSON_NULL)
        return ERR_OK; /* as if it were not there */
    enum err e = take_name(r, field, name);
    if (e)
        return e;
    if (json_type(j) == JSON_STRING)
        return set_text(r, field, name, text, strlen(text));
    if (json_type(j) == JSON_NUMBER)
        return set_number(r, field, name, j);
    return refuse(r, ERR_BAD_TYPE, name, "must be a string or a number");
}

/* A refund is money back, whichever sign it came with. An error names the field as the
 * sender did. */
static enum err finish(struct reading *r)
{
    struct format_event *e = r->event;
    if (strcmp(e->type, "refund") == 0 && e->value_micro > 0)
        e->value_micro = -e->value_micro;
    enum err err = format_check_event(e, r->d);
    if (err && r->d && r->d->path[0]) {
        int field = find(r->d->path + 1);
        if (field >= 0 && r->given[field])
            snprintf(r->d->path, sizeof r->d->path, "/%s", r->given[field]);
    }
    return err;
}

static const char *member_text(const struct json *j, const char *name,
                               const char *other)
{
    const struct json *member = json_get(j, name);
    return json_str(member ? member : json_get(j, other), "");
}

static bool plain_detect(const struct json *j)
{
    int known = member_text(j, "c", "campaign")[0] != '\0';
    known += member_text(j, "v", "variant")[0] != '\0';
    known += member_text(j, "t", "type")[0] != '\0';
    return known >= 2;
}

static enum err plain_read(const struct json *j, struct format_event *out, int max,
                           int *count, struct err_detail *d)
{
    struct reading r = {.event = out, .d = d};
    *count = 0;
    if (max < 1)
        return ERR_LIMIT;
    format_event_init(out);
    json_each (member, j) {
        int field = find(json_key(member));
        enum err e = field < 0 ? ERR_OK : set_json(&r, field, member);
        if (e)
            return e;
    }
    enum err e = finish(&r);
    *count = e ? 0 : 1;
    return e;
}

static enum err read_pair(struct reading *r, const struct format_pair *p)
{
    int field = strlen(p->name) == p->name_len ? find(p->name) : -1;
    if (utf8_invalid_at(p->name, p->name_len) != p->name_len ||
        strlen(p->name) != p->name_len)
        return err_set(r->d, ERR_BAD_ENCODING, "", "a field name is not UTF-8 text");
    if (field < 0)
        return refuse(r, ERR_UNKNOWN_FIELD, p->name, "no such field of an event");
    enum err e = take_name(r, field, p->name);
    if (e)
        return e;
    if (utf8_invalid_at(p->text, p->text_len) != p->text_len ||
        strlen(p->text) != p->text_len)
        return refuse(r, ERR_BAD_ENCODING, p->name, "invalid UTF-8, or a NUL");
    return set_text(r, field, p->name, p->text, p->text_len);
}

enum err format_read_pairs(const struct format_pair *pairs, size_t count,
                           struct format_event *out, struct err_detail *d)
{
    struct reading r = {.event = out, .d = d};
    format_event_init(out);
    for (size_t i = 0; i < count; i++) {
        enum err e = read_pair(&r, &pairs[i]);
        if (e)
            return e;
    }
    return finish(&r);
}

const struct format format_plain = {
    .name = "plain",
    .meaning = "one flat object: campaign, variant, type, and what else is known",
    .detect = plain_detect,
    .read = plain_read,
};
