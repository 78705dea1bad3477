/* suggest.h: the name a person most likely meant. Pure. */
#ifndef BARKER_WORKERS_CLI_SUGGEST_H
#define BARKER_WORKERS_CLI_SUGGEST_H

#include <stddef.h>

/* Edits (insert, delete, replace, swap of neighbours) from a to b, bytes; names over 63
 * bytes are as far as can be (64). */
int suggest_distance(const char *a, const char *b);
/* The nearest name, at most a third of its length and 3 edits away, or one that begins
 * with what was typed; NULL if none. */
const char *suggest_name(const char *typed, const char *const *names, size_t count);

#endif
