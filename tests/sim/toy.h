/* toy.h: what the toy kinds share. */
#ifndef BARKER_TESTS_SIM_TOY_H
#define BARKER_TESTS_SIM_TOY_H

#include "campaigns/kind.h"

extern const char toy_sum_schema[]; /* {"sum": number} */

/* A chat ask; user is taken as it is, NULL = out of memory. */
struct ask *toy_chat(struct ask_list *asks, const char *schema, const char *user);
int toy_input(const struct campaign *c, const char *name, int fallback);
/* The code of the first answer that failed, or ERR_OK. */
enum err toy_failure(const struct answers *a);
/* Appends to an array of the memo. */
enum err toy_push(struct campaign *c, const char *list, double n);
enum err toy_plan_nothing(struct campaign *c, struct ask_list *asks);

#endif
