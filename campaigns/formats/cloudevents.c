/* cloudevents.c: CloudEvents 1.0 in JSON, structured mode; a batch is an array of them,
 * as any format allows. The type is the last part of `type`; data is an object of ours,
 * or its JSON in base64. CloudEvents spec 1.0.2, "JSON Event Format". */
#include "campaigns/formats/format_lookup.h"
#include "campaigns/formats/format_names.h"
#include "core/base/base64.h"
#include <string.h>

#define DATA_MAX_BYTES ((size_t)32 * 1024)
#define IN_BASE64 "data_base64"

static const struct json_limits data_limits = {.max_bytes = DATA_MAX_BYTES,
                                               .max_depth = 32};

static bool cloudevents_detect(const struct json *j)
{
    return strcmp(json_str(json_get(j, "specversion"), ""), "1.0") == 0;
}

static enum err decode(struct format_reading *r, const struct json *member)
{
    const char *text = json_str(member, "");
    struct err_detail why = {.code = ERR_OK};
    struct buf bytes;
    buf_init(&bytes, DATA_MAX_BYTES);
    enum err e = base64_decode(text, strlen(text), &bytes);
    if (!e)
        e = json_parse(buf_str(&bytes), bytes.len, &data_limits, &r->decoded, &why);
    buf_fini(&bytes);
    r->decoded_in = IN_BASE64;
    if (e == ERR_NOMEM)
        return reading_refuse(r, member, e, err_meaning(e));
    if (e || json_type(r->decoded) != JSON_OBJECT)
        return reading_refuse(r, member, ERR_BAD_VALUE,
                              "must be the base64 of a JSON object");
    return ERR_OK;
}

/* NULL if it has none, or r->err is set. */
static const struct json *data_of(struct format_reading *r)
{
    const struct json *data = json_get(r->item, "data");
    const struct json *packed = json_get(r->item, IN_BASE64);
    enum json_type type = json_type(data);
    if (type != JSON_NULL && type != JSON_OBJECT)
        (void)reading_refuse(r, data, ERR_BAD_TYPE, "must be an object");
    else if (type == JSON_OBJECT && packed)
        (void)reading_refuse(r, packed, ERR_BAD_VALUE,
                             "an event has data or data_base64, not both");
    else if (packed && !decode(r, packed))
        data = r->decoded;
    return data;
}

static const char *required(struct format_reading *r, const char *name)
{
    const char *text = json_str(json_get(r->item, name), "");
    if (!*text)
        (void)reading_refuse_member(r, r->item, name, ERR_MISSING,
                                    "a CloudEvent has id, source and type");
    return text;
}

static void take_data(struct format_reading *r, const struct json *data)
{
    lookup_offer_ids(r, data);
    lookup_offer_subject(r, json_get(r->item, "subject"));
    lookup_offer(r, json_get(data, "utm_campaign"), json_get(data, "utm_content"));
    lookup_offer_joint(r, json_get(data, "email_id"));
    lookup_offer_joint(r, json_get(data, "coupon"));
    reading_take_member(r, FORMAT_VALUE, data, "value");
    reading_take_member(r, FORMAT_CURRENCY, data, "currency");
    reading_take_member(r, FORMAT_COUNT, data, "count");
    reading_take_quantity(r, json_get(data, "quantity"));
    reading_take_quantity(r, json_get(data, "qty"));
    reading_take_member(r, FORMAT_USER, data, "user");
    reading_take_member(r, FORMAT_USER, data, "uid");
}

static enum err cloudevents_read(struct format_reading *r, struct format_event *e)
{
    const struct json *type = json_get(r->item, "type");
    const char *parts[] = {required(r, "source"), required(r, "id")};
    const char *name = required(r, "type"), *last = strrchr(name, '.');
    const struct json *data = r->err ? NULL : data_of(r);
    if (r->err)
        return r->err;
    e->type = names_type(r, last ? last + 1 : name, type);
    reading_take_id(r, parts, 2, json_get(r->item, "id"));
    reading_take_stamp(r, json_get(r->item, "time"), STAMP_MS);
    take_data(r, data);
    return r->err;
}

const struct format format_cloudevents = {
    .name = "cloudevents",
    .meaning = "CloudEvents 1.0 as JSON, with data or data_base64",
    .home = "data",
    .detect = cloudevents_detect,
    .read = cloudevents_read,
};
