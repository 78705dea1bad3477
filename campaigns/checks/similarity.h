/* similarity.h: how near two texts are: Jaccard of character 3-gram sets after folding
 * (NFKC, lower case, no punctuation or spaces); works for Chinese without words.
 * distance = 1 - Jaccard, in [0, 1]; 0 = the same after folding. */
#ifndef BARKER_CAMPAIGNS_CHECKS_SIMILARITY_H
#define BARKER_CAMPAIGNS_CHECKS_SIMILARITY_H

#include "core/base/err.h"
#include <stdint.h>

/* Sorted set of 64-bit gram hashes; **owns** its memory. */
struct grams {
    uint64_t *set;
    size_t count;
};
enum err grams_init(struct grams *g, const char *text, size_t n) MUST_USE;
void grams_fini(struct grams *g);
double grams_distance(const struct grams *a, const struct grams *b);
/* NFKC + lower case + no punctuation, separators, zero-width characters. malloc'd. */
char *similarity_fold(const char *text, size_t n);

#endif
