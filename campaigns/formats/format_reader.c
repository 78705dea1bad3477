/* format_reader.c: see format_reader.h. */
#include "campaigns/formats/format_reader.h"
#include "campaigns/formats/format_field.h"
#include <stdio.h>
#include <string.h>

void format_reader_init(struct format_reader *r, const struct json *root,
                        struct arena *a)
{
    *r = (struct format_reader){.root = root, .arena = a};
}

void format_reader_fini(struct format_reader *r)
{
    json_free(r->decoded);
    r->decoded = NULL;
}

/* Where the value, or the item of its list, stands. */
static struct pointer place(const struct format_reader *r, bool in_list)
{
    struct pointer p = {.len = 0};
    if (json_type(r->root) == JSON_ARRAY)
        pointer_add_index(&p, r->value_index);
    if (in_list) {
        pointer_add_key(&p, r->format->list);
        pointer_add_index(&p, r->item_index);
    }
    return p;
}

/* The member that gave the field; of what no member gave, the one that would have. */
static void blame_field(struct format_reading *r, const struct format *f,
                        enum format_field bad)
{
    struct err_detail why = *r->d;
    struct pointer p = r->at;
    const char *name = why.path + 1;
    if (r->from[bad]) {
        (void)reading_refuse(r, r->from[bad], why.code, why.message);
        return;
    }
    if (f->home && (bad == FORMAT_CAMPAIGN || bad == FORMAT_VARIANT)) {
        pointer_add_key(&p, f->home);
        name = bad == FORMAT_CAMPAIGN ? "campaign_id" : "variant_id";
    }
    pointer_add_key(&p, name);
    err_set(r->d, why.code, p.text, "%s", why.message);
}

static void read_event(struct format_reading *r, const struct format *f)
{
    enum format_field bad = FORMAT_CAMPAIGN;
    format_event_init(r->event);
    r->event->source = f->name;
    enum err e = f->read(r, r->event);
    if (e || r->ignored)
        return;
    format_field_turn_refund(r->event);
    if (format_check_event(r->event, &bad, r->d))
        blame_field(r, f, bad);
}

/* One event; false if it is none of our business. */
static bool step(struct format_reader *reader, const struct json *item, bool in_list,
                 struct format_event *e, struct err_detail *why)
{
    struct format_reading r = {.root = reader->root,
                               .body = reader->value,
                               .item = item,
                               .index = in_list ? reader->item_index : 0,
                               .at = place(reader, in_list),
                               .arena = reader->arena,
                               .d = why,
                               .event = e};
    reader->at = item;
    if (json_type(item) == JSON_OBJECT)
        read_event(&r, reader->format);
    else
        (void)reading_refuse(&r, item, ERR_BAD_TYPE, "an event is an object");
    reader->decoded = r.decoded;
    return !r.ignored;
}

static bool refuse(struct format_reader *r, struct err_detail *why, enum err code,
                   const char *member, const char *message)
{
    struct pointer p = place(r, false);
    if (member)
        pointer_add_key(&p, member);
    r->at = r->value;
    err_set(why, code, p.text, "%s", message);
    return true;
}

/* The next value becomes the current one. */
static bool advance(struct format_reader *r)
{
    bool many = json_type(r->root) == JSON_ARRAY;
    if (!r->started) {
        r->started = true;
        r->value = many ? json_first(r->root) : r->root;
        return !many || r->value;
    }
    r->value = many && r->value ? json_next(r->value) : NULL;
    r->value_index++;
    return r->value != NULL;
}

/* True if it could not be begun. If it has a list, r->item is the first event of it. */
static bool cannot_begin(struct format_reader *r, struct err_detail *why)
{
    char text[64];
    r->format = NULL;
    if (json_type(r->value) != JSON_OBJECT) {
        snprintf(text, sizeof text, "an event is an object, not %s",
                 json_type_name(json_type(r->value)));
        return refuse(r, why, ERR_BAD_TYPE, NULL, text);
    }
    r->format = format_of(r->value);
    if (!r->format)
        return refuse(r, why, ERR_BAD_VALUE, NULL,
                      "no event format fits: a plain event has campaign, variant and "
                      "type");
    const struct json *list =
        r->format->list ? json_get(r->value, r->format->list) : NULL;
    if (json_type(list) != JSON_ARRAY)
        return false;
    size_t count = json_count(list), max = (size_t)r->format->list_max;
    if (!count)
        return refuse(r, why, ERR_MISSING, r->format->list,
                      "there is no event in the array");
    if (max && count > max) {
        snprintf(text, sizeof text, "at most %zu events at once", max);
        return refuse(r, why, ERR_LIMIT, r->format->list, text);
    }
    r->item = json_first(list);
    r->item_index = 0;
    return false;
}

/* One event of the list that is open; false if it was ignored. */
static bool next_item(struct format_reader *r, struct format_event *e,
                      struct err_detail *why)
{
    bool told = step(r, r->item, true, e, why);
    r->item = json_next(r->item);
    r->item_index++;
    return told;
}

bool format_reader_next(struct format_reader *r, struct format_event *e,
                        struct err_detail *why)
{
    for (;;) {
        json_free(r->decoded);
        r->decoded = NULL;
        *why = (struct err_detail){.code = ERR_OK};
        if (r->item) {
            if (next_item(r, e, why))
                return true;
            continue;
        }
        if (!advance(r))
            return false;
        if (cannot_begin(r, why))
            return true;
        if (!r->item && step(r, r->value, false, e, why))
            return true;
    }
}
