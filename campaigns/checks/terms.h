/* terms.h: words of the brand that must not appear (brand.never). Compared after
 * folding (folded.h), on word borders for alphabetic text, anywhere for scripts without
 * spaces (CJK, Thai …). Spaces and punctuation inside do not count: "best ever" is
 * found in "BEST-EVER" and in "b e s t e v e r". # % & @ * count if the term has
 * them ("#1"); a term of other punctuation only ("!!") is compared byte by byte. */
#ifndef BARKER_CAMPAIGNS_CHECKS_TERMS_H
#define BARKER_CAMPAIGNS_CHECKS_TERMS_H

#include <stdbool.h>
#include <stddef.h>

/* The first term found in text, or NULL. terms: count NUL-terminated strings; an empty
 * one is never found. If memory is out or the text is over 4 MiB, so that nobody can
 * tell, the first term is returned: an unchecked text must not pass. */
const char *terms_find(const char *text, size_t n, const char *const *terms,
                       size_t count);

#endif
