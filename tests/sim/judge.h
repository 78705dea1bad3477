/* judge.h: what must hold in every run, whatever happens: no reply that was stored is
 * paid again, nothing is sent without a reservation of its own, budgets are kept, each
 * campaign ends once and as expected, nothing is left open. */
#ifndef BARKER_TESTS_SIM_JUDGE_H
#define BARKER_TESTS_SIM_JUDGE_H

#include "tests/sim/host.h"
#include "tests/sim/store.h"

/* verdicts NULL: the reservation was refused. */
void judge_granted(const struct host *h, const char *id, const struct store_place *at,
                   const int *attempts, const enum port_verdict *verdicts, int count);
/* A call leaves a worker. Returns its record, or NULL if it should never have. */
struct store_record *judge_sent(struct host *h, const struct port_call *call);
void judge_settled(struct store_campaign *c, const struct store_settlement *s,
                   enum err e);
void judge_started(struct host *h, const char *id); /* one run per campaign */
/* The job is about to be given up, as its endpoints are closed. */
void judge_cooled(struct store_campaign *c, int64_t fence, int64_t delay_us);
void judge_commit(struct store_campaign *c); /* about to be applied */
void judge_end(struct world *w);
void judge_digest(struct world *w, struct world_outcome *out);
/* What is stored of a batch says where it is. */
void judge_batch(const struct host *h, const struct port_place *at);

#endif
