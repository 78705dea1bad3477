/* birth.c: a spec as the queue sees it. */
#include "workers/birth.h"

struct inbox_admission birth_admission(const struct spec *s, const struct llm *llm)
{
    bool broke = !s->budget_calls || !s->budget_tokens || !s->budget_usd_nano;
    bool repeats = s->repeat.cron != NULL;
    return (struct inbox_admission){
        .entry = "",
        .tenant = s->tenant,
        .kind = s->kind,
        .priority = spec_priority_name(s->priority),
        .calls_max = s->budget_calls,
        .tokens_max = s->budget_tokens,
        .usd_nano_max = s->budget_usd_nano,
        .usd_known = llm && llm_price_known(llm, s->llm_endpoint, s->llm_model),
        .not_before_ms = s->not_before_ms,
        .start_within_ms = repeats ? 0 : s->start_within_ms,
        .deadline_ms = repeats ? 0 : s->deadline_ms,
        .parent = "",
        .state = broke ? "over_budget" : "queued",
        .error = broke ? err_code(ERR_OVER_BUDGET) : "",
    };
}
