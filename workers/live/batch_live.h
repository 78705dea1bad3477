/* batch_live.h: the ports of the batch lane. Internal to ports_live. */
#ifndef BARKER_WORKERS_LIVE_BATCH_LIVE_H
#define BARKER_WORKERS_LIVE_BATCH_LIVE_H

#include "workers/run/ports.h"

/* A tenant with a limit of money pays when a call is admitted, which batches are not.
 */
const char *batch_live_takes(void *self, const char *tenant, const char *endpoint);
int64_t batch_live_now_ms(void *self);
enum err batch_live_submit(void *self, const struct port_batch *b, port_batch_fn fn,
                           void *arg, uint64_t ticket);
enum err batch_live_poll(void *self, const struct port_batch *b,
                         port_batch_result_fn each, port_batch_fn fn, void *arg,
                         uint64_t ticket);
enum err batch_live_hold(void *self, const struct port_place *at,
                         const struct port_hold *hold, const int *index,
                         const int *attempt, int count, port_done_fn fn, void *arg,
                         uint64_t ticket);

#endif
