/* control.h: pause, resume, cancel, approve, reject. Control only appends to the
 * campaign's mailbox and wakes its job; the holder of the job acts. */
#ifndef BARKER_QUEUES_CONTROL_H
#define BARKER_QUEUES_CONTROL_H

#include "queues/queue.h"

struct control_order {
    const char *campaign, *action, *variant, *by, *text, *via; /* "" = absent */
};
/* XADD to the control stream (command line, gateway). */
enum err control_send(struct queue *q, const struct control_order *o, queue_fn fn,
                      void *arg, uint64_t ticket) MUST_USE;
/* Moves up to count entries from the control stream to mailboxes, wakes or pokes the
 * jobs, refuses bad entries (unknown campaign, action or field). Mail is one JSON
 * object {"do","v","by","text","via","t"}; via defaults to "redis". A cancel of a job
 * that nobody holds and that has not started is still handled by its holder after a
 * claim. Reply [moved, refused]. */
enum err control_take(struct queue *q, int count, queue_fn fn, void *arg,
                      uint64_t ticket) MUST_USE;

#endif
