/* run_short.c: asks that are over budget: asked for less, kept until money comes back,
 * or given up when none will. */
#include "workers/run/run.h"

void run_wake_short(struct run *run, int most)
{
    for (int i = 0; i < run->ask_count && most > 0; i++) {
        if (run->asks[i].state != RUN_ASK_SHORT)
            continue;
        run->asks[i].state = RUN_ASK_IDLE;
        most--;
    }
}

/* The budget has more than before: what was too dear may not be. */
void run_more_money(struct run *run)
{
    run_wake_short(run, 1);
    for (int i = 0; i < run->ask_count; i++)
        run->asks[i].below_nano = 0;
}

/* No journal says that it was not paid. */
static void note_unpaid(struct run *run, int index)
{
    struct campaign_inputs *in = &run->campaign->inputs;
    if (!in->unpaid)
        in->unpaid =
            arena_array(&run->arena, (size_t)run->ask_count + 1, sizeof *in->unpaid);
    if (in->unpaid)
        in->unpaid[in->unpaid_count++] = index;
    else
        run->failing = ERR_NOMEM;
}

static void give_up_one(struct run *run, int index)
{
    if (run->asks[index].state != RUN_ASK_SHORT)
        return;
    run->asks[index].state = RUN_ASK_SETTLED;
    engine_fail(run->engine, index, ERR_OVER_BUDGET);
    note_unpaid(run, index);
}

/* Refused with nothing under way: what is left of the budget will not grow. */
void run_give_up_short(struct run *run, const struct run_op *op)
{
    for (int i = 0; i < op->batch_count && run_is_quiet(run); i++)
        give_up_one(run, op->batch[i]);
}

/* Not enough for two requests may be enough for one, and not enough for this target for
 * a cheaper one. */
bool run_ask_for_less(struct run_ask *a, const struct port_grant *g)
{
    if (a->for_two)
        a->single = true;
    else if (g->has_cheaper)
        a->below_nano = g->most_nano;
    else
        return false;
    return true;
}

bool run_refuse(struct run *run, int index)
{
    struct run_ask *a = &run->asks[index];
    enum err code = a->grant.refused;
    a->grant = (struct port_grant){0};
    if (!code)
        return false;
    a->state = RUN_ASK_SHORT;
    run->refused = true;
    if (code != ERR_OVER_BUDGET && !run->failing)
        run->failing = code;
    return true;
}

void run_give_up(struct run *run)
{
    run->refused = false;
    if (run->busy > 0 || run->phase != RUN_WORKING)
        return; /* they are asked for again when that has ended */
    for (int i = 0; i < run->ask_count; i++)
        give_up_one(run, i);
    run_advance(run);
}
