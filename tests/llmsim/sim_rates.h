/* sim_rates.h: limits of the simulated key: so much in each window of time, which
 * begins with the first request after the last one. What is above is refused with 429
 * and is not counted. What is left is told in the headers of every answer, as OpenAI or
 * as Anthropic does. Pure, but for dates. */
#ifndef BARKER_TESTS_LLMSIM_SIM_RATES_H
#define BARKER_TESTS_LLMSIM_SIM_RATES_H

#include "tests/llmsim/sim_ledger.h"
#include <stdbool.h>

#define SIM_RATES_HEADERS 12

enum sim_rate { SIM_RATE_CALLS, SIM_RATE_TOKENS, SIM_RATE_IN, SIM_RATE_OUT, SIM_RATES };

struct sim_rates_options {
    int64_t most[SIM_RATES]; /* 0 = no limit */
    int64_t window_ms;
    bool anthropic; /* else openai */
};
struct sim_rates {
    int64_t used[SIM_RATES];
    int64_t until_ms; /* end of the window, Unix time */
};
/* As it was when a request came, for its answer. */
struct sim_rates_told {
    int64_t left[SIM_RATES]; /* -1 = no limit */
    int64_t until_ms;
};
struct sim_rates_text {
    char name[SIM_RATES_HEADERS][48], value[SIM_RATES_HEADERS][40];
    int count;
};

enum err sim_rates_parse_form(struct sim_rates_options *o, const char *text) MUST_USE;
/* False: one of the limits would be exceeded. */
bool sim_rates_take(struct sim_rates *r, const struct sim_rates_options *o,
                    const struct sim_usage *usage, int64_t now_ms,
                    struct sim_rates_told *out);
/* The headers, into places of an answer; their texts are those of `text`. None, if
 * sim_rates_take() was not asked. */
void sim_rates_write(const struct sim_rates_options *o, const struct sim_rates_told *t,
                     int64_t now_ms, struct sim_rates_text *text,
                     const char *headers[][2]);

#endif
