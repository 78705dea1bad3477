/* runner.c: the set of runs, and how call slots are shared among them. */
#include "core/base/log.h"
#include "workers/run/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err runner_new(const struct ports *ports, const struct runner_options *o,
                    struct runner **out)
{
    struct runner *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->ports = *ports;
    r->options = *o;
    if (!r->options.job_max_bytes)
        r->options.job_max_bytes = 64u * 1024 * 1024;
    idmap_init(&r->runs_by_ticket);
    idmap_init(&r->ops);
    list_init(&r->runs);
    fair_init(&r->fair);
    list_init(&r->open_ops);
    rng_seed(&r->rng, ports->random(ports->self));
    *out = r;
    return ERR_OK;
}

void runner_free(struct runner *r)
{
    if (!r)
        return;
    runner_drop_all(r);
    list_each_safe (node, after, &r->open_ops) {
        free(list_item(node, struct run_op, link));
    }
    idmap_fini(&r->ops);
    idmap_fini(&r->runs_by_ticket);
    free(r);
}

void run_unload(struct run *run)
{
    engine_fini(run->engine);
    if (run->campaign)
        campaign_fini(run->campaign);
    if (run->has_spec)
        spec_fini(&run->spec);
    arena_fini(&run->arena);
}

void run_free(struct run *run)
{
    struct runner *r = run->runner;
    idmap_take(&r->runs_by_ticket, run->ticket);
    list_remove(&run->link);
    fair_leave(&run->flow);
    for (int i = 0; i < run->ask_count; i++) {
        enum run_ask_state s = run->asks[i].state;
        if (s == RUN_ASK_RESERVING || s == RUN_ASK_CALLING)
            r->counts.calls_in_flight--;
        run_forgo(run, i);
    }
    run_cancel_calls(run);
    run_unload(run);
    r->counts.jobs--;
    free(run);
    runner_schedule(r);
}

static struct run *find(struct runner *r, const char *id)
{
    list_each (node, &r->runs) {
        struct run *run = list_item(node, struct run, link);
        if (strcmp(run->id, id) == 0)
            return run;
    }
    return NULL;
}

static enum err add_run(struct runner *r, const char *id, struct run **out)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return ERR_NOMEM;
    run->runner = r;
    run->ticket = idmap_put(&r->runs_by_ticket, run);
    if (!run->ticket) {
        free(run);
        return ERR_NOMEM;
    }
    snprintf(run->id, sizeof run->id, "%s", id);
    fair_flow_init(&run->flow);
    list_push(&r->runs, &run->link);
    arena_init(&run->arena, r->options.job_max_bytes);
    r->counts.jobs++;
    *out = run;
    return ERR_OK;
}

enum err runner_start(struct runner *r, const char *id, int64_t fence)
{
    struct run *run = NULL;
    if (strlen(id) >= sizeof run->id)
        return ERR_BAD_ID;
    struct run *old = find(r, id);
    if (old && old->fence >= fence)
        return ERR_OK; /* said twice */
    if (old) {
        r->counts.fenced++; /* claimed anew: the earlier claim was taken from us */
        run_free(old);
    }
    if (r->counts.jobs >= r->options.max_jobs)
        return ERR_BUSY;
    enum err e = add_run(r, id, &run);
    if (e)
        return e;
    run->fence = fence;
    e = run_load(run);
    if (e)
        run_free(run);
    return e;
}

uint64_t run_op_new(struct run *run, int index)
{
    struct run_op *op = calloc(1, sizeof *op);
    if (!op)
        return 0;
    op->run = run->ticket;
    op->load = run->loads;
    op->index = index;
    op->attempt = index >= 0 ? run->asks[index].attempt : 0;
    uint64_t ticket = idmap_put(&run->runner->ops, op);
    if (!ticket) {
        free(op);
        return 0;
    }
    list_push(&run->runner->open_ops, &op->link);
    return ticket;
}

struct run *run_op_take(struct runner *r, uint64_t ticket, struct run_op *copy)
{
    struct run_op *op = idmap_take(&r->ops, ticket);
    if (!op)
        return NULL;
    struct run *run = idmap_get(&r->runs_by_ticket, op->run);
    if (run && run->loads != op->load)
        run = NULL;
    list_remove(&op->link);
    if (copy)
        *copy = *op;
    free(op);
    return run;
}

