/* money.h: money as integers. LLM cost in nano-dollars (1e-9 usd), revenue in
 * micro-units of its currency (1e-6). Decimal text in and out without doubles. */
#ifndef BARKER_CORE_BASE_MONEY_H
#define BARKER_CORE_BASE_MONEY_H

#include "core/base/err.h"
#include <stdint.h>

#define MONEY_TEXT 32

/* "39.95" -> 39950000 with digits = 6. Refuses NaN, exponents, more than 12 integer
 * digits; digits after `digits` places are cut towards zero. */
enum err money_parse(const char *text, size_t n, int digits, int64_t *out) MUST_USE;
/* 39950000, 6 -> "39.95"; at least no decimals, no trailing zeros. */
void money_print(int64_t amount, int digits, char out[MONEY_TEXT]);

#endif
