/* schema.h: is this reply what was asked? The subset of JSON Schema (2020-12) that
 * strict structured output uses: type (one or a list), properties, required,
 * additionalProperties: false, items, minItems, maxItems, enum, const, minLength,
 * maxLength (code points), minimum, maximum; title, description and $schema are let
 * through without effect. Other keywords are refused at load. */
#ifndef BARKER_CAMPAIGNS_CHECKS_SCHEMA_H
#define BARKER_CAMPAIGNS_CHECKS_SCHEMA_H

#include "core/base/err.h"
#include "core/base/json.h"

/* ERR_OK, or ERR_BAD_OUTPUT with the pointer into the value and, for a model to act on,
 * what was found and what was expected: "171 characters, at most 140". The schema has
 * passed schema_validate. The first fault is told. */
enum err schema_check(const struct json *schema, const struct json *value,
                      struct err_detail *d) MUST_USE;
/* ERR_NOT_SUPPORTED with the pointer of a keyword outside the subset; ERR_BAD_VALUE of
 * one inside it with a value that it cannot have. */
enum err schema_validate(const struct json *schema, struct err_detail *d) MUST_USE;

#endif
