/* err.h: error values of the whole product.
 *
 * Functions return `enum err` and the value must be used. Network, Redis, model, disk
 * and user input are values; `check()` is for bugs only and stays in release builds. */
#ifndef BARKER_CORE_BASE_ERR_H
#define BARKER_CORE_BASE_ERR_H

#include <stddef.h>

enum err {
#define ERR(name, code, meaning) ERR_##name,
#include "core/base/errors.def"
#undef ERR
    ERR_COUNT
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Where and why input was refused. Plain memory, no ownership. */
struct err_detail {
    enum err code;
    char path[192];    /* JSON pointer (RFC 6901), or file:line; "" = the whole input */
    char message[256]; /* one English sentence, no line break */
};

/* Public text code of an error, for example "bad_json". Static memory. */
const char *err_code(enum err e);
/* One English sentence of what it means. Static memory. */
const char *err_meaning(enum err e);
/* The error with this public code, or ERR_COUNT. */
enum err err_from_code(const char *code);

/* Fills detail (may be NULL) and returns code, so that a caller can return it. */
enum err err_set(struct err_detail *d, enum err code, const char *path, const char *fmt,
                 ...) PRINTF_LIKE(4, 5);

/* A bug: prints file, line and expression to stderr and aborts. */
_Noreturn void err_bug(const char *file, int line, const char *expression);
#define check(expression)                                                              \
    ((expression) ? (void)0 : err_bug(__FILE__, __LINE__, #expression))

#endif
