/* repair.h: JSON out of a model's text: code fences, <think> blocks and words around
 * it, trailing commas, raw line breaks in strings, a cut tail closed (mend.h). Never
 * invents members, and never passes half a string or number off as a whole one. */
#ifndef BARKER_CAMPAIGNS_CHECKS_REPAIR_H
#define BARKER_CAMPAIGNS_CHECKS_REPAIR_H

#include "core/base/err.h"
#include "core/base/json.h"
#include <stdbool.h>

/* Parses text as it is, else after repair. *repaired tells which. The caller owns out.
 */
enum err repair_parse(const char *text, size_t n, struct json **out, bool *repaired,
                      struct err_detail *d) MUST_USE;
/* Where the answer begins after the thoughts of a reasoning model (<think>…</think> at
 * the start): 0 = there are none, n = they have not ended. */
size_t repair_thoughts_end(const char *text, size_t n);

#endif
