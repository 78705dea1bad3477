/* verdict.c: exact counters become a table of epochs and arms. */
#include "workers/cli/verdict.h"
#include "campaigns/checks/channel.h"
#include "campaigns/spec.h"
#include "workers/cli/view.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIANTS_DEFAULT 6 /* n and max_rounds of a spec that does not say */
#define ROUNDS_DEFAULT 5
#define EPOCHS_MAX 20000 /* as many as there are counters */

static bool is_counted(const char *type)
{
    static const char *const types[] = {"impression", "delivered", "click",
                                        "conversion"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

/* "<epoch>:<variant>:<type>"; others, and what has no epoch, are passed over. */
static enum err take_count(struct verdict_counts *v, const char *field, int64_t n)
{
    struct verdict_count c = {.count = n};
    char *end;
    c.epoch = strtoll(field, &end, 10);
    if (end == field || *end != ':' || c.epoch < 0 ||
        sscanf(end, ":%15[^:]:%15[^:\n]", c.variant, c.type) != 2 ||
        !is_counted(c.type))
        return ERR_OK;
    if (v->count == v->cap) {
        size_t cap = v->cap ? 2 * v->cap : 256;
        struct verdict_count *grown = realloc(v->items, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        v->items = grown;
        v->cap = cap;
    }
    v->items[v->count++] = c;
    return ERR_OK;
}

static int by_epoch(const void *a, const void *b)
{
    const struct verdict_count *x = a, *y = b;
    return (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

static enum err take_counts(void *arg, const struct reply *r)
{
    struct verdict_counts *v = arg;
    enum err e = ERR_OK;
    for (size_t i = 0; i + 1 < reply_count(r) && !e; i += 2)
        e = take_count(v, reply_str(reply_at(r, i), NULL),
                       strtoll(reply_str(reply_at(r, i + 1), NULL), NULL, 10));
    if (v->count)
        qsort(v->items, v->count, sizeof *v->items, by_epoch);
    return e;
}

static enum err take_spec(void *arg, const struct reply *r)
{
    struct verdict_counts *v = arg;
    struct json *spec = NULL;
    struct err_detail d;
    size_t n = 0;
    const char *text = reply_str(r, &n);
    if (!json_parse(text, n, &json_limits_spec, &spec, &d)) {
        const char *metric = json_str(json_get(spec, "metric"), "click");
        v->by_conversion = strcmp(metric, "click") != 0;
        v->challengers =
            (int)(json_int(json_get(json_get(spec, "input"), "n"), VARIANTS_DEFAULT) *
                  json_int(json_get(json_get(spec, "ranking"), "max_rounds"),
                           ROUNDS_DEFAULT));
    }
    json_free(spec);
    return ERR_OK;
}

int verdict_read(struct session *s, const char *id, struct verdict_counts *out)
{
    *out = (struct verdict_counts){.challengers = VARIANTS_DEFAULT * ROUNDS_DEFAULT};
    struct key exact = keys_campaign_part(&s->queue.keys, id, "n");
    struct key spec = keys_campaign_part(&s->queue.keys, id, "spec");
    struct session_call call = {.session = s, .take = take_spec, .arg = out};
    int rc = session_end(
        &call, redis_do(s->redis, session_settle, &call, 0, "GET", spec.name, NULL));
    if (rc)
        return rc;
    call = (struct session_call){.session = s, .take = take_counts, .arg = out};
    return session_end(&call, redis_do(s->redis, session_settle, &call, 0, "HGETALL",
                                       exact.name, NULL));
}

void verdict_fini(struct verdict_counts *v)
{
    free(v->items);
    *v = (struct verdict_counts){.items = NULL};
}

/* The arms of the placement, in the order of `variants`. */
struct arms {
    const char *ids[POSTERIOR_ARMS_MAX];
    int count, leader, control;
};

static struct arms arms_of(const struct json *placement, const struct json *variants)
{
    struct arms a = {.leader = -1, .control = -1};
    const char *leader = view_str(placement, "leader");
    json_each (v, variants) {
        if (a.count == POSTERIOR_ARMS_MAX ||
            strcmp(view_str(v, "placement"), view_str(placement, "id")) != 0)
            continue;
        if (strcmp(view_str(v, "id"), leader) == 0)
            a.leader = a.count;
        if (strcmp(view_str(v, "state"), "control") == 0)
            a.control = a.count;
        a.ids[a.count++] = view_str(v, "id");
    }
    return a;
}

static int arm_index(const struct arms *a, const char *id)
{
    for (int k = 0; k < a->count; k++)
        if (strcmp(a->ids[k], id) == 0)
            return k;
    return -1;
}

/* Rows by epoch; how many. */
static int fill(const struct verdict_counts *v, const struct arms *a, const char *trial,
                struct epoch_count *cells)
{
    const char *success = v->by_conversion ? "conversion" : "click";
    int epochs = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct verdict_count *c = &v->items[i];
        int arm = arm_index(a, c->variant);
        epochs += i == 0 || c->epoch != v->items[i - 1].epoch;
        if (epochs > EPOCHS_MAX)
            return EPOCHS_MAX;
        if (arm < 0)
            continue;
        struct epoch_count *cell = &cells[(epochs - 1) * a->count + arm];
        if (strcmp(c->type, trial) == 0)
            cell->trials += c->count;
        else if (strcmp(c->type, success) == 0)
            cell->successes += c->count;
    }
    return epochs;
}

bool verdict_of(const struct verdict_counts *v, const struct json *placement,
                const struct json *variants, struct certificate *out)
{
    struct arms a = arms_of(placement, variants);
    size_t rows = v->count < EPOCHS_MAX ? v->count : EPOCHS_MAX;
    if (a.leader < 0 || !rows)
        return false;
    struct epoch_count *cells = calloc(rows * (size_t)a.count, sizeof *cells);
    if (!cells)
        return false;
    bool messages = view_num(placement, "delivered") > 0 &&
                    channel_is_message(view_str(placement, "id"));
    struct epoch_table table = {.counts = cells, .arms = a.count};
    table.epochs = fill(v, &a, messages ? "delivered" : "impression", cells);
    int comparisons = v->challengers < a.count - 1 ? a.count - 1 : v->challengers;
    enum err e = certificate_winner(&table, a.leader, a.control,
                                    comparisons < 1 ? 1 : comparisons, out);
    free(cells);
    return !e && out->reference >= 0;
}
