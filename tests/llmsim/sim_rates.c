/* sim_rates.c: see sim_rates.h. */
#include "tests/llmsim/sim_rates.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const words[] = {"requests", "tokens", "input-tokens",
                                    "output-tokens"};

enum err sim_rates_parse_form(struct sim_rates_options *o, const char *text)
{
    o->anthropic = strcmp(text, "anthropic") == 0;
    return o->anthropic || strcmp(text, "openai") == 0 ? ERR_OK : ERR_CONFIG;
}

bool sim_rates_take(struct sim_rates *r, const struct sim_rates_options *o,
                    const struct sim_usage *usage, int64_t now_ms,
                    struct sim_rates_told *out)
{
    const int64_t takes[] = {1, usage->prompt_tokens + usage->completion_tokens,
                             usage->prompt_tokens, usage->completion_tokens};
    bool ok = true;
    if (now_ms >= r->until_ms) {
        *r = (struct sim_rates){.until_ms = now_ms + o->window_ms};
    }
    for (int i = 0; i < SIM_RATES; i++) {
        ok = ok && (o->most[i] == 0 || r->used[i] + takes[i] <= o->most[i]);
    }
    for (int i = 0; i < SIM_RATES; i++) {
        r->used[i] += ok ? takes[i] : 0;
        out->left[i] = o->most[i] > 0 ? o->most[i] - r->used[i] : -1;
    }
    out->until_ms = r->until_ms;
    return ok;
}

static void put(struct sim_rates_text *out, const struct sim_rates_options *o,
                const char *part, const char *word, const char *value)
{
    int i = out->count++;
    (void)snprintf(out->name[i], sizeof out->name[i],
                   o->anthropic ? "anthropic-ratelimit-%s-%s" : "x-ratelimit-%s-%s",
                   o->anthropic ? word : part, o->anthropic ? part : word);
    (void)snprintf(out->value[i], sizeof out->value[i], "%s", value);
}

/* Whole seconds, up, of Anthropic's dates. */
static void write_reset(const struct sim_rates_options *o, int64_t until_ms,
                        int64_t now_ms, char *out, size_t size)
{
    int64_t ms = until_ms > now_ms ? until_ms - now_ms : 0;
    time_t at = (time_t)((until_ms + 999) / 1000);
    struct tm tm;
    if (o->anthropic) {
        (void)strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    } else if (ms >= 60000) {
        (void)snprintf(out, size, "%" PRId64 "m%g", ms / 60000,
                       (double)(ms % 60000) / 1000);
        (void)strncat(out, "s", size - strlen(out) - 1);
    } else {
        (void)snprintf(out, size, "%" PRId64 "ms", ms);
    }
}

void sim_rates_write(const struct sim_rates_options *o, const struct sim_rates_told *t,
                     int64_t now_ms, struct sim_rates_text *text,
                     const char *headers[][2])
{
    char number[24], reset[40];
    text->count = 0;
    write_reset(o, t->until_ms, now_ms, reset, sizeof reset);
    for (int i = 0; t->until_ms > 0 && i < SIM_RATES; i++) {
        if (o->most[i] == 0) {
            continue;
        }
        (void)snprintf(number, sizeof number, "%" PRId64, o->most[i]);
        put(text, o, "limit", words[i], number);
        (void)snprintf(number, sizeof number, "%" PRId64, t->left[i]);
        put(text, o, "remaining", words[i], number);
        put(text, o, "reset", words[i], reset);
    }
    for (int i = 0; i < text->count; i++) {
        headers[i][0] = text->name[i];
        headers[i][1] = text->value[i];
    }
}
