/* plain.c: the format of our own: one flat object, or the fields of a stream entry. */
#include "campaigns/formats/format_field.h"
#include "campaigns/formats/format_reading.h"
#include "core/base/utf8.h"
#include <string.h>

#define TWICE "the field is given twice"

extern const struct format format_plain;

static const struct {
    const char *name;
    enum format_field field;
} names[] = {
    {"c", FORMAT_CAMPAIGN},
    {"campaign", FORMAT_CAMPAIGN},
    {"v", FORMAT_VARIANT},
    {"variant", FORMAT_VARIANT},
    {"t", FORMAT_TYPE},
    {"type", FORMAT_TYPE},
    {"n", FORMAT_COUNT},
    {"count", FORMAT_COUNT},
    {"val", FORMAT_VALUE},
    {"value", FORMAT_VALUE},
    {"cur", FORMAT_CURRENCY},
    {"currency", FORMAT_CURRENCY},
    {"eid", FORMAT_ID},
    {"ts", FORMAT_TS},
    {"u", FORMAT_USER},
    {"user", FORMAT_USER},
    {"uid", FORMAT_USER},
    {"ep", FORMAT_EPOCH},
    {"epoch", FORMAT_EPOCH},
    {"imp", FORMAT_IMPRESSION},
    {"impression", FORMAT_IMPRESSION},
    {"qty", FORMAT_QUANTITY},
    {"quantity", FORMAT_QUANTITY},
};

static int find(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].name, name) == 0)
            return (int)names[i].field;
    }
    return -1;
}

/* A member of a JSON event. */
static enum err take_member(struct format_reading *r, enum format_field f,
                            const struct json *member)
{
    const char *why = "must be a string or a number", *text = json_str(member, "");
    enum json_type type = json_type(member);
    enum err e = ERR_BAD_TYPE;
    if (type == JSON_NULL)
        return ERR_OK; /* as if it were not there */
    if (r->from[f])
        return reading_refuse(r, member, ERR_DUPLICATE_KEY, TWICE);
    r->from[f] = member;
    if (type == JSON_STRING)
        e = format_field_set_text(r->event, f, text, strlen(text), &why);
    else if (type == JSON_NUMBER)
        e = format_field_set_number(r->event, f, member, &why);
    return e ? reading_refuse(r, member, e, why) : ERR_OK;
}

static bool has(const struct json *j, const char *name, const char *other)
{
    return json_get(j, name) || json_get(j, other);
}

static bool plain_detect(const struct json *j)
{
    return has(j, "t", "type") && (has(j, "v", "variant") || has(j, "c", "campaign"));
}

static enum err plain_read(struct format_reading *r, struct format_event *e)
{
    (void)e; /* r->event */
    json_each (member, r->item) {
        int field = find(json_key(member));
        enum err err =
            field < 0 ? ERR_OK : take_member(r, (enum format_field)field, member);
        if (err)
            return err;
    }
    return ERR_OK;
}

/* The pairs being read; given: under which name each field came. */
struct pairs {
    struct format_event *event;
    const char *given[FORMAT_FIELD_COUNT];
    struct err_detail *d;
};

static enum err refuse(struct pairs *r, enum err code, const char *name,
                       const char *message)
{
    struct pointer at = {.len = 0};
    pointer_add_key(&at, name);
    return err_set(r->d, code, at.text, "%s", message);
}

static enum err take_pair(struct pairs *r, const struct format_pair *p)
{
    int field = strlen(p->name) == p->name_len ? find(p->name) : -1;
    const char *why = "";
    if (utf8_invalid_at(p->name, p->name_len) != p->name_len ||
        strlen(p->name) != p->name_len)
        return err_set(r->d, ERR_BAD_ENCODING, "", "a field name is not UTF-8 text");
    if (field < 0)
        return refuse(r, ERR_UNKNOWN_FIELD, p->name, "no such field of an event");
    if (r->given[field])
        return refuse(r, ERR_DUPLICATE_KEY, p->name, TWICE);
    r->given[field] = p->name;
    if (utf8_invalid_at(p->text, p->text_len) != p->text_len ||
        strlen(p->text) != p->text_len)
        return refuse(r, ERR_BAD_ENCODING, p->name, "invalid UTF-8, or a NUL");
    enum err e = format_field_set_text(r->event, (enum format_field)field, p->text,
                                       p->text_len, &why);
    return e ? refuse(r, e, p->name, why) : ERR_OK;
}

enum err format_read_pairs(const struct format_pair *pairs, size_t count,
                           struct format_event *out, struct err_detail *d)
{
    struct pairs r = {.event = out, .d = d};
    struct err_detail why;
    enum format_field bad = FORMAT_CAMPAIGN;
    format_event_init(out);
    out->source = format_plain.name;
    for (size_t i = 0; i < count; i++) {
        enum err e = take_pair(&r, &pairs[i]);
        if (e)
            return e;
    }
    format_field_turn_refund(out);
    enum err e = format_check_event(out, &bad, &why);
    if (!e)
        return ERR_OK;
    return r.given[bad] ? refuse(&r, e, r.given[bad], why.message)
                        : err_set(d, e, why.path, "%s", why.message);
}

const struct format format_plain = {
    .name = "plain",
    .meaning = "one flat object: campaign, variant, type, and what else is known",
    .detect = plain_detect,
    .read = plain_read,
};
