/* similarity.c: sets of 3-grams of folded text, and their Jaccard distance. */
#include "campaigns/checks/similarity.h"
#include "campaigns/checks/folded.h"
#include "core/base/utf8.h"
#include <stdlib.h>

/* The ends of the text; folding drops control characters, so text has none of these. */
enum { MARK_FIRST = 2, MARK_LAST = 3 };

static int gram_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Three code points of at most 21 bits: the gram itself, no hash and no collisions. */
static uint64_t gram_at(const struct folded *f, size_t i)
{
    uint64_t before = i > 0 ? (uint64_t)f->point[i - 1] : MARK_FIRST;
    uint64_t after = i + 1 < f->count ? (uint64_t)f->point[i + 1] : MARK_LAST;
    return before << 42 | (uint64_t)f->point[i] << 21 | after;
}

enum err grams_init(struct grams *g, const char *text, size_t n)
{
    *g = (struct grams){.count = 0};
    if (n > SIMILARITY_MAX_BYTES)
        return ERR_LIMIT;
    struct folded f;
    enum err err = folded_init(&f, text, n, false);
    if (err)
        return err;
    g->set = malloc((f.count + 1) * sizeof *g->set);
    if (!g->set) {
        folded_fini(&f);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < f.count; i++)
        g->set[i] = gram_at(&f, i);
    qsort(g->set, f.count, sizeof *g->set, gram_compare);
    for (size_t i = 0; i < f.count; i++)
        if (g->count == 0 || g->set[g->count - 1] != g->set[i])
            g->set[g->count++] = g->set[i];
    folded_fini(&f);
    return ERR_OK;
}

void grams_fini(struct grams *g)
{
    free(g->set);
    *g = (struct grams){.count = 0};
}

double grams_distance(const struct grams *a, const struct grams *b)
{
    size_t i = 0, j = 0, shared = 0;
    while (i < a->count && j < b->count) {
        uint64_t x = a->set[i], y = b->set[j];
        shared += x == y;
        i += x <= y;
        j += y <= x;
    }
    size_t all = a->count + b->count - shared;
    return all > 0 ? 1.0 - (double)shared / (double)all : 0.0;
}

char *similarity_fold(const char *text, size_t n)
{
    struct folded f;
    if (folded_init(&f, text, n, false) != ERR_OK)
        return NULL;
    char *out = malloc(f.count * 4 + 1);
    if (out) {
        size_t used = 0;
        for (size_t i = 0; i < f.count; i++)
            used += utf8_encode((uint32_t)f.point[i], out + used);
        out[used] = '\0';
    }
    folded_fini(&f);
    return out;
}
