/* price.c: the table, read once at start; looked up by a walk, for it is short. */
#include "workers/llm/price.h"
#include "core/base/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_MAX_BYTES 128
#define ROWS_MAX 4096
#define USD_PER_M_MAX 1e6
#define PARTS_PER_NANO                                                                 \
    1000 /* prices are whole thousandths of a nano-dollar per token */

struct price_row {
    char model[MODEL_MAX_BYTES];
    struct price price;
};
struct price_table {
    size_t count;
    struct price_row rows[];
};

static enum err check_keys(const struct json *object, const char *const *known,
                           const char *path, struct err_detail *d)
{
    json_each (member, object) {
        const char *const *k = known;
        while (*k && strcmp(*k, json_key(member)) != 0)
            k++;
        if (!*k)
            return err_set(d, ERR_UNKNOWN_FIELD, path, "unknown field '%.60s'",
                           json_key(member));
    }
    return ERR_OK;
}

static enum err read_price(const struct json *row, const char *key, const char *path,
                           double *out, struct err_detail *d)
{
    const struct json *value = json_get(row, key);
    double usd = json_num(value, -1);
    if (json_type(value) != JSON_NUMBER)
        return err_set(d, value ? ERR_BAD_TYPE : ERR_MISSING, path,
                       "%s must be a number of usd per 1,000,000 tokens", key);
    if (usd < 0 || usd > USD_PER_M_MAX)
        return err_set(d, ERR_OUT_OF_RANGE, path, "%s must be from 0 to 1,000,000",
                       key);
    *out = usd * 1000; /* 1e9 nano-dollars / 1e6 tokens */
    return ERR_OK;
}

static enum err read_row(const struct json *row, const char *path,
                         struct price_row *out, struct err_detail *d)
{
    static const char *const known[] = {
        "model",  "in_usd_per_m", "out_usd_per_m",     "cached_usd_per_m",
        "source", "note",         "written_usd_per_m", NULL};
    if (json_type(row) != JSON_OBJECT)
        return err_set(d, ERR_BAD_TYPE, path, "a price must be an object");
    enum err e = check_keys(row, known, path, d);
    if (e)
        return e;
    const char *model = json_str(json_get(row, "model"), "");
    size_t len = strlen(model);
    if (len == 0 || len >= sizeof out->model)
        return err_set(d, ERR_BAD_VALUE, path, "model must be a name");
    if (strcspn(model, "*") < len - 1)
        return err_set(d, ERR_BAD_VALUE, path, "'*' may only end the name of a model");
    memcpy(out->model, model, len + 1);
    out->price = PRICE_NONE;
    e = read_price(row, "in_usd_per_m", path, &out->price.in_nano, d);
    if (!e)
        e = read_price(row, "out_usd_per_m", path, &out->price.out_nano, d);
    if (!e && json_get(row, "cached_usd_per_m"))
        e = read_price(row, "cached_usd_per_m", path, &out->price.cached_nano, d);
    if (!e && json_get(row, "written_usd_per_m"))
        e = read_price(row, "written_usd_per_m", path, &out->price.written_nano, d);
    return e;
}

static enum err add_row(struct price_table *t, const struct json *row,
                        struct err_detail *d)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/prices/%zu", t->count);
    struct price_row *r = &t->rows[t->count];
    enum err e = read_row(row, path, r, d);
    for (size_t i = 0; !e && i < t->count; i++)
        if (strcmp(t->rows[i].model, r->model) == 0)
            return err_set(d, ERR_DUPLICATE_KEY, path, "a second price of '%s'",
                           r->model);
    t->count += !e;
    return e;
}

static enum err read_table(const struct json *root, struct price_table **out,
                           struct err_detail *d)
{
    static const char *const known[] = {"v", "date", "note", "source", "prices", NULL};
    if (json_type(root) != JSON_OBJECT)
        return err_set(d, ERR_BAD_TYPE, "", "a price table must be an object");
    enum err e = check_keys(root, known, "", d);
    if (e)
        return e;
    if (json_int(json_get(root, "v"), 0) != 1)
        return err_set(d, ERR_UNKNOWN_VERSION, "/v", "v must be 1");
    const struct json *prices = json_get(root, "prices");
    if (json_type(prices) != JSON_ARRAY)
        return err_set(d, ERR_BAD_TYPE, "/prices", "prices must be an array");
    if (json_count(prices) > ROWS_MAX)
        return err_set(d, ERR_LIMIT, "/prices", "more than %d prices", ROWS_MAX);
    struct price_table *t = calloc(1, sizeof *t + json_count(prices) * sizeof *t->rows);
    if (!t)
        return ERR_NOMEM;
    json_each (row, prices) {
        e = add_row(t, row, d);
        if (e)
            break;
    }
    if (e)
        price_table_free(t);
    else
        *out = t;
    return e;
}

enum err price_table_new(const char *json, struct price_table **out,
                         struct err_detail *d)
{
    struct json *root = NULL;
    enum err e = json_parse(json, strlen(json), &json_limits_spec, &root, d);
    if (!e)
        e = read_table(root, out, d);
    json_free(root);
    return e;
}

void price_table_free(struct price_table *t)
{
    free(t);
}

bool price_find(const struct price_table *t, const char *model, struct price *out)
{
    size_t best = 0;
    bool found = false;
    for (size_t i = 0; i < t->count; i++) {
        const struct price_row *row = &t->rows[i];
        size_t len = strlen(row->model);
        if (strcmp(row->model, model) == 0) {
            *out = row->price;
            return true;
        }
        if (row->model[len - 1] == '*' && len > best &&
            strncmp(row->model, model, len - 1) == 0) {
            best = len;
            *out = row->price;
            found = true;
        }
    }
    return found;
}

/* In integers, for a sum of doubles could end just under the true cost. The small
 * number undoes what the decimal price lost on its way into a double. */
static bool add_cost(double nano, int64_t tokens, int64_t *parts)
{
    int64_t each = (int64_t)ceil(nano * PARTS_PER_NANO - 1e-4), cost;
    return tokens <= 0 || (!__builtin_mul_overflow(each, tokens, &cost) &&
                           !__builtin_add_overflow(*parts, cost, parts));
}

static double or_in(double nano, const struct price *p)
{
    return nano < 0 ? p->in_nano : nano;
}

double price_in_most_nano(const struct price *p)
{
    return fmax(p->in_nano, fmax(p->cached_nano, p->written_nano));
}

int64_t price_cost_nano(const struct price *p, const struct price_usage *u)
{
    int64_t parts = 0, cached = u->cached > 0 ? u->cached : 0,
            written = u->written > 0 ? u->written : 0;
    if (cached > u->in)
        cached = u->in;
    if (written > u->in - cached)
        written = u->in - cached;
    if (!add_cost(p->in_nano, u->in - cached - written, &parts) ||
        !add_cost(or_in(p->cached_nano, p), cached, &parts) ||
        !add_cost(or_in(p->written_nano, p), written, &parts) ||
        !add_cost(p->out_nano, u->out, &parts))
        return INT64_MAX / PARTS_PER_NANO;
    return parts / PARTS_PER_NANO + (parts % PARTS_PER_NANO > 0);
}

/* As above: a share like 0.07 is a little more in a double. */
int64_t price_share_nano(int64_t nano, double share)
{
    return (int64_t)ceil((double)nano * share - 1e-4);
}
