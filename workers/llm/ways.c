/* ways.c: see ways.h. */
#include "workers/llm/ways.h"
#include <string.h>

/* Another model's vectors are near nothing that its own has made. */
static bool can_stand_in(const struct endpoint *e, const struct endpoint *own)
{
    return e->provider->serves == own->provider->serves &&
           (own->provider->serves != ASK_EMBED ||
            strcmp(e->config->model, own->config->model) == 0);
}

/* Not enough for two requests may be enough for one. */
static bool can_pay(const struct endpoints *list, const struct port_call *call,
                    struct ways *all, struct way *w)
{
    struct port_call there = *call;
    there.grant.target = (int)(w->endpoint - list->items) + 1;
    struct port_estimate most = endpoints_estimate(list, &there);
    int64_t below = call->below_nano > 0 ? call->below_nano : INT64_MAX;
    if (most.usd_nano >= below && most.for_two) {
        w->single = true;
        there.may_hedge = false;
        most = endpoints_estimate(list, &there);
    }
    w->most_nano = most.usd_nano;
    if (most.usd_nano < all->least_nano)
        all->least_nano = most.usd_nano;
    return most.usd_nano < below;
}

static void add(const struct endpoints *list, const struct port_call *call,
                struct ways *all, struct way w, bool is_bounded)
{
    if (!is_bounded || can_pay(list, call, all, &w))
        all->items[all->count++] = w;
}

void ways_list(const struct endpoints *list, const struct port_call *call,
               struct ways *out)
{
    const struct endpoint *own = endpoints_for(list, call);
    struct price price;
    *out = (struct ways){.least_nano = INT64_MAX};
    if (!own) {
        out->refused = call->has_purse ? ERR_PRICE_UNKNOWN : ERR_OK;
        return;
    }
    size_t count = own->config->fallback_count;
    const char *model = endpoint_model_for(own, call);
    bool must_price = call->has_purse || call->needs_price;
    bool has_price = (must_price || (call->has_budget && count > 0)) &&
                     endpoint_price(list, own, model, &price);
    bool is_bounded =
        call->below_nano > 0 || call->has_purse || (call->has_budget && count > 0);
    if (must_price && !has_price) {
        out->refused = ERR_PRICE_UNKNOWN;
        return;
    }
    add(list, call, out, (struct way){.endpoint = own, .model = model}, is_bounded);
    for (size_t i = 0; i < count; i++) {
        const struct endpoint *e = &list->items[own->config->fallbacks[i]];
        if (!can_stand_in(e, own) ||
            (has_price && !endpoint_price(list, e, e->config->model, &price)))
            continue;
        add(list, call, out, (struct way){.endpoint = e, .model = e->config->model},
            is_bounded);
    }
    if (out->count == 0)
        out->refused = ERR_OVER_BUDGET;
}
