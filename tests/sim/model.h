/* model.h: a language model that answers by rule: the same question has the same
 * answer, whoever asks and how often. Latency and faults come from the seed. */
#ifndef BARKER_TESTS_SIM_MODEL_H
#define BARKER_TESTS_SIM_MODEL_H

#include "tests/sim/host.h"

#define MODEL_BREAKER_CALLS 3 /* failures in a row, then each call is a probe */

struct port_estimate model_estimate(const struct port_call *call);
/* Takes it no call now? In an outage, by chance, or as the scenario says; and for how
 * long. */
bool model_is_shut(struct world *w);
int64_t model_closed_us(const struct world *w);
/* As ports.call and ports.cancel. */
enum err model_call(struct host *h, const struct port_call *call, enum torture torture,
                    port_call_fn fn, void *arg, uint64_t ticket, uint64_t *call_id);
void model_cancel(struct host *h, uint64_t call_id);

/* model_batch.c: as ports.submit and ports.poll. */
enum err model_submit(struct host *h, const struct port_batch *b, enum torture torture,
                      port_batch_fn fn, void *arg, uint64_t ticket);
enum err model_poll(struct host *h, const struct port_batch *b, enum torture torture,
                    port_batch_result_fn each, port_batch_fn fn, void *arg,
                    uint64_t ticket);

/* model_reply.c: the answer; *good: it will be accepted. In the arena. */
const char *model_reply(struct world *w, const struct port_call *call, struct arena *a,
                        bool *good);

#endif
