/* calls_live.h: the ports of calls: what llm.h does, with the money of tenants that
 * have a limit. Internal to ports_live. */
#ifndef BARKER_WORKERS_LIVE_CALLS_LIVE_H
#define BARKER_WORKERS_LIVE_CALLS_LIVE_H

#include "workers/run/ports.h"

bool calls_live_admit(void *self, const struct port_call *call, int waiting,
                      struct port_grant *out);
void calls_live_forgo(void *self, const struct port_grant *grant);
int64_t calls_live_closed_ms(void *self, const struct port_call *call);
struct port_estimate calls_live_estimate(void *self, const struct port_call *call);
enum err calls_live_call(void *self, const struct port_call *call, port_call_fn fn,
                         void *arg, uint64_t ticket, uint64_t *call_id);
void calls_live_cancel(void *self, uint64_t call_id);

#endif
