/* sim_schema.h: a value that obeys a JSON schema, texts by sim_words. Pure.
 *
 * Known: type (one or a list), enum, const, properties, required, items, minItems,
 * maxItems, uniqueItems, minLength, maxLength (code points), minimum, maximum,
 * exclusiveMinimum, exclusiveMaximum, anyOf, oneOf, additionalProperties, $defs,
 * definitions, $ref within the schema; titles, descriptions and the like are hints.
 * Every other keyword is refused: the simulator never claims to obey what it does not.
 * Strings of one array are distinct. */
#ifndef BARKER_TESTS_LLMSIM_SIM_SCHEMA_H
#define BARKER_TESTS_LLMSIM_SIM_SCHEMA_H

#include "core/base/json.h"
#include "core/base/rng.h"
#include "tests/llmsim/sim_brief.h"

/* The caller owns *out. ERR_NOT_SUPPORTED, ERR_BAD_VALUE (no value can obey), ERR_LIMIT
 * (too deep, over 30 levels or 4096 values), ERR_NOMEM. */
enum err sim_schema_make(const struct json *schema, const struct sim_brief *b,
                         struct rng *r, struct json **out,
                         struct err_detail *d) MUST_USE;

#endif
