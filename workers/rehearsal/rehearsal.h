/* rehearsal.h: a campaign played through in memory against an imagined model: the same
 * stages and engine as in earnest, no request, no Redis. What it asks for is counted.
 * CPU only, bounded like a job. */
#ifndef BARKER_WORKERS_REHEARSAL_REHEARSAL_H
#define BARKER_WORKERS_REHEARSAL_REHEARSAL_H

#include "campaigns/spec.h"

#define REHEARSAL_STAGES_MAX 16
struct rehearsal_count {
    const char *stage; /* of the kind's table, or NULL past the end */
    int64_t calls;
    int64_t in;              /* prompt tokens: four bytes, or one CJK character, each */
    int64_t out;             /* tokens of replies, as likely */
    int64_t in_max, out_max; /* as budgets reserve them */
};
struct rehearsal {
    struct rehearsal_count stage[REHEARSAL_STAGES_MAX], total;
    const char *waits_at; /* the stage that waits for people or events; NULL = ended */
    enum err code;        /* how it ended, if it failed */
};

/* Until the campaign waits, or ends: the first round, with a model whose every reply is
 * accepted. */
enum err rehearsal_run(const struct spec *s, struct rehearsal *out,
                       struct err_detail *d) MUST_USE;
/* The most that each stage can ask for: every reply is refused, but where that would
 * keep a later stage from its turn, only the first one to each ask. */
enum err rehearsal_worst(const struct spec *s, struct rehearsal *out,
                         struct err_detail *d) MUST_USE;

#endif
