/* rates.h: what a server tells with each reply of its limits for this key: how much is
 * left and when it will have all again (LLM_WIRE §1.6, §2, §4). A hint, and hostile
 * until read: what is no such number was not told. Pure, as provider.h. */
#ifndef BARKER_WORKERS_LLM_RATES_H
#define BARKER_WORKERS_LLM_RATES_H

#include "core/io/http.h"
#include "queues/limits.h"

#define RATES_RESET_MAX_MS 120000 /* more of a wait is not believed */
#define RATES_ROWS_MAX 8

/* How a dialect names them: <prefix><part>-<word>, or <prefix><word>-<part>, where part
 * is limit, remaining or reset. */
struct rates_row {
    const char *word;
    enum limits_kind kind; /* several words may be of one kind: the lowest counts */
};
struct rates_dialect {
    const char *prefix; /* lower case */
    bool part_first;
    struct rates_row rows[RATES_ROWS_MAX]; /* the last one has no word, if there is room
                                            */
    /* Of the text of a reset; now_ms is Unix time. -1: nonsense. */
    int64_t (*reset_ms)(const char *text, int64_t now_ms);
};
extern const struct rates_dialect rates_openai, rates_anthropic;

struct rates {
    int64_t left[LIMITS_KINDS]; /* -1: not told, with its reset */
    int64_t reset_ms[LIMITS_KINDS];
    int64_t most[LIMITS_KINDS]; /* the limit there; -1: not told */
};
/* False: nothing was told. d NULL: nothing is. One pass over the headers. */
bool rates_read(const struct rates_dialect *d, const struct http_reply *http,
                int64_t now_ms, struct rates *out);

/* "6m0s", "20ms", "1m26.4s", or seconds without a unit; at most 24 h. -1: nonsense. */
int64_t rates_duration_ms(const char *text, int64_t now_ms);
/* From now until "2026-11-05T12:00:30Z" (RFC 3339), at least 0. -1: nonsense. */
int64_t rates_until_ms(const char *text, int64_t now_ms);

#endif
