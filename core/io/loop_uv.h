/* loop_uv.h: what only core/io may know of a loop: its uv loop, and the list of objects
 * that loop_free() must close when their owner did not. */
#ifndef BARKER_CORE_IO_LOOP_UV_H
#define BARKER_CORE_IO_LOOP_UV_H

#include "core/base/list.h"
#include "core/io/loop.h"

struct uv_loop_s;

/* Borrowed: lives as long as the loop. */
struct uv_loop_s *loop_uv(struct loop *l);

/* Embedded in an object that owns a uv handle. `close` must end the handle (uv_close
 * with a callback that frees the object); the node has left the list by then. */
struct loop_held {
    struct list node;
    void (*close)(struct loop_held *held);
};

void loop_hold(struct loop *l, struct loop_held *held);
void loop_unhold(struct loop_held *held); /* may be called twice */

#endif
