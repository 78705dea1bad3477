/* ceiling.h: how many calls a model behind a key bears at once, learnt from its
 * refusals: additive increase, multiplicative decrease (Chiu and Jain 1989; as TCP, one
 * cut for all that was under way together). There is none until the first refusal.
 * Pure.
 *
 *   refused for calls in flight, or overloaded    half of what was under way, at least
 * 1 a ceiling's worth of good calls at it         one more */
#ifndef BARKER_WORKERS_LLM_CEILING_H
#define BARKER_WORKERS_LLM_CEILING_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct ceiling {         /* all zero: none */
    int under_way, most; /* most 0: as many as like */
    int good;            /* since the last step up */
    uint64_t cuts;
};

bool ceiling_has_room(const struct ceiling *c);
/* A call goes; what it gives is for its end. */
uint64_t ceiling_enter(struct ceiling *c);
/* It is over, or never went (ERR_CANCELLED). Is there less room than before? */
bool ceiling_leave(struct ceiling *c, uint64_t entered, enum err code);

#endif
