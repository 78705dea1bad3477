/* folded.c: normalises with utf8proc, then leaves out what does not count. */
#include "campaigns/checks/folded.h"
#include "core/base/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { MARKS_MAX = 30 };
/* Longest text taken: the largest model reply, so that sizes below cannot overflow. */
#define FOLDED_MAX_BYTES ((size_t)4 << 20)

bool folded_is_sign(uint32_t c)
{
    return c > 0 && c < 0x80 && strchr("#%&@*", (int)c);
}

/* Copies valid characters, with at most MARKS_MAX combining marks in a row. */
static size_t text_clean(const char *text, size_t n, char *out)
{
    size_t used = 0;
    int marks = 0;
    for (size_t at = 0; at < n;) {
        uint32_t point = 0;
        size_t len = utf8_decode(text + at, n - at, &point);
        if (len == 0) {
            at++;
            continue;
        }
        bool mark = utf8proc_get_property((utf8proc_int32_t)point)->combining_class > 0;
        marks = mark ? marks + 1 : 0;
        if (marks <= MARKS_MAX) {
            memcpy(out + used, text + at, len);
            used += len;
        }
        at += len;
    }
    return used;
}

static enum err points_normalise(const char *clean, size_t n, struct folded *f)
{
    const utf8proc_option_t fold = UTF8PROC_STABLE | UTF8PROC_COMPOSE |
                                   UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                   UTF8PROC_IGNORE;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)clean;
    utf8proc_ssize_t room =
        utf8proc_decompose(bytes, (utf8proc_ssize_t)n, NULL, 0, fold);
    if (room < 0)
        return ERR_NOMEM; /* valid UTF-8 is never refused */
    f->point = malloc(((size_t)room + 1) * sizeof *f->point);
    f->border = calloc((size_t)room + 1, sizeof *f->border);
    if (!f->point || !f->border)
        return ERR_NOMEM;
    utf8proc_ssize_t used =
        utf8proc_decompose(bytes, (utf8proc_ssize_t)n, f->point, room, fold);
    if (used > 0)
        used = utf8proc_normalize_utf32(f->point, used, fold);
    f->count = used > 0 ? (size_t)used : 0;
    return used < 0 ? ERR_NOMEM : ERR_OK;
}

enum class { CLASS_KEPT, CLASS_BORDER, CLASS_IGNORED };

static enum class class_of(int32_t point) {
    switch (utf8proc_category(point)){
        case UTF8PROC_CATEGORY_PC : case UTF8PROC_CATEGORY_PD : case
        UTF8PROC_CATEGORY_PS : case UTF8PROC_CATEGORY_PE : case UTF8PROC_CATEGORY_PI :
            case UTF8PROC_CATEGORY_PF : case UTF8PROC_CATEGORY_PO : case
        UTF8PROC_CATEGORY_ZS : case UTF8PROC_CATEGORY_ZL : case
        UTF8PROC_CATEGORY_ZP : case UTF8PROC_CATEGORY_CC : return CLASS_BORDER;
        case UTF8PROC_CATEGORY_CF : return CLASS_IGNORED;
        default : return CLASS_KEPT;
    }
}

static void points_filter(struct folded *f, bool keep_signs)
{
    size_t kept = 0;
    bool border = true;
    for (size_t i = 0; i < f->count; i++) {
        int32_t point = f->point[i];
        enum class class = class_of(point);
        if (keep_signs && folded_is_sign((uint32_t)point))
            class = CLASS_KEPT;
        if (class == CLASS_KEPT) {
            f->border[kept] = border;
            f->point[kept++] = point;
            border = false;
        } else if (class == CLASS_BORDER) {
            border = true;
        }
    }
    f->border[kept] = true;
    f->count = kept;
}

enum err folded_init(struct folded *f, const char *text, size_t n, bool keep_signs)
{
    *f = (struct folded){.count = 0};
    if (n > FOLDED_MAX_BYTES)
        return ERR_LIMIT;
    char *clean = malloc(n + 1);
    enum err err = clean ? ERR_OK : ERR_NOMEM;
    if (!err)
        err = points_normalise(clean, text_clean(text, n, clean), f);
    free(clean);
    if (err)
        folded_fini(f);
    else
        points_filter(f, keep_signs);
    return err;
}

void folded_fini(struct folded *f)
{
    free(f->point);
    free(f->border);
    *f = (struct folded){.count = 0};
}
