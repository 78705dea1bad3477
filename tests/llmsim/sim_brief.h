/* sim_brief.h: what the simulated model understands of a prompt: its language, the
 * product it is about, words of the brief, words to avoid, length limits. Pure; all
 * strings live in the arena. */
#ifndef BARKER_TESTS_LLMSIM_SIM_BRIEF_H
#define BARKER_TESTS_LLMSIM_SIM_BRIEF_H

#include "core/base/arena.h"
#include <stdint.h>

#define SIM_BRIEF_PRODUCTS 4
#define SIM_BRIEF_WORDS 24
#define SIM_BRIEF_AVOID 64

struct sim_brief {
    const char *prompt; /* borrows */
    bool chinese;
    const char *products[SIM_BRIEF_PRODUCTS];
    const char *words[SIM_BRIEF_WORDS];
    const char *avoid[SIM_BRIEF_AVOID];
    size_t product_count, word_count, avoid_count;
};

/* prompt: all messages joined. ERR_NOMEM when the arena is full. */
enum err sim_brief_read(struct arena *a, const char *prompt,
                        struct sim_brief *out) MUST_USE;

/* True if text holds none of the words to avoid (ASCII letters in any case). */
bool sim_brief_allows(const struct sim_brief *b, const char *text);

/* The limit in characters that text states for a field ("at most N", "no more than N",
 * "up to N", in Chinese too; of words: five characters each): the one on whose line the
 * field is named, else the smallest. 0 = none. field may be "". */
int64_t sim_brief_limit(const char *text, const char *field);
/* N of the first "exactly N" in text, 1 to 64; else 0. */
int64_t sim_brief_exactly(const char *text);

#endif
