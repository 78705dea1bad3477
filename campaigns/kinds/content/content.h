/* content.h: the kind `content`, in four nouns. Internal to campaigns/kinds/content.
 *   content_input   what the user asked for (`input` of the spec)
 *   content_write   stages angles and generate: plan, judge, collect
 *   content_review  what reviewers decided
 *   content_rank    stage live: posteriors, shares, retirement, the next round
 *
 * Memo (persisted): {"angles":[text], "want":[n per placement], "last":iteration,
 * "live":bool, "frozen":bool, "control":[variant id per placement],
 * "seen":[trials per placement at the last ranking], "history":[text per placement],
 * "parents":[[variant id] per placement]} */
#ifndef BARKER_CAMPAIGNS_KINDS_CONTENT_H
#define BARKER_CAMPAIGNS_KINDS_CONTENT_H

#include "campaigns/kind.h"
#include "campaigns/ranking/posterior.h"

#define CONTENT_ANGLES_MAX 32
#define CONTENT_EXAMPLES_MAX 10
#define CONTENT_ROUND_STRIDE                                                           \
    100 /* iterations of `generate` that belong to one round                           \
         */

struct content_input {
    const char *brief; /* or the prompt */
    bool is_prompt;    /* bare prompt: plain text out, no schema */
    int n;             /* variants per placement */
    const char *angles[CONTENT_ANGLES_MAX];
    int angle_count;
    const char *examples[CONTENT_EXAMPLES_MAX];
    int example_count;
    double temperature;
    int max_tokens; /* 0 = derived from the channel */
    /* made once per plan by content_prompts_prepare(), in the arena */
    const char *facts_text, *examples_text;
};
enum err content_input_read(const struct spec *s, struct content_input *in,
                            struct err_detail *d) MUST_USE;
enum err content_input_check(struct spec *s, struct arena *a, struct err_detail *d);
/* In every round after the first at most n texts of each placement are renewed. */
int64_t content_calls_later(const struct spec *s);

/* Memo arrays by placement. */
int64_t content_memo_int(const struct campaign *c, const char *name, int placement);
const char *content_memo_text(const struct campaign *c, const char *name,
                              int placement);
enum err content_memo_set_int(struct campaign *c, const char *name, int placement,
                              int64_t n) MUST_USE;
enum err content_memo_set_text(struct campaign *c, const char *name, int placement,
                               const char *text) MUST_USE;

/* Opens a round: want[p] variants per placement (0 = none), iterations from
 * round * CONTENT_ROUND_STRIDE. */
enum err content_open_round(struct campaign *c, int round, const int *want) MUST_USE;

enum err content_angles_plan(struct campaign *c, struct ask_list *asks);
enum err content_angles_finish(struct campaign *c, const struct answers *a,
                               struct next *next);
enum err content_write_plan(struct campaign *c, struct ask_list *asks);
enum err content_write_accept(const struct campaign *c, const struct ask *ask,
                              const struct json *reply, struct objection *o);
enum err content_write_finish(struct campaign *c, const struct answers *a,
                              struct next *next);
/* The text of a reply as the variant will carry it, slots of its channel filled in: in
 * the arena, or NULL. */
const char *content_reply_text(struct arena *a, const struct spec *s,
                               const struct channel *channel,
                               const struct json *reply) MUST_USE;
/* Hard findings, damaged characters and banned words; also for edits by reviewers.
 * Needs memory of the arena for a while. */
enum err content_judge_text(struct arena *a, const struct spec *s,
                            const struct channel *channel, const char *text,
                            struct objection *o) MUST_USE;

/* Applies approvals and rejections. Returns how many variants still wait. */
int content_apply_reviews(struct campaign *c);
int content_count_pending(const struct campaign *c);
enum err content_review_plan(struct campaign *c, struct ask_list *asks);
enum err content_review_finish(struct campaign *c, const struct answers *a,
                               struct next *next);
enum err content_live_finish(struct campaign *c, const struct answers *a,
                             struct next *next);

#endif
