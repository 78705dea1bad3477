/* fair.c: lanes, rounds and credits. */
#include "workers/run/fair.h"

void fair_init(struct fair *f)
{
    for (int i = 0; i < FAIR_LANES; i++) {
        struct fair_lane *lane = &f->lanes[i];
        list_init(&lane->now);
        list_init(&lane->later);
        list_init(&lane->refused);
        lane->round = 1;
        lane->passed = 0;
    }
}

void fair_flow_init(struct fair_flow *flow)
{
    *flow = (struct fair_flow){.round = 0};
    list_init(&flow->link);
}

static bool is_waiting(const struct fair_lane *lane)
{
    return !list_empty(&lane->now) || !list_empty(&lane->later);
}

/* What is not spent in a round is gone with it; a debt stays until it is paid. */
static void renew(const struct fair_lane *lane, struct fair_flow *flow)
{
    int64_t rounds = lane->round - flow->round;
    if (rounds <= 0)
        return;
    bool paid = flow->round == 0 || rounds > FAIR_COST_MAX / FAIR_QUANTUM;
    flow->credit = paid ? FAIR_QUANTUM : flow->credit + rounds * FAIR_QUANTUM;
    if (flow->credit > FAIR_QUANTUM)
        flow->credit = FAIR_QUANTUM;
    flow->round = lane->round;
}

static void stand(struct fair_lane *lane, struct fair_flow *flow)
{
    list_remove(&flow->link);
    list_push(flow->credit > 0 ? &lane->now : &lane->later, &flow->link);
}

void fair_join(struct fair *f, struct fair_flow *flow, enum fair_lane_name name)
{
    struct fair_lane *lane = &f->lanes[name];
    if (!list_empty(&flow->link))
        return;
    if (!is_waiting(lane) && list_empty(&lane->refused))
        lane->passed = 0; /* nobody waited here until now */
    if (flow->lane != name)
        flow->round = 0;
    flow->lane = name;
    renew(lane, flow);
    stand(lane, flow);
}

void fair_leave(struct fair_flow *flow)
{
    list_remove(&flow->link);
}

static struct fair_flow *flow_of(struct list *node)
{
    return list_item(node, struct fair_flow, link);
}

/* The next of a lane in which somebody waits. */
static struct fair_flow *next_of(struct fair_lane *lane)
{
    while (list_empty(&lane->now)) {
        lane->round++;
        struct list again; /* each is looked at once in a round */
        list_init(&again);
        while (!list_empty(&lane->later)) {
            struct fair_flow *flow = flow_of(lane->later.next);
            renew(lane, flow);
            list_remove(&flow->link);
            list_push(flow->credit > 0 ? &lane->now : &again, &flow->link);
        }
        while (!list_empty(&again)) {
            struct list *node = again.next;
            list_remove(node);
            list_push(&lane->later, node);
        }
    }
    return flow_of(lane->now.next);
}

struct fair_flow *fair_next(struct fair *f)
{
    struct fair_lane *first = NULL, *starved = NULL;
    for (int i = FAIR_LANES - 1; i >= 0; i--) {
        struct fair_lane *lane = &f->lanes[i];
        if (!is_waiting(lane))
            continue;
        first = lane;
        if (!starved && lane->passed >= FAIR_PASSES_MAX)
            starved = lane;
    }
    if (!first)
        return NULL;
    return next_of(starved ? starved : first);
}

void fair_charge(struct fair *f, struct fair_flow *flow, int64_t tokens)
{
    struct fair_lane *own = &f->lanes[flow->lane];
    for (int i = 0; i < FAIR_LANES; i++) {
        if (is_waiting(&f->lanes[i]))
            f->lanes[i].passed++;
    }
    own->passed = 0;
    flow->credit -= tokens < 1 ? 1 : tokens > FAIR_COST_MAX ? FAIR_COST_MAX : tokens;
    stand(own, flow);
}

void fair_refuse(struct fair *f, struct fair_flow *flow)
{
    list_remove(&flow->link);
    list_push(&f->lanes[flow->lane].refused, &flow->link);
}

bool fair_is_empty(const struct fair *f)
{
    for (int i = 0; i < FAIR_LANES; i++) {
        if (is_waiting(&f->lanes[i]) || !list_empty(&f->lanes[i].refused))
            return false;
    }
    return true;
}

void fair_retry(struct fair *f)
{
    for (int i = 0; i < FAIR_LANES; i++) {
        struct fair_lane *lane = &f->lanes[i];
        while (!list_empty(&lane->refused)) {
            struct list *last = lane->refused.prev;
            list_remove(last);
            renew(lane, flow_of(last));
            list_push(lane->now.next, last); /* before the first one */
        }
    }
}
