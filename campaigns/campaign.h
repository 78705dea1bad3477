/* campaign.h: a campaign as its stages see it: the spec, what the kind remembers, the
 * variants with their counts, the mail that arrived. Everything lives in the job's
 * arena; one holder at a time (one writer, DESIGN §4). Pure data, no I/O, no clock: the
 * time of the run is `now_ms`. */
#ifndef BARKER_CAMPAIGNS_CAMPAIGN_H
#define BARKER_CAMPAIGNS_CAMPAIGN_H

#include "campaigns/ask.h"
#include "campaigns/spec.h"
#include "campaigns/variant.h"

enum campaign_state {
    CAMPAIGN_QUEUED,
    CAMPAIGN_RUNNING,
    CAMPAIGN_REVIEW,
    CAMPAIGN_LIVE,
    CAMPAIGN_PAUSED,
    CAMPAIGN_DONE,
    CAMPAIGN_FAILED,
    CAMPAIGN_CANCELLED,
    CAMPAIGN_OVER_BUDGET,
};
const char *campaign_state_name(enum campaign_state s);
bool campaign_state_from(const char *name, enum campaign_state *out);
bool campaign_state_is_terminal(enum campaign_state s);

struct campaign_placement {
    const struct spec_placement *spec; /* borrows */
    int64_t epoch;
    int64_t used;      /* trials so far */
    bool by_delivered; /* trials are messages delivered, see campaign_trials() */
    int leader;        /* variant index, -1 = none */
    int tied;          /* arms in the tie group */
    double lift, lift_lo, lift_hi;
    double srm; /* p of the test of sample ratios, 1 = nothing to test */
    bool evidence, changed, reallocated; /* reallocated: a new epoch of shares */
};

enum campaign_mail_kind {
    MAIL_PAUSE,
    MAIL_RESUME,
    MAIL_CANCEL,
    MAIL_APPROVE,
    MAIL_REJECT,
    MAIL_DEADLINE, /* from the queue: the campaign ends now, with what it has */
};
struct campaign_mail {
    enum campaign_mail_kind kind;
    const char *variant, *by, *text, *via;
};

/* One line of the audit stream: "what" and flat field, value pairs. */
#define CAMPAIGN_AUDIT_FIELDS 6
struct campaign_audit {
    const char *what;
    const char *field[CAMPAIGN_AUDIT_FIELDS], *value[CAMPAIGN_AUDIT_FIELDS];
    int count;
};

struct campaign_child {
    const char *id, *state;
};

/* What the campaign's public hash says of money and traffic, as loaded. */
struct campaign_totals {
    int64_t calls, impressions, clicks, conversions, lost_calls;
    const char *usd, *revenue; /* decimal text, never NULL */
};

/* What a run was given besides checkpoint, counts and journal, and whether it decided
 * anything that lasts: recorded, so that the campaign can be replayed. */
struct campaign_inputs {
    const char **letters; /* mail as it was taken from the mailbox */
    int letter_count;
    bool more_letters;       /* came before this run, and are for the next one */
    const struct zone *zone; /* of spec.repeat; NULL without it; borrows */
    bool timed_out;          /* its stage was closed, as it took too long */
    bool decided;            /* set by a stage that judged counts */
    int *unpaid;             /* asks that the budget did not allow any more */
    int unpaid_count;
};

struct campaign {
    struct campaign_totals totals;
    struct campaign_inputs inputs;
    struct arena *arena;     /* borrows */
    const struct spec *spec; /* borrows */
    const struct kind *kind;
    enum campaign_state state;
    enum campaign_state paused_from; /* where resume goes back to */
    enum err error;
    const char *waits_for;  /* what people are told while it waits; static, or NULL */
    const char *error_text; /* for example the question of needs_input */
    const char *stage;
    int iteration, round, progress; /* progress in percent */
    struct json *memo; /* the kind's persisted state: an object, never NULL */
    struct json *pins; /* versions pinned at the first claim */
    struct variant *variants;
    int variant_count, variant_cap;
    int last_variant; /* highest number in an id that was ever given, "v7": 7 */
    struct campaign_placement *placements; /* as in the spec */
    int placement_count;
    struct campaign_mail *mail; /* unread, in order; kept in the record until read */
    int mail_count, mail_cap;
    int mail_taken; /* taken out of the mailbox by this run; the commit removes them */
    struct campaign_child *children;
    int child_count;
    struct campaign_audit *audit;
    int audit_count, audit_cap;
    int rejected;       /* replies refused so far (duplicates, limits …) */
    int64_t now_ms;     /* Unix time of this run */
    int64_t created_ms; /* Unix time of its admission; 0: not known */
    bool is_late;       /* its deadline has passed: this iteration is its last */
};

/* All in the arena; NULL when it is full. */
struct campaign *campaign_new(struct arena *a, const struct spec *spec) MUST_USE;
/* json values (memo, pins) are not arena memory: */
void campaign_fini(struct campaign *c);
/* This id was given; campaign_add_variant() does not give it again. */
void campaign_note_variant(struct campaign *c, const char *id);
struct variant *campaign_add_variant(struct campaign *c, int placement,
                                     const char *text) MUST_USE;
/* One of an earlier run, under its own id. */
struct variant *campaign_restore_variant(struct campaign *c, const char *id,
                                         int placement, const char *text) MUST_USE;
/* Appends mail; the order's strings are copied. Over 4096 unread: ERR_LIMIT. */
enum err campaign_add_mail(struct campaign *c, const struct campaign_mail *m) MUST_USE;
const char *campaign_mail_name(enum campaign_mail_kind k); /* "approve" … */
bool campaign_mail_from(const char *name, enum campaign_mail_kind *out);
/* Reviews are carried along until their stage takes them: as many as a checkpoint
 * bears. Over that the stage comes first, and orders behind them wait for it. */
bool campaign_can_hold_mail(const struct campaign *c);
/* Mail as JSON object {"do","v","by","text","via"} (what the mailbox holds). */
enum err campaign_parse_mail(struct campaign *c, const struct json *j) MUST_USE;
struct variant *campaign_find_variant(struct campaign *c, const char *id);
/* What a rate of this variant is per (CONTRACT §5): impressions; for sms, email and
 * push messages delivered, once the placement has such events. */
int64_t campaign_trials(const struct campaign *c, const struct variant *v);
/* Decides by_delivered and used of every placement from the counts as loaded. */
void campaign_count_trials(struct campaign *c);
struct campaign_audit *campaign_audit_add(struct campaign *c, const char *what);
void campaign_audit_field(struct campaign_audit *a, const char *field,
                          const char *value);

/* Checkpoint text: {"v":1,"stage","iteration","round","state"…,"memo","pins"}. */
enum err campaign_save(const struct campaign *c, const char *stage, int iteration,
                       struct buf *out) MUST_USE;
/* Reads it back into a fresh campaign; "" = a campaign that never ran.
 * ERR_UNKNOWN_VERSION for records of a newer release (the job is parked, not lost). */
enum err campaign_restore(struct campaign *c, const char *checkpoint, size_t n,
                          struct err_detail *d) MUST_USE;

#endif
