/* folded.h: text as it is compared: NFKC, case folded, without punctuation, spaces,
 * control and zero-width characters, but knowing where words ended. Invalid bytes are
 * left out, and so are combining marks after the 30th in a row (they would make
 * normalisation quadratic; UAX #15 draws the same line). */
#ifndef BARKER_CAMPAIGNS_CHECKS_FOLDED_H
#define BARKER_CAMPAIGNS_CHECKS_FOLDED_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* **owns** its memory. border has count + 1 entries: border[i] says that something was
 * left out just before point[i], or that the text begins or ends there. */
struct folded {
    int32_t *point;
    bool *border;
    size_t count;
};
/* keep_signs: # % & @ * stay, for words that mean something else without ("#1"). */
enum err folded_init(struct folded *f, const char *text, size_t n,
                     bool keep_signs) MUST_USE;
void folded_fini(struct folded *f);
bool folded_is_sign(uint32_t code_point); /* one of those that keep_signs keeps */

#endif
