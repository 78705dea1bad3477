/* content_near.h: which texts of a placement are too near to each other. Internal to
 * campaigns/kinds/content.
 *
 * The grams of every text are made once per fold of a stage, in memory of their own: a
 * page of answers over many variants must neither fill the job's arena nor take long.
 */
#ifndef BARKER_CAMPAIGNS_KINDS_CONTENT_NEAR_H
#define BARKER_CAMPAIGNS_KINDS_CONTENT_NEAR_H

#include "campaigns/checks/similarity.h"
#include "campaigns/kinds/content/content.h"

struct content_near { /* **owns** the sets */
    const struct campaign *campaign;
    struct grams *sets; /* by variant */
    bool *ready;
    int cap;
};

void content_near_init(struct content_near *n, const struct campaign *c);
void content_near_fini(struct content_near *n);
/* *near: a variant of the placement, of any round and state, that is nearer to the text
 * than min_distance, or the same after folding; NULL = none. ERR_LIMIT: the text is too
 * long to be compared; a variant that is too long is near to nothing. */
enum err content_near_find(struct content_near *n, int placement, const char *text,
                           const struct variant **near) MUST_USE;

#endif
