/* guard.h: a variant that does harm is paused by rule, however well it sells.
 *
 * Rates are Beta(1 + events, 1 / usual - 1 + trials - events): one event at the usual
 * rate is put to each side before. A variant is paused with at least `least` events if
 *   P(rate > (1 + margin) x rate of the control) > 0.95 and P(rate > floor) > 0.95, or
 *   P(rate > limit) > 0.95, where the type has a limit that is not ours to choose.
 * The floor is a rate up to which nobody minds. Chances by product.h. The margin pays
 * for looking again and again: of variants as good as the control up to 2.2 % are
 * paused in 50 looks (docs/RANKING.md). Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_GUARD_H
#define BARKER_CAMPAIGNS_RANKING_GUARD_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

#define GUARD_CHANCE 0.95
#define GUARD_WORDS_MAX 160 /* bytes, with the NUL */

struct guard_rule {
    const char *type;     /* of the event */
    const char *of;       /* type of the trials; impressions if none are delivered */
    double margin, floor; /* relative; absolute rate */
    double limit;         /* absolute rate; 0 = none */
    int64_t least;        /* events */
    double usual;         /* rate */
    const char *english, *chinese;
};
const struct guard_rule *guard_find(const char *type); /* NULL: it has none */
const struct guard_rule *guard_at(size_t i);           /* NULL past the end */

struct guard_count {
    int64_t trials, events; /* >= 0; more events than trials count as all */
};
enum guard_reason { GUARD_FINE, GUARD_OVER_CONTROL, GUARD_OVER_LIMIT };
struct guard_verdict {
    enum guard_reason reason; /* not GUARD_FINE: pause it */
    double p; /* of the reason: for the control the smaller of the two */
    double rate, control_rate; /* as counted; 0 without trials */
};

/* control NULL: there is none, or the variant is the control itself; then only the
 * limit counts. ERR_OUT_OF_RANGE: a count is negative. */
enum err guard_judge(const struct guard_rule *rule, const struct guard_count *variant,
                     const struct guard_count *control,
                     struct guard_verdict *out) MUST_USE;
/* "paused: complaint rate 0.41 % against 0.08 % of control, P 0.99"; "" if it is fine.
 */
void guard_words(const struct guard_rule *rule, const struct guard_verdict *verdict,
                 bool chinese, char out[GUARD_WORDS_MAX]);

#endif