/* Who is refused keeps its turn: its endpoint has no room now, others may have some. */
static void give_slots(struct runner *r)
{
    struct fair_flow *flow;
    r->counts.waiting = 0;
    while (r->counts.calls_in_flight < r->options.max_calls &&
           (flow = fair_next(&r->fair)) != NULL) {
        struct run *run = list_item(flow, struct run, flow);
        int index = run_next_idle(run);
        if (index < 0 || run->phase != RUN_WORKING || run_is_stopping(run)) {
            fair_leave(flow); /* back in line when it advances again */
            continue;
        }
        if (run_admit(run, index)) {
            r->counts.calls_in_flight++;
            fair_charge(&r->fair, flow, run_cost_tokens(run, index));
            run_mark(run, index);
        } else if (!run_refuse(run, index)) {
            if (run_cool(run)) {
                fair_leave(flow);
                continue;
            }
            r->counts.waiting += run_count_idle(run);
            fair_refuse(&r->fair, flow);
            continue;
        }
        if (run_next_idle(run) < 0)
            fair_leave(flow);
        if (run->batch_count == RUN_BATCH_MAX)
            run_send_batch(run);
    }
    fair_retry(&r->fair);
}

static void on_schedule(void *arg, uint64_t ticket, enum err e)
{
    struct runner *r = arg;
    (void)ticket;
    (void)e;
    r->scheduled = false;
    give_slots(r);
    list_each_safe (node, after, &r->runs) {
        struct run *run = list_item(node, struct run, link);
        if (run->batch_count)
            run_send_batch(run);
        else if (run->refused)
            run_give_up(run);
    }
}

void runner_schedule(struct runner *r)
{
    if (r->scheduled)
        return;
    r->scheduled = r->ports.defer(r->ports.self, on_schedule, r, 0) == ERR_OK;
    r->owed = !r->scheduled;
}

void runner_wake(struct runner *r)
{
    runner_schedule(r);
}

void runner_nudge(struct runner *r)
{
    if (r->owed)
        runner_schedule(r);
    int64_t now_ms = r->ports.now_ms(r->ports.self);
    list_each_safe (node, after, &r->runs) {
        struct run *run = list_item(node, struct run, link);
        bool stranded = run->stranded;
        run->stranded = false;
        if (stranded)
            run_leave(run);
        else
            run_look_at_clock(run, now_ms);
    }
}

static void on_mail(void *arg, uint64_t ticket, enum err e, enum err end, bool pause)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run || e)
        return;
    run->cancel |= end != ERR_OK;
    run->pause = pause;
    run_advance(run);
}

void runner_poke(struct runner *r, const char *id)
{
    struct run *run = find(r, id);
    if (!run)
        return;
    uint64_t ticket = run_op_new(run, -1);
    int from = run->campaign ? run->campaign->mail_taken : 0;
    if (ticket &&
        r->ports.mail(r->ports.self, id, run->fence, from, on_mail, r, ticket))
        run_op_take(r, ticket, NULL);
}

void runner_poke_all(struct runner *r)
{
    list_each_safe (node, after, &r->runs) {
        runner_poke(r, list_item(node, struct run, link)->id);
    }
}

void runner_drop_all(struct runner *r)
{
    while (!list_empty(&r->runs)) {
        r->counts.fenced++;
        run_free(list_item(r->runs.next, struct run, link));
    }
}

static void drain(struct runner *r)
{
    list_each_safe (node, after, &r->runs) {
        run_advance(list_item(node, struct run, link));
    }
}

void runner_drain(struct runner *r)
{
    r->draining = true;
    drain(r);
}

void runner_drain_now(struct runner *r)
{
    r->draining = r->drain_now = true;
    list_each_safe (node, after, &r->runs) {
        run_cancel_calls(list_item(node, struct run, link));
    }
    drain(r);
}

int runner_free_slots(const struct runner *r)
{
    return r->draining ? 0 : r->options.max_jobs - r->counts.jobs;
}

struct runner_counts runner_count(const struct runner *r)
{
    return r->counts;
}
