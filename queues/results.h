/* results.h: one fenced checkpoint writes everything a stage decided: state, public
 * hashes, variants, allocation, audit, series, document, and what the job does next.
 * Built as a list of operations, applied by one script in order, all or nothing. */
#ifndef BARKER_QUEUES_RESULTS_H
#define BARKER_QUEUES_RESULTS_H

#include "queues/args.h"
#include "queues/queue.h"
#include <stdbool.h>

struct results {
    struct args args;
    size_t count_at; /* internal: argument number of the open record's field count */
};
void results_init(struct results *w);
void results_fini(struct results *w);

/* Records: open, fields, (next open closes it). */
void results_campaign(struct results *w);                 /* fields of c:<id> */
void results_variant(struct results *w, const char *vid); /* creates it if new */
void results_placement(struct results *w, const char *placement);
void results_audit(struct results *w); /* one stream entry */
void results_series(struct results *w);
/* What this run was given, for a replay. One that decided nothing gives its place to
 * the next one. */
void results_inputs(struct results *w, bool decided);
void results_field(struct results *w, const char *name, const char *value);
void results_field_int(struct results *w, const char *name, int64_t n);
void results_field_num(struct results *w, const char *name, double n);
/* Whole values. */
void results_rank(struct results *w, const char *placement, const char *vid,
                  double mean);
void results_unrank(struct results *w, const char *placement, const char *vid);
void results_alloc(struct results *w, const char *placement, int64_t epoch,
                   const char *json); /* shares in force; earlier epochs are kept */
void results_document(struct results *w, const char *json, size_t n);
void results_change(struct results *w, const char *what); /* changes stream + channel */
void results_mail_done(struct results *w, int count); /* first count were consumed */
void results_rerank_every(struct results *w, int64_t events, int64_t ms);

/* What the job does next; exactly one, last. */
void results_continue(struct results *w, const char *stage, int iteration,
                      const char *checkpoint, size_t n); /* stays claimed */
void results_wait(struct results *w, const char *stage, int iteration,
                  const char *checkpoint, size_t n, int wake_mask,
                  int64_t until_ms); /* Unix ms, 0 = no time */
void results_done(struct results *w, const char *state, const char *error,
                  int64_t keep_ms); /* terminal; keys expire after keep_ms */

/* One commit. progress: its number, from jobs_load; one more for each commit after it
 * under the same claim. */
struct results_commit {
    const struct results *results; /* borrows, until the call is sent */
    const char *id;
    int64_t fence, progress;
};
#define RESULTS_COMMITS_MAX 32
/* Up to RESULTS_COMMITS_MAX of them in one call; each stands or falls alone. Reply: one
 * verdict each, for results_verdict(). Sent again after an unknown outcome: the script
 * knows the number of each and answers "ok" without doing it twice. */
enum err results_commit(struct queue *q, const struct results_commit *list,
                        size_t count, queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* ERR_OK, ERR_FENCED or ERR_INTERNAL, of the i-th commit of that reply. */
enum err results_verdict(const struct reply *r, size_t i) MUST_USE;

/* Read side, for command line and gateway; replies are what Redis returns. */
enum err results_read_campaign(struct queue *q, const char *id, queue_fn fn, void *arg,
                               uint64_t ticket) MUST_USE; /* flat hash */
/* [[vid, flat hash], …] of all variants, in order of creation. */
enum err results_read_variants(struct queue *q, const char *id, queue_fn fn, void *arg,
                               uint64_t ticket) MUST_USE;
/* [[placement, flat hash, alloc JSON], …] */
enum err results_read_placements(struct queue *q, const char *id, queue_fn fn,
                                 void *arg, uint64_t ticket) MUST_USE;
/* A page of the list of campaigns, newest first, from the `from`-th one (0 is the
 * newest): [where the next page begins or "", [[id, flat hash], …]]. At most `count`,
 * and no more than a page bears. A campaign that changes meanwhile may come on two
 * pages, or on none. */
enum err results_read_list(struct queue *q, int64_t from, int64_t count, queue_fn fn,
                           void *arg, uint64_t ticket) MUST_USE;

#endif
