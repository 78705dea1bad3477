/* repair.h: JSON out of a model's text: code fences, words around it, trailing commas,
 * a cut tail closed. Never invents members. */
#ifndef BARKER_CAMPAIGNS_CHECKS_REPAIR_H
#define BARKER_CAMPAIGNS_CHECKS_REPAIR_H

#include "core/base/err.h"
#include "core/base/json.h"
#include <stdbool.h>

/* Parses text as it is, else after repair. *repaired tells which. The caller owns out. */
enum err repair_parse(const char *text, size_t n, struct json **out, bool *repaired,
                      struct err_detail *d) MUST_USE;

#endif
