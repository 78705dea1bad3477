/* price.h: the dated price table. Data, not code: workers/llm/data/prices.json, or a
 * file of the user's, or price_in and price_out of the endpoint, which win. Prices in
 * nano-dollars per token (1 usd per 1M tokens = 1000). */
#ifndef BARKER_WORKERS_LLM_PRICE_H
#define BARKER_WORKERS_LLM_PRICE_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct price_table; /* owns its rows */
struct price {      /* per token */
    double in_nano, out_nano;
    /* Prompt tokens read from, and written into, the provider's cache; < 0 = as in. */
    double cached_nano, written_nano;
};
#define PRICE_NONE ((struct price){.cached_nano = -1, .written_nano = -1})
/* Tokens of one call; cached and written are parts of in. */
struct price_usage {
    int64_t in, out, cached, written;
};

/* json:
 * {"v":1,"date":"2026-11-01","prices":[{"model","in_usd_per_m","out_usd_per_m"}]}; rows
 * may also have "cached_usd_per_m" and "written_usd_per_m", table and rows "source" and
 * "note". */
enum err price_table_new(const char *json, struct price_table **out,
                         struct err_detail *d) MUST_USE;
void price_table_free(struct price_table *t);
/* The model's own row, or that of the longest name ending in "*" that fits. */
bool price_find(const struct price_table *t, const char *model, struct price *out);
/* Integer nano-dollars, rounded up: a cost is never understated. */
int64_t price_cost_nano(const struct price *p, const struct price_usage *u);
/* What that share of a cost is, rounded up too. */
int64_t price_share_nano(int64_t nano, double share);
/* The dearest class of prompt tokens, for reservations. */
double price_in_most_nano(const struct price *p);

#endif
