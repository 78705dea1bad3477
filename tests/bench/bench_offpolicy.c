/* bench_offpolicy.c: the value of a policy on logged decisions, as JSON.
 *
 * A CSV file (no quotes) with the columns item_id, position, click and propensity, as
 * the Open Bandit Dataset has them. The target is uniform, or the shares that items
 * have at each position of another such file. Reward model: clicks of the item, shrunk
 * to the mean of the file by MODEL_TRIALS. */
#include "campaigns/ranking/offpolicy.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 256
#define PLACES_MAX 16
#define MODEL_TRIALS 1750.0

enum column { ITEM, PLACE, CLICK, PROPENSITY, COLUMNS };
static const char *const names[COLUMNS] = {"item_id", "position", "click",
                                           "propensity"};

struct row {
    int item, place, click;
    double propensity;
};
struct table {
    struct row *row; /* owns */
    size_t count;
    int items; /* largest item_id + 1 */
};
struct world {
    double share[PLACES_MAX][ITEMS_MAX]; /* of the target */
    double model[ITEMS_MAX], model_mean[PLACES_MAX];
};

static void header_read(char *line, int at[COLUMNS], const char *path)
{
    char *rest = line;
    for (int i = 0; i < COLUMNS; i++)
        at[i] = -1;
    for (int column = 0; rest; column++) {
        const char *name = strsep(&rest, ",\r\n");
        for (int i = 0; i < COLUMNS; i++) {
            if (strcmp(name, names[i]) == 0)
                at[i] = column;
        }
    }
    for (int i = 0; i < COLUMNS; i++) {
        if (at[i] < 0)
            bench_die(path, "a column is missing; is it plain CSV?");
    }
}

static struct row row_read(char *line, const int at[COLUMNS], const char *path)
{
    double value[COLUMNS] = {0};
    char *rest = line;
    for (int column = 0; rest; column++) {
        const char *cell = strsep(&rest, ",\r\n");
        for (int i = 0; i < COLUMNS; i++) {
            if (at[i] == column)
                value[i] = strtod(cell, NULL);
        }
    }
    if (value[ITEM] < 0 || value[ITEM] >= ITEMS_MAX || value[PLACE] < 0 ||
        value[PLACE] >= PLACES_MAX)
        bench_die(path, "an item or a position is out of range");
    return (struct row){(int)value[ITEM], (int)value[PLACE], (int)value[CLICK],
                        value[PROPENSITY]};
}

static struct table table_load(const char *path)
{
    struct table t = {0};
    char line[1024];
    int at[COLUMNS];
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file))
        bench_die(path, "cannot be read");
    header_read(line, at, path);
    while (fgets(line, sizeof line, file)) {
        if (t.count % 4096 == 0)
            t.row = realloc(t.row, (t.count + 4096) * sizeof *t.row);
        if (!t.row)
            bench_die(path, "out of memory");
        t.row[t.count] = row_read(line, at, path);
        if (t.row[t.count].item >= t.items)
            t.items = t.row[t.count].item + 1;
        t.count++;
    }
    fclose(file);
    if (!t.row)
        bench_die(path, "has no rows");
    return t;
}

static void target_fill(struct world *w, const char *target, int items)
{
    double total[PLACES_MAX] = {0};
    if (strcmp(target, "uniform") == 0) {
        for (int p = 0; p < PLACES_MAX; p++) {
            for (int i = 0; i < items; i++)
                w->share[p][i] = 1.0 / items;
        }
        return;
    }
    struct table t = table_load(target);
    for (size_t n = 0; n < t.count; n++) {
        w->share[t.row[n].place][t.row[n].item]++;
        total[t.row[n].place]++;
    }
    for (int p = 0; p < PLACES_MAX; p++) {
        for (int i = 0; i < ITEMS_MAX && total[p] > 0; i++)
            w->share[p][i] /= total[p];
    }
    free(t.row);
}

static void model_fill(struct world *w, const struct table *t)
{
    double clicks[ITEMS_MAX] = {0}, shown[ITEMS_MAX] = {0}, all = 0;
    for (size_t n = 0; n < t->count; n++) {
        clicks[t->row[n].item] += t->row[n].click;
        shown[t->row[n].item]++;
        all += t->row[n].click;
    }
    double mean = t->count ? all / (double)t->count : 0;
    for (int i = 0; i < ITEMS_MAX; i++)
        w->model[i] = (clicks[i] + MODEL_TRIALS * mean) / (shown[i] + MODEL_TRIALS);
    for (int p = 0; p < PLACES_MAX; p++) {
        for (int i = 0; i < ITEMS_MAX; i++)
            w->model_mean[p] += w->share[p][i] * w->model[i];
    }
}

static int row_order(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    if (a->place != b->place)
        return a->place - b->place;
    if (a->item != b->item)
        return a->item - b->item;
    return (a->propensity > b->propensity) - (a->propensity < b->propensity);
}

/* Rows from `from` on that make one group; more than one only if they are sorted. */
static size_t group_end(const struct table *t, size_t from, bool grouped)
{
    size_t end = from + 1;
    while (grouped && end < t->count && row_order(&t->row[from], &t->row[end]) == 0)
        end++;
    return end;
}

static size_t log_fill(struct offpolicy_log *log, const struct world *w,
                       const struct table *t, bool grouped)
{
    size_t groups = 0;
    for (size_t from = 0, end; from < t->count; from = end, groups++) {
        const struct row *r = &t->row[from];
        end = group_end(t, from, grouped);
        struct offpolicy_group g = {.trials = (int64_t)(end - from),
                                    .logged = r->propensity,
                                    .target = w->share[r->place][r->item],
                                    .model = w->model[r->item],
                                    .model_mean = w->model_mean[r->place]};
        for (size_t n = from; n < end; n++)
            g.reward += t->row[n].click;
        g.reward_squares = g.reward;
        if (offpolicy_add(log, &g))
            bench_die("propensity", "is in (0, 1]");
    }
    return groups;
}

static void print_value(const char *name, const struct offpolicy_value *v)
{
    printf("\"%s\":%.17g,\"%s_lo\":%.17g,\"%s_hi\":%.17g,", name, v->value, name, v->lo,
           name, v->hi);
}

int bench_offpolicy(int argc, char **argv)
{
    const char *path = bench_option(argc, argv, "--csv", NULL);
    const char *target = bench_option(argc, argv, "--target", "uniform");
    bool grouped = bench_flag(argc, argv, "--grouped");
    static struct world world;
    struct offpolicy_log log = {0};
    if (!path)
        bench_die("offpolicy", "--csv FILE is needed");
    struct table t = table_load(path);
    if (grouped)
        qsort(t.row, t.count, sizeof *t.row, row_order);
    target_fill(&world, target, t.items);
    model_fill(&world, &t);
    size_t groups = log_fill(&log, &world, &t, grouped);
    struct offpolicy_result out = offpolicy_result(&log);
    printf("{\"bench\":\"offpolicy\",\"rows\":%" PRId64 ",\"groups\":%zu,", out.trials,
           groups);
    print_value("ips", &out.ips);
    print_value("snips", &out.snips);
    print_value("dr", &out.dr);
    printf("\"effective\":%.17g,\"mean_weight\":%.17g,\"clipped\":%" PRId64 "}\n",
           out.effective, out.mean_weight, out.clipped);
    free(t.row);
    return 0;
}
