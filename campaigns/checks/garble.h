/* garble.h: characters that nobody means in a text for people. */
#ifndef BARKER_CAMPAIGNS_CHECKS_GARBLE_H
#define BARKER_CAMPAIGNS_CHECKS_GARBLE_H

#include <stddef.h>

/* The first control character but tab, line feed and carriage return, or U+FFFD (what a
 * reader puts where there was no text); NULL: there is none. text is UTF-8. */
const char *garble_find(const char *text, size_t n);

#endif
