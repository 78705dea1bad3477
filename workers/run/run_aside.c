/* run_aside.c: a job that this release cannot read: its spec names a channel that is
 * not configured any more, its checkpoint is of another release. People may bring that
 * back; until then others go first. */
#include "workers/run/run.h"
#include "core/base/log.h"
#include <stdlib.h>
#include <string.h>

#define ASIDE_LEAST_MS 5000
#define ASIDE_MOST_MS 300000

/* Half as long again as it has not changed: no count of its own is needed. */
static int64_t pause_ms(const struct port_image *image)
{
    int64_t updated_ms = 0;
    for (int i = 0; i < image->field_count; i++) {
        if (strcmp(image->fields[i].name, "updated_ms") == 0)
            updated_ms = strtoll(image->fields[i].value, NULL, 10);
    }
    int64_t ms = (image->now_ms - updated_ms) / 2;
    return ms < ASIDE_LEAST_MS  ? ASIDE_LEAST_MS
           : ms > ASIDE_MOST_MS ? ASIDE_MOST_MS
                                : ms;
}

static void on_orders(void *arg, uint64_t ticket, enum err e, enum err end, bool pause)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    (void)pause;
    if (!run || run->phase != RUN_PARKED)
        return;
    if (e == ERR_FENCED)
        run_lost(run, e);
    else if (!e && end)
        run_end_unread(run, end);
    else
        run_rest(run, run->aside_ms, "unreadable");
}

void run_set_aside(struct run *run, const struct port_image *image,
                   const struct err_detail *d)
{
    struct runner *r = run->runner;
    run->phase = RUN_PARKED;
    run->aside_ms = pause_ms(image);
    log_event(LOG_ERROR, "job.unreadable", "campaign", run->id, "code",
              err_code(d->code), "path", d->path, "message", d->message, NULL);
    uint64_t ticket = run_op_new(run, -1);
    if (ticket &&
        !r->ports.mail(r->ports.self, run->id, run->fence, 0, on_orders, r, ticket))
        return;
    run_op_take(r, ticket, NULL);
    run_rest(run, run->aside_ms, "unreadable");
}
