/* channel_words.h: what a platform refuses inside a text: characters, phrases, words
 * said too often. Internal to channel_judge.c. */
#ifndef BARKER_CAMPAIGNS_CHECKS_CHANNEL_WORDS_H
#define BARKER_CAMPAIGNS_CHECKS_CHANNEL_WORDS_H

#include "core/base/json.h"

/* The first character of text that is one of `forbid` (UTF-8), or NULL. */
const char *channel_find_forbidden(const char *text, size_t n, const char *forbid);
/* The first of the phrases (array of strings, or NULL) that stands in text as whole
 * words, see terms.h; or NULL. */
const char *channel_find_phrase(const char *text, size_t n, const struct json *phrases);
/* Looks at the first 8 KiB: no channel with such a rule is longer. Is some word (a run
 * of letters and digits, folded) there more than max times? Words of `free` (array of
 * strings, lower case, or NULL) may be. The word goes into out. */
bool channel_find_repeat(const char *text, size_t n, int64_t max,
                         const struct json *free, char *out, size_t size);

#endif
