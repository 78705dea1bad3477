/* sim_lang.h: the word lists of one language (words_en.c, words_zh.c). Static,
 * read-only.
 *
 * A pattern is text with slots: %o opener, %q question, %p product, %v verb phrase in
 * its base form, %n noun phrase, %m moment, %a adjective, %c call to action, %w word of
 * the brief. The lists hold no digits, no prices, no superlatives: what a real campaign
 * may not promise must not come from here. English is plain ASCII, so that it stays in
 * the GSM 7-bit alphabet. */
#ifndef BARKER_TESTS_LLMSIM_SIM_LANG_H
#define BARKER_TESTS_LLMSIM_SIM_LANG_H

#include <stddef.h>

struct sim_list {
    const char *const *items;
    size_t count;
};

struct sim_lang {
    const char *space;        /* between two sentences: " " or "" */
    struct sim_list products; /* used when the prompt names none */
    struct sim_list openers, questions, verbs, nouns, moments, adjectives, actions;
    struct sim_list copy, titles, calls, reasons, names; /* patterns */
    struct sim_list tiny; /* patterns and words for very small limits */
};

extern const struct sim_lang sim_lang_en;
extern const struct sim_lang sim_lang_zh;

#endif
