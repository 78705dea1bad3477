/* kind.h: a kind of campaign is a table of pure stages (DESIGN §4). No callbacks, no
 * I/O, no clock, no randomness but what is passed in. */
#ifndef BARKER_CAMPAIGNS_KIND_H
#define BARKER_CAMPAIGNS_KIND_H

#include "campaigns/campaign.h"

enum next_type {
    NEXT_GOTO, /* stage + iteration at once */
    NEXT_WAIT, /* the same, but only when something of `wake` happens */
    NEXT_DONE,
    NEXT_FAIL, /* error code of the campaign */
};
enum next_wake { WAKE_TIME = 1, WAKE_MAIL = 2, WAKE_EVENTS = 4, WAKE_CHILDREN = 8 };

struct next {
    enum next_type type;
    const char *stage; /* GOTO, WAIT: where the campaign goes on; static */
    int iteration;
    int wake;         /* WAIT: mask */
    int64_t until_ms; /* WAIT with WAKE_TIME: Unix time */
    enum err code;    /* FAIL */
};
void next_goto(struct next *n, const char *stage, int iteration);
void next_wait(struct next *n, const char *stage, int iteration, int wake,
               int64_t until_ms);
void next_done(struct next *n);
void next_fail(struct next *n, enum err code);

struct stage {
    const char *name; /* persisted: never rename */
    /* Fan out. Deterministic given the stored state: it runs again after a crash and
     * must plan the same asks in the same order. May plan none. */
    enum err (*plan)(struct campaign *c, struct ask_list *asks);
    /* Judges one reply alone; an objection sends the ask back to the model once. NULL =
     * everything that passes the ask's schema is accepted. */
    enum err (*accept)(const struct campaign *c, const struct ask *ask,
                       const struct json *reply, struct objection *o);
    /* Fan in, answers in ask order. Decides what is next. */
    enum err (*finish)(struct campaign *c, const struct answers *answers,
                       struct next *next);
};

struct kind {
    const char *name, *meaning;
    const struct stage *stages; /* ended by a NULL name; the first is the start */
    /* Checks `input` of a spec; may add warnings. d->path starts with "/input". */
    enum err (*check_input)(struct spec *s, struct arena *a, struct err_detail *d);
    /* Calls that may still follow a first round, if data so decides, at most: for
     * forecasts. NULL = none. */
    int64_t (*calls_later)(const struct spec *s);
    /* Identity (64 hex digits) of the prompts and rules that decide what is asked:
     * pinned at the first claim. NULL = nothing to pin. */
    void (*version)(char out[65]);
    /* The stage whose finish looks at what people did: the counts are an input of its
     * runs, and are recorded. NULL = none does. */
    const char *counting_stage;
};

const struct kind *kind_of(const struct spec *s); /* what it is run as; or NULL */
const struct kind *kind_find(const char *name);   /* NULL if unknown */
const struct kind *kind_at(size_t i);             /* NULL past the end */
const struct stage *kind_stage(const struct kind *k, const char *name);

#endif
