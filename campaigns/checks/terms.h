/* terms.h: words of the brand that must not appear (brand.never). Compared after
 * folding (similarity_fold), on word borders for alphabetic text, anywhere for CJK. */
#ifndef BARKER_CAMPAIGNS_CHECKS_TERMS_H
#define BARKER_CAMPAIGNS_CHECKS_TERMS_H

#include <stdbool.h>
#include <stddef.h>

/* The first term found in text, or NULL. terms: count NUL-terminated strings. */
const char *terms_find(const char *text, size_t n, const char *const *terms,
                       size_t count);

#endif
