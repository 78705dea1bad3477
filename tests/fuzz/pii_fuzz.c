/* pii_fuzz.c: what was masked has nothing left to find, comes back as it was, and could
 * stand in a JSON string. */
#include "campaigns/checks/pii.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static void check_values(const struct pii *p)
{
    for (int i = 0; i < p->count; i++) {
        const struct pii_value *v = &p->values[i];
        check(v->len == strlen(v->text) && v->len > 0);
        for (size_t k = 0; k < v->len; k++)
            check(v->text[k] >= ' ' && v->text[k] <= '~' && v->text[k] != '"' &&
                  v->text[k] != '\\');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a;
    struct pii p;
    struct pii_place found;
    const char *masked, *back;
    char token[PII_TOKEN_MAX];
    size_t len;
    arena_init(&a, (size_t)64 << 20);
    pii_init(&p, &a);
    const char *text = arena_strndup(&a, (const char *)data, n);
    check(text && pii_mask(&p, text, &masked) == ERR_OK);
    check_values(&p);
    if (p.count < PII_VALUES_MAX) {
        check(!pii_find(masked, strlen(masked), 0, &found));
        check(!pii_find_unknown(&p, masked, strlen(masked), token));
        check(pii_restore(&p, masked, strlen(masked), &back, &len) == ERR_OK);
        check(len == strlen(text) && strcmp(back, text) == 0);
    }
    (void)pii_find_unknown(&p, text, strlen(text), token);
    enum err e = pii_restore(&p, text, strlen(text), &back, &len);
    check(e == ERR_OK || e == ERR_LIMIT);
    arena_fini(&a);
    return 0;
}
