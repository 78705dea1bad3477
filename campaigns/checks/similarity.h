/* similarity.h: how near two texts are: Jaccard of character 3-gram sets after folding
 * (folded.h; NFKC, lower case, no punctuation or spaces); works for Chinese without
 * words. A mark stands for each end of the text, so that one or two characters have
 * grams too. distance = 1 - Jaccard, in [0, 1]; 0 = the same after folding. */
#ifndef BARKER_CAMPAIGNS_CHECKS_SIMILARITY_H
#define BARKER_CAMPAIGNS_CHECKS_SIMILARITY_H

#include "core/base/err.h"
#include <stddef.h>
#include <stdint.h>

/* Longer texts are refused with ERR_LIMIT. */
#define SIMILARITY_MAX_BYTES ((size_t)64 << 10)

/* Sorted set of 3-grams, each three code points in 63 bits; **owns** its memory. */
struct grams {
    uint64_t *set;
    size_t count;
};
enum err grams_init(struct grams *g, const char *text, size_t n) MUST_USE;
void grams_fini(struct grams *g);
double grams_distance(const struct grams *a, const struct grams *b);
/* NFKC + lower case + no punctuation, separators, zero-width characters. malloc'd; NULL
 * if memory is out or the text over 4 MiB. */
char *similarity_fold(const char *text, size_t n);

#endif
