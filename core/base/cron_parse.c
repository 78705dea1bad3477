/* cron_parse.c: the text of a cron expression; see cron.h. */
#include "core/base/civil.h"
#include "core/base/cron.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES 3
#define NUMBER_MAX 9999 /* is read; what is allowed depends on the field */
#define SUNDAY 7        /* also 0 */

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char *const day_names[] = {"SUN", "MON", "TUE", "WED",
                                        "THU", "FRI", "SAT"};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct field {
    const char *name;
    int min, max;
    const char *const *names; /* of min and what follows */
    int name_count;
} fields[FIELDS] = {{"minute", 0, 59, NULL, 0},
                    {"hour", 0, 23, NULL, 0},
                    {"day of month", 1, 31, NULL, 0},
                    {"month", 1, 12, month_names, 12},
                    {"day of week", 0, SUNDAY, day_names, 7}};

struct reader {
    const char *text, *at, *end;
    const struct field *field;
    struct err_detail *d;
};

static enum err refuse(const struct reader *r, enum err code, const char *at,
                       const char *why)
{
    return err_set(r->d, code, "", "%s: %s (byte %zu)", r->field->name, why,
                   (size_t)(at - r->text));
}

static bool is_at(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static bool take(struct reader *r, char c)
{
    bool found = is_at(r, c);
    r->at += found;
    return found;
}

static bool skip_blanks(struct reader *r)
{
    const char *start = r->at;
    while (is_at(r, ' ') || is_at(r, '\t'))
        r->at++;
    return r->at > start;
}

/* -1: there is no number. */
static int take_number(struct reader *r)
{
    int n = -1;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        n = (n < 0 ? 0 : 10 * n) + (*r->at - '0');
        n = n < NUMBER_MAX ? n : NUMBER_MAX;
    }
    return n;
}

/* -1: there is no name of the field. */
static int take_name(struct reader *r)
{
    for (int i = 0; r->end - r->at >= NAME_BYTES && i < r->field->name_count; i++)
        if (strncasecmp(r->at, r->field->names[i], NAME_BYTES) == 0) {
            r->at += NAME_BYTES;
            return r->field->min + i;
        }
    return -1;
}

static enum err take_value(struct reader *r, int *value)
{
    const char *start = r->at;
    char why[64];
    *value = take_number(r);
    if (*value < 0)
        *value = take_name(r);
    if (*value < 0)
        return refuse(r, ERR_BAD_VALUE, start,
                      r->field->names ? "a number, a name or * is wanted here"
                                      : "a number or * is wanted here");
    if (*value >= r->field->min && *value <= r->field->max)
        return ERR_OK;
    (void)snprintf(why, sizeof why, "only %d to %d is possible", r->field->min,
                   r->field->max);
    return refuse(r, ERR_OUT_OF_RANGE, start, why);
}

/* "*", "n" or "n-m"; *single: it was n. */
static enum err take_range(struct reader *r, int *first, int *last, bool *single)
{
    const char *start = r->at;
    *single = false;
    *first = r->field->min;
    *last = r->field->max;
    if (take(r, '*'))
        return ERR_OK;
    enum err e = take_value(r, first);
    *last = *first;
    if (e || !take(r, '-')) {
        *single = true;
        return e;
    }
    bool is_name = r->at < r->end && (*r->at < '0' || *r->at > '9');
    e = take_value(r, last);
    if (!e && is_name && r->field == &fields[WEEKDAY] && *last == 0)
        *last = SUNDAY;
    if (!e && *last < *first)
        e = refuse(r, ERR_BAD_VALUE, start, "the range ends before it begins");
    return e;
}

static enum err take_step(struct reader *r, bool single, int *step)
{
    const char *start = r->at;
    *step = 1;
    if (!take(r, '/'))
        return ERR_OK;
    if (single)
        return refuse(r, ERR_BAD_VALUE, start, "a step needs * or a range before it");
    start = r->at;
    *step = take_number(r);
    if (*step < 0)
        return refuse(r, ERR_BAD_VALUE, start, "a step is a number");
    if (*step == 0 || *step > r->field->max)
        return refuse(r, ERR_OUT_OF_RANGE, start, "no such step is possible");
    return ERR_OK;
}

static enum err take_list(struct reader *r, uint64_t *mask)
{
    *mask = 0;
    do {
        int first, last, step;
        bool single;
        enum err e = take_range(r, &first, &last, &single);
        if (!e)
            e = take_step(r, single, &step);
        if (e)
            return e;
        for (int n = first; n <= last; n += step)
            *mask |= UINT64_C(1) << n;
    } while (take(r, ','));
    return ERR_OK;
}

static enum err take_fields(struct reader *r, uint64_t masks[FIELDS],
                            bool stars[FIELDS])
{
    (void)skip_blanks(r);
    for (int i = 0; i < FIELDS; i++) {
        r->field = &fields[i];
        if (r->at == r->end)
            return refuse(r, ERR_BAD_VALUE, r->at,
                          "is missing; five fields are wanted");
        stars[i] = is_at(r, '*');
        enum err e = take_list(r, &masks[i]);
        if (e)
            return e;
        if (!skip_blanks(r) && r->at < r->end)
            return refuse(r, ERR_BAD_VALUE, r->at,
                          "this character has no meaning here");
    }
    if (r->at < r->end)
        return refuse(r, ERR_BAD_VALUE, r->at, "only five fields are wanted");
    return ERR_OK;
}

static bool has_a_day(const struct cron *c)
{
    const int leap = 2000;
    bool found = c->either_day; /* each month has each day of the week */
    for (int month = 1; month <= 12; month++)
        if (c->months >> month & 1) {
            int days = civil_month_days(leap, month);
            found = found || c->days & ((UINT64_C(2) << days) - 1);
        }
    return found;
}

/* The fields that a short form stands for; NULL: none. */
static const char *long_form(const char *text, size_t n)
{
    static const char *const forms[][2] = {
        {"@yearly", "0 0 1 1 *"},  {"@annually", "0 0 1 1 *"},
        {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
        {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strlen(forms[i][0]) == n && memcmp(forms[i][0], text, n) == 0)
            return forms[i][1];
    return NULL;
}

enum err cron_parse(const char *text, size_t n, struct cron *c, struct err_detail *d)
{
    uint64_t masks[FIELDS] = {0};
    bool stars[FIELDS] = {false};
    if (n > CRON_MAX_BYTES)
        return err_set(d, ERR_LIMIT, "", "a cron expression is up to %d bytes",
                       CRON_MAX_BYTES);
    if (n && *text == '@') {
        text = long_form(text, n);
        if (!text)
            return err_set(d, ERR_BAD_VALUE, "",
                           "of short forms there are @yearly, @monthly, @weekly, "
                           "@daily and @hourly");
        n = strlen(text);
    }
    struct reader r = {text, text, text + n, &fields[DAY], d};
    enum err e = take_fields(&r, masks, stars);
    if (e)
        return e;
    uint64_t weekdays = (masks[WEEKDAY] | masks[WEEKDAY] >> SUNDAY) & 0x7f;
    *c = (struct cron){.minutes = masks[MINUTE],
                       .hours = (uint32_t)masks[HOUR],
                       .days = (uint32_t)masks[DAY],
                       .months = (uint32_t)masks[MONTH],
                       .weekdays = (uint32_t)weekdays,
                       .either_day = !stars[DAY] && !stars[WEEKDAY],
                       .real_time = stars[MINUTE] || stars[HOUR]};
    if (!has_a_day(c))
        return err_set(d, ERR_BAD_VALUE, "", "day of month: no month has such a day");
    return ERR_OK;
}
