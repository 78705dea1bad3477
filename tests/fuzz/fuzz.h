/* fuzz.h: what the fuzz targets share. A target is one file, tests/fuzz/<name>_fuzz.c,
 * with the entry point that libFuzzer calls; its seeds, and the inputs that once broke
 * something, lie in tests/fuzz/corpus/<name>/. What must hold of any input is said with
 * check(). */
#ifndef BARKER_TESTS_FUZZ_H
#define BARKER_TESTS_FUZZ_H

#include "core/base/err.h"
#include "core/base/utf8.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One line of UTF-8, as the outside may see it. */
static inline void fuzz_check_text(const char *text, size_t size)
{
    size_t n = strnlen(text, size);
    check(n < size);
    check(utf8_invalid_at(text, n) == n);
    check(!strpbrk(text, "\r\n"));
}

/* What a refusal must tell. */
static inline void fuzz_check_refusal(enum err e, const struct err_detail *d)
{
    check(d->code == e && d->message[0]);
    fuzz_check_text(d->path, sizeof d->path);
    fuzz_check_text(d->message, sizeof d->message);
}

/* The bytes with a NUL behind, for what wants C strings; free() it. */
static inline char *fuzz_string(const void *bytes, size_t n)
{
    char *text = malloc(n + 1);
    check(text);
    if (n)
        memcpy(text, bytes, n);
    text[n] = '\0';
    return text;
}

#endif
