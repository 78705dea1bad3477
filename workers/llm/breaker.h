/* breaker.h: whether a model behind a key is worth a call now (M. Nygard, Release It!,
 * "Circuit Breaker"). Pure: the clock and the dice are passed in.
 *
 *   CLOSED   calls go. Failures of the far side vote; half of at least five calls of
 *            the last 30 s open it (half: Hystrix; 30 s and 5 s: Polly; five of them,
 *            not twenty or a hundred, as a campaign makes few calls). So do three in a
 *            row, over a second or more, that could not be sent at all: many good calls
 *            before do not show that anybody is there now.
 *   OPEN     none goes, for 5 s, doubled with each failed probe up to 60 s, and up to a
 *            fifth more by chance; the server's own hint, if that is longer. No credit
 *            and a refused key open it at once, for five minutes: they need a person.
 *   PROBING  one call goes, the others wait for what it brings: CLOSED or OPEN again.
 *
 * Rate limits do not vote (admission.h heeds them), nor does what is our own fault. */
#ifndef BARKER_WORKERS_LLM_BREAKER_H
#define BARKER_WORKERS_LLM_BREAKER_H

#include "core/base/err.h"
#include "core/base/rng.h"
#include <stdbool.h>
#include <stdint.h>

#define BREAKER_SLOTS 10

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };

struct breaker { /* all zero: closed */
    enum breaker_state state;
    enum err cause;    /* of the last opening */
    uint64_t turn;     /* changes of state: a call of an earlier turn has no vote */
    int64_t until_ms;  /* OPEN: no call before */
    unsigned in_a_row; /* openings without a good call between */
    int unsent;        /* calls in a row that could not be sent */
    int64_t unsent_ms; /* the first of them */
    struct {
        int64_t number; /* since the clock began */
        int calls, failures;
    } slots[BREAKER_SLOTS];
};
struct breaker_leave { /* of one call */
    uint64_t turn;
    bool is_probe;
};

/* When a call may go, at the earliest: not in the future, or a time, or INT64_MAX while
 * a probe is under way. */
int64_t breaker_free_ms(const struct breaker *b);
/* Its last call by somebody else failed: unless something was heard of it lately, the
 * next call is a probe, and one failure is enough. Nothing may be under way. */
void breaker_suspect(struct breaker *b, int64_t now_ms);
/* A call goes, when it may. */
struct breaker_leave breaker_enter(struct breaker *b);
/* It is over: code ERR_OK for every answer that shows the far side at work. hint_ms: it
 * asked to be left alone for so long; <= 0 = no. Did the state change? */
bool breaker_settle(struct breaker *b, struct breaker_leave leave, enum err code,
                    int64_t hint_ms, int64_t now_ms, struct rng *dice);
/* It never went: the right to probe goes back. */
void breaker_forgo(struct breaker *b, struct breaker_leave leave);

#endif
