/* choice.h: which variant a user sees, of one placement as it stands. One code for all
 * that answer: `barker decide`, `barker assign`, the gateway. Pure; the same answer in
 * every process and each time, while epoch and state are the same.
 *
 * The id of the user is hashed as it is, not its pseudonym: nothing of it is stored,
 * and the answer does not depend on a secret, so that any client can make it
 * (docs/PROTOCOL.md, "Assignment"). */
#ifndef BARKER_WORKERS_DECIDE_CHOICE_H
#define BARKER_WORKERS_DECIDE_CHOICE_H

#include "campaigns/ranking/assign.h"
#include "core/base/json.h"

#define CHOICE_ARMS_MAX 64
#define CHOICE_USER_MAX 256 /* characters of an id, as in events */
#define CHOICE_HOLDOUT "_holdout"

/* **borrows** all its strings. */
struct choice_set {
    const char *campaign, *placement;
    const char *reason; /* why nobody is assigned; NULL: users are */
    const char *all;    /* the control that all see then; NULL: nothing */
    double all_weight, holdout;
    int64_t epoch; /* 0 before the first shares */
    struct assign_arm arms[CHOICE_ARMS_MAX];
    int count;
};

struct choice {
    const char *variant; /* NULL: none; CHOICE_HOLDOUT: nothing is shown */
    const char *reason;  /* why not as the shares say; NULL: it is */
    double weight;
};

/* state: of the campaign. alloc: the shares in force (docs/PROTOCOL.md), NULL before
 * the first. variants: [{id, placement, state}, …]. */
void choice_prepare(struct choice_set *s, const char *campaign, const char *placement,
                    const char *state, const struct json *alloc,
                    const struct json *variants);
struct choice choice_of(const struct choice_set *s, const char *user);
/* ERR_MISSING, ERR_OUT_OF_RANGE, ERR_BAD_ENCODING: what is no id of a user. */
enum err choice_check_user(const char *user, size_t n, struct err_detail *d) MUST_USE;

#endif
