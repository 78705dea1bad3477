/* sim_words.h: short marketing copy by a seeded grammar over the word lists. Pure. */
#ifndef BARKER_TESTS_LLMSIM_SIM_WORDS_H
#define BARKER_TESTS_LLMSIM_SIM_WORDS_H

#include "core/base/buf.h"
#include "core/base/rng.h"
#include "tests/llmsim/sim_brief.h"

enum sim_tone { SIM_COPY, SIM_LONG, SIM_TITLE, SIM_CALL, SIM_REASON, SIM_NAME };

struct sim_wish {
    enum sim_tone tone;
    int64_t min, max; /* code points; max 0 = none. Always kept. */
    int64_t polite;   /* limit stated in words; 0 = none. Broken once in twenty. */
};

/* The tone that fits a field of this name: "subject", "cta", "reason" … */
enum sim_tone sim_words_tone(const char *field);
/* Appends one text to out (clean buf). */
enum err sim_words_write(const struct sim_brief *b, struct rng *r,
                         const struct sim_wish *wish, struct buf *out) MUST_USE;

#endif
