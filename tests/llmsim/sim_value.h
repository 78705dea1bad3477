/* sim_value.h: one value of a type, the leaves of sim_schema. Private to it. */
#ifndef BARKER_TESTS_LLMSIM_SIM_VALUE_H
#define BARKER_TESTS_LLMSIM_SIM_VALUE_H

#include "core/base/json.h"
#include "core/base/rng.h"
#include "tests/llmsim/sim_brief.h"

/* One walk over a schema. Borrows all pointers. */
struct sim_walk {
    const struct json *root;
    const struct sim_brief *brief;
    struct rng *rng;
    struct err_detail *d;
    enum err failed; /* the first failure */
    int depth, values;
};

/* Notes the failure and returns NULL. */
struct json *sim_walk_fail(struct sim_walk *w, enum err code, const char *message);
/* Fields by which a model says that it will not or cannot ("question", "refusal"): they
 * stay null, empty or false. */
bool sim_value_is_complaint(const char *field);

/* All return a new value, or NULL with w->failed set. field is the property's name. */
struct json *sim_value_string(struct sim_walk *w, const struct json *schema,
                              const char *field);
/* Letters that tell item i from the others where no text is left to vary. */
struct json *sim_value_mark(struct sim_walk *w, const struct json *schema, int64_t i);
struct json *sim_value_number(struct sim_walk *w, const struct json *schema,
                              bool whole);
struct json *sim_value_bool(struct sim_walk *w, const char *field);
struct json *sim_value_null(struct sim_walk *w);

#endif
