/* terms.c: finds forbidden words in folded text. */
#include "campaigns/checks/terms.h"
#include "campaigns/checks/folded.h"
#include "core/base/utf8.h"
#include <string.h>
#include <utf8proc.h>

/* The text folded in the two ways that terms need, each when first needed. */
struct haystack {
    const char *raw; /* borrows */
    size_t n;
    struct folded folded[2]; /* [1] keeps signs */
    bool is_ready[2];
};

/* Thai and Lao, Myanmar, Khmer: letters, but no spaces between words. */
static bool is_unspaced(uint32_t c)
{
    return utf8_is_cjk(c) || (c >= 0x0E00 && c <= 0x0EFF) ||
           (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF);
}

/* A character that runs on into its neighbour to make one word. */
static bool is_word(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO &&
           !is_unspaced((uint32_t)point);
}

/* May a word begin or end between point[at - 1] and point[at]? */
static bool is_border(const struct folded *text, size_t at)
{
    return text->border[at] || !is_word(text->point[at - 1]) ||
           !is_word(text->point[at]);
}

static bool is_found(const struct folded *text, const struct folded *term)
{
    size_t n = term->count;
    for (size_t at = 0; at + n <= text->count; at++)
        if (text->point[at] == term->point[0] &&
            memcmp(text->point + at, term->point, n * sizeof *term->point) == 0 &&
            is_border(text, at) && is_border(text, at + n))
            return true;
    return false;
}

static bool has_sign(const struct folded *term)
{
    for (size_t i = 0; i < term->count; i++)
        if (folded_is_sign((uint32_t)term->point[i]))
            return true;
    return false;
}

static bool is_ready(struct haystack *h, int signs)
{
    if (!h->is_ready[signs])
        h->is_ready[signs] =
            folded_init(&h->folded[signs], h->raw, h->n, signs) == ERR_OK;
    return h->is_ready[signs];
}

/* True also when it cannot be told. */
static bool term_is_found(struct haystack *h, const char *raw)
{
    struct folded term;
    size_t n = strlen(raw);
    if (folded_init(&term, raw, n, true) != ERR_OK)
        return true;
    bool found;
    int signs = has_sign(&term);
    if (term.count == 0)
        found = n > 0 && memmem(h->raw, h->n, raw, n);
    else
        found = !is_ready(h, signs) || is_found(&h->folded[signs], &term);
    folded_fini(&term);
    return found;
}

const char *terms_find(const char *text, size_t n, const char *const *terms,
                       size_t count)
{
    struct haystack h = {.raw = text, .n = n};
    const char *result = NULL;
    for (size_t i = 0; i < count && !result; i++)
        if (term_is_found(&h, terms[i]))
            result = terms[i];
    folded_fini(&h.folded[0]);
    folded_fini(&h.folded[1]);
    return result;
}
