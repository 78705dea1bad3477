/* schema.h: is this reply what was asked? The subset of JSON Schema (2020-12) that
 * strict structured output uses: type (one or a list), properties, required,
 * additionalProperties: false, items, minItems, maxItems, enum, const, minLength,
 * maxLength (code points), minimum, maximum. Other keywords are refused at load. */
#ifndef BARKER_CAMPAIGNS_CHECKS_SCHEMA_H
#define BARKER_CAMPAIGNS_CHECKS_SCHEMA_H

#include "core/base/err.h"
#include "core/base/json.h"

/* ERR_OK, or ERR_BAD_OUTPUT with the pointer into the value and what was expected. */
enum err schema_check(const struct json *schema, const struct json *value,
                      struct err_detail *d) MUST_USE;
/* ERR_NOT_SUPPORTED with the pointer of a keyword outside the subset. */
enum err schema_validate(const struct json *schema, struct err_detail *d) MUST_USE;

#endif
