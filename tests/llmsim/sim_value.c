/* sim_value.c: strings, numbers, booleans that obey their schema. */
#include "tests/llmsim/sim_value.h"
#include "tests/llmsim/sim_words.h"
#include <math.h>
#include <string.h>

#define STRING_MAX_BYTES 262144
#define SAFE_INT 9007199254740992.0

static const char *const complaints[] = {
    "question", "error",  "refus",       "contradict",
    "handoff",  "unsafe", "needs_input", NULL,
};

struct json *sim_walk_fail(struct sim_walk *w, enum err code, const char *message)
{
    if (w->failed == ERR_OK) {
        w->failed =
            err_set(w->d, code, "/response_format/json_schema/schema", "%s", message);
    }
    return NULL;
}

static bool has_part(const char *const *list, const char *field)
{
    for (; *list; list++) {
        if (strcasestr(field, *list)) {
            return true;
        }
    }
    return false;
}

bool sim_value_is_complaint(const char *field)
{
    return has_part(complaints, field);
}

struct json *sim_value_null(struct sim_walk *w)
{
    struct json *v = NULL;
    enum err e = json_parse("null", 4, &json_limits_spec, &v, NULL);
    return e == ERR_OK ? v : sim_walk_fail(w, e, "no memory");
}

struct json *sim_value_mark(struct sim_walk *w, const struct json *schema, int64_t i)
{
    char text[16];
    size_t n = sizeof(text) - 1;
    size_t least = (size_t)json_int(json_get(schema, "minLength"), 1);
    text[n] = '\0';
    do {
        text[--n] = (char)('a' + i % 26);
        i /= 26;
    } while (n > 0 && (i > 0 || sizeof(text) - 1 - n < least));
    size_t max = (size_t)json_int(json_get(schema, "maxLength"), 15);
    size_t len = sizeof(text) - 1 - n;
    if (len > max || len < least) {
        return sim_walk_fail(w, ERR_BAD_VALUE, "no distinct strings of this length");
    }
    struct json *mark = json_new_str(text + n);
    return mark ? mark : sim_walk_fail(w, ERR_NOMEM, "no memory");
}

struct json *sim_value_string(struct sim_walk *w, const struct json *schema,
                              const char *field)
{
    struct sim_wish wish = {
        .tone = sim_words_tone(field),
        .min = json_int(json_get(schema, "minLength"), 0),
        .max = json_int(json_get(schema, "maxLength"), -1),
    };
    if (wish.max == 0 || (wish.min == 0 && sim_value_is_complaint(field))) {
        struct json *empty = wish.min == 0 ? json_new_str("") : NULL;
        return empty ? empty
                     : sim_walk_fail(w, ERR_BAD_VALUE, "minLength is over maxLength");
    }
    wish.max = wish.max < 0 ? 0 : wish.max;
    wish.polite = sim_brief_limit(json_str(json_get(schema, "description"), ""), field);
    if (wish.polite == 0) {
        wish.polite = sim_brief_limit(w->brief->prompt, field);
    }
    struct buf text;
    buf_init(&text, STRING_MAX_BYTES);
    enum err e = sim_words_write(w->brief, w->rng, &wish, &text);
    struct json *v = e == ERR_OK ? json_new_str(buf_str(&text)) : NULL;
    buf_fini(&text);
    return v ? v
             : sim_walk_fail(w, e == ERR_OK ? ERR_NOMEM : e,
                             "no text has the length asked for");
}

struct json *sim_value_number(struct sim_walk *w, const struct json *schema, bool whole)
{
    double lo = json_num(json_get(schema, "minimum"), -HUGE_VAL);
    double hi = json_num(json_get(schema, "maximum"), HUGE_VAL);
    double above = json_num(json_get(schema, "exclusiveMinimum"), -HUGE_VAL);
    double below = json_num(json_get(schema, "exclusiveMaximum"), HUGE_VAL);
    double step = whole ? 1 : 0.01, span = whole ? 10 : 1;
    lo = above >= lo ? (whole ? floor(above) + 1 : above + step) : lo;
    hi = below <= hi ? (whole ? ceil(below) - 1 : below - step) : hi;
    if (isinf(lo)) {
        lo = isinf(hi) || hi >= 0 ? fmin(0, hi) : hi - span;
    }
    hi = isinf(hi) ? lo + span : hi;
    if (whole) {
        lo = fmax(ceil(lo), -SAFE_INT);
        hi = fmin(floor(hi), SAFE_INT);
    }
    if (lo > hi) {
        return sim_walk_fail(w, ERR_BAD_VALUE, "minimum is over maximum");
    }
    double n = lo + rng_unit(w->rng) * (hi - lo);
    n = whole ? floor(n + 0.5) : round(n * 100) / 100;
    struct json *v = json_new_num(fmin(fmax(n, lo), hi));
    return v ? v : sim_walk_fail(w, ERR_NOMEM, "no memory");
}

struct json *sim_value_bool(struct sim_walk *w, const char *field)
{
    static const char *const praises[] = {"ok", "valid", "clear", "safe", "fit", NULL};
    bool yes = rng_below(w->rng, 2) == 0;
    if (sim_value_is_complaint(field)) {
        yes = false;
    } else if (has_part(praises, field)) {
        yes = true;
    }
    return json_new_bool(yes);
}
