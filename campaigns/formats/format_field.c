/* format_field.c: see format_field.h. */
#include "campaigns/formats/format_field.h"
#include "core/base/money.h"
#include <math.h>
#include <string.h>

#define DIGITS_MAX 18 /* fit in 63 bits */

const char **format_field_text(struct format_event *e, enum format_field f)
{
    switch (f) {
    case FORMAT_CAMPAIGN:
        return &e->campaign;
    case FORMAT_VARIANT:
        return &e->variant;
    case FORMAT_TYPE:
        return &e->type;
    case FORMAT_CURRENCY:
        return &e->currency;
    case FORMAT_ID:
        return &e->id;
    case FORMAT_USER:
        return &e->user;
    case FORMAT_IMPRESSION:
        return &e->impression;
    default:
        return NULL;
    }
}

static int64_t *number_of(struct format_event *e, enum format_field f)
{
    switch (f) {
    case FORMAT_COUNT:
        return &e->count;
    case FORMAT_TS:
        return &e->ts_ms;
    case FORMAT_QUANTITY:
        return &e->quantity;
    default:
        return &e->epoch;
    }
}

static enum err refuse(const char **why, enum err code, const char *message)
{
    *why = message;
    return code;
}

static enum err set_money(struct format_event *e, const char *text, size_t n,
                          const char **why)
{
    enum err err = money_parse(text, n, 6, &e->value_micro);
    if (err == ERR_BAD_VALUE)
        return refuse(why, err, "must be a decimal such as 39.95");
    return err ? refuse(why, err, "more than 12 digits before the point") : ERR_OK;
}

static enum err set_integer(int64_t *out, const char *text, size_t n, const char **why)
{
    bool negative = n > 0 && text[0] == '-';
    int64_t value = 0;
    if (n == negative || strspn(text + negative, "0123456789") != n - negative)
        return refuse(why, ERR_BAD_VALUE, "must be a whole number");
    if (n > DIGITS_MAX)
        return refuse(why, ERR_OUT_OF_RANGE, "the number is too large");
    for (size_t i = negative; i < n; i++)
        value = value * 10 + (text[i] - '0');
    *out = negative ? -value : value;
    return ERR_OK;
}

enum err format_field_set_text(struct format_event *e, enum format_field f,
                               const char *text, size_t n, const char **why)
{
    const char **place = format_field_text(e, f);
    if (place)
        *place = text;
    else if (f == FORMAT_VALUE)
        return set_money(e, text, n, why);
    else
        return set_integer(number_of(e, f), text, n, why);
    return ERR_OK;
}

enum err format_field_set_number(struct format_event *e, enum format_field f,
                                 const struct json *number, const char **why)
{
    if (format_field_text(e, f))
        return refuse(why, ERR_BAD_TYPE, "must be a string, not a number");
    if (f != FORMAT_VALUE) {
        if (!json_is_int(number))
            return refuse(why, ERR_BAD_VALUE, "must be a whole number");
        *number_of(e, f) = json_int(number, 0);
        return ERR_OK;
    }
    double n = json_num(number, NAN) * 1e6;
    if (!(fabs(n) <= (double)FORMAT_VALUE_MAX_MICRO))
        return refuse(why, ERR_OUT_OF_RANGE, "at most 1000000000");
    e->value_micro = llround(n);
    return ERR_OK;
}

void format_field_turn_refund(struct format_event *e)
{
    if (strcmp(e->type, "refund") == 0 && e->value_micro > 0)
        e->value_micro = -e->value_micro;
}
