/* ga4.c: bodies of the Measurement Protocol of Google Analytics 4: one sender, up to 25
 * events. Its limits are kept, because Google drops what is over them without a word.
 */
#include "campaigns/formats/format_lookup.h"
#include "campaigns/formats/format_names.h"
#include "core/base/utf8.h"
#include <string.h>

#define EVENTS_MAX 25
#define PARAMS_MAX 25
#define NAME_MAX_CHARS 40

static const char *client_of(const struct json *body)
{
    const char *client = json_str(json_get(body, "client_id"), "");
    return *client ? client : json_str(json_get(body, "app_instance_id"), "");
}

static bool ga4_detect(const struct json *j)
{
    return json_type(json_get(j, "events")) == JSON_ARRAY && *client_of(j);
}

static bool is_within(const char *name)
{
    return utf8_count(name, strlen(name)) <= NAME_MAX_CHARS;
}

static enum err check_limits(struct format_reading *r, const struct json *params)
{
    const struct json *name = json_get(r->item, "name");
    if (json_type(name) != JSON_STRING)
        return reading_refuse_member(r, r->item, "name", ERR_MISSING,
                                     "an event has a name");
    if (!is_within(json_str(name, "")))
        return reading_refuse(r, name, ERR_OUT_OF_RANGE, "at most 40 characters");
    if (json_count(params) > PARAMS_MAX)
        return reading_refuse(r, params, ERR_LIMIT, "at most 25 parameters");
    json_each (param, params) {
        if (!is_within(json_key(param)))
            return reading_refuse(r, param, ERR_OUT_OF_RANGE,
                                  "the name has at most 40 characters");
    }
    return ERR_OK;
}

/* A transaction is bought once; what is given back of it may come in parts. Without a
 * time two events of one client cannot be told from one that came twice: no id. */
static void take_id(struct format_reading *r, const struct json *params)
{
    const struct json *transaction = json_get(params, "transaction_id");
    const struct json *own = json_get(r->item, "timestamp_micros");
    const struct json *time = own ? own : json_get(r->body, "timestamp_micros");
    const char *name = json_str(json_get(r->item, "name"), "");
    const char *number = reading_text(r, transaction);
    const char *micros = reading_soft_text(r, time);
    const char *index = arena_printf(r->arena, "%zu", r->index);
    const char *value =
        arena_printf(r->arena, "%lld", (long long)r->event->value_micro);
    const char *bought[] = {"transaction", name, number};
    const char *back[] = {"transaction", name, number, value ? value : "",
                          *micros ? micros : "-"};
    const char *other[] = {client_of(r->body), name, micros, index ? index : ""};
    if (strcmp(r->event->type, "refund") == 0)
        reading_take_id(r, back, 5, transaction);
    else
        reading_take_id(r, bought, 3, transaction);
    reading_take_id(r, other, 4, NULL);
}

static enum err ga4_read(struct format_reading *r, struct format_event *e)
{
    const struct json *name = json_get(r->item, "name");
    const struct json *params = json_get(r->item, "params");
    if (check_limits(r, params))
        return r->err;
    e->type = names_type(r, json_str(name, ""), name);
    lookup_offer_ids(r, params);
    lookup_offer(r, json_get(params, "campaign"), json_get(params, "content"));
    lookup_offer_address(r, json_get(params, "page_location"));
    lookup_offer_joint(r, json_get(params, "email_id"));
    lookup_offer_joint(r, json_get(params, "coupon"));
    reading_take_stamp(r, json_get(r->item, "timestamp_micros"), STAMP_US);
    reading_take_stamp(r, json_get(r->body, "timestamp_micros"), STAMP_US);
    reading_take_member(r, FORMAT_VALUE, params, "value");
    reading_take_member(r, FORMAT_CURRENCY, params, "currency");
    reading_take_quantity(r, json_get(params, "quantity"));
    reading_take_pieces(r, json_get(params, "items"), "quantity");
    reading_take_member(r, FORMAT_USER, r->body, "user_id");
    reading_take_member(r, FORMAT_USER, r->body, "client_id");
    reading_take_member(r, FORMAT_USER, r->body, "app_instance_id");
    take_id(r, params);
    return r->err;
}

const struct format format_ga4 = {
    .name = "ga4",
    .meaning = "bodies of the GA4 Measurement Protocol: client_id and events[]",
    .list = "events",
    .list_max = EVENTS_MAX,
    .home = "params",
    .detect = ga4_detect,
    .read = ga4_read,
};
