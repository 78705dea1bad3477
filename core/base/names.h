/* names.h: looking a word up in a fixed list of words. */
#ifndef BARKER_CORE_BASE_NAMES_H
#define BARKER_CORE_BASE_NAMES_H

#include <stddef.h>

/* Index of the name in the list, -1 if it is not there. */
int names_find(const char *const *names, size_t count, const char *name);

/* The same, for an array: its length is known. */
#define names_index(names, name)                                                       \
    names_find(names, sizeof(names) / sizeof *(names), name)

#endif
