/* money.c: decimal text to integer and back, by integers only. */
#include "core/base/money.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 18 /* 10^18 fits in int64 */
#define INTEGER_DIGITS_MAX 12

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Appends one digit; false when the sum leaves int64. */
static bool push_digit(int64_t *sum, int digit)
{
    return !__builtin_mul_overflow(*sum, 10, sum) &&
           !__builtin_add_overflow(*sum, digit, sum);
}

enum err money_parse(const char *text, size_t n, int digits, int64_t *out)
{
    check(digits >= 0 && digits <= DIGITS_MAX);
    size_t i = 0;
    bool negative = n > 0 && text[0] == '-';
    i += negative;
    size_t start = i;
    int64_t sum = 0;
    bool fits = true;
    int significant = 0;
    for (; i < n && is_digit(text[i]); i++) {
        significant += significant > 0 || text[i] != '0';
        fits = fits && significant <= INTEGER_DIGITS_MAX &&
               push_digit(&sum, text[i] - '0');
    }
    if (i == start)
        return ERR_BAD_VALUE;
    int places = 0;
    if (i < n && text[i] == '.') {
        size_t dot = i++;
        for (; i < n && is_digit(text[i]); i++)
            if (places < digits) {
                places++;
                fits = fits && push_digit(&sum, text[i] - '0');
            }
        if (i == dot + 1)
            return ERR_BAD_VALUE;
    }
    if (i != n)
        return ERR_BAD_VALUE;
    for (; places < digits; places++)
        fits = fits && push_digit(&sum, 0);
    if (!fits)
        return ERR_OUT_OF_RANGE;
    *out = negative ? -sum : sum;
    return ERR_OK;
}

void money_print(int64_t amount, int digits, char out[MONEY_TEXT])
{
    check(digits >= 0 && digits <= DIGITS_MAX);
    uint64_t unit = 1;
    for (int i = 0; i < digits; i++)
        unit *= 10;
    uint64_t size = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
    const char *sign = amount < 0 ? "-" : "";
    if (size % unit == 0) {
        snprintf(out, MONEY_TEXT, "%s%llu", sign, (unsigned long long)(size / unit));
        return;
    }
    int len = snprintf(out, MONEY_TEXT, "%s%llu.%0*llu", sign,
                       (unsigned long long)(size / unit), digits,
                       (unsigned long long)(size % unit));
    while (out[len - 1] == '0')
        out[--len] = '\0';
}
