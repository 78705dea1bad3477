/* redis_call.h: one command on its way: its bytes on the wire, whom to tell, until
 * when. Lists of calls **own** their calls. */
#ifndef BARKER_CORE_IO_REDIS_CALL_H
#define BARKER_CORE_IO_REDIS_CALL_H

#include "core/base/list.h"
#include "core/io/redis.h"

struct redis_call {
    struct list node;
    redis_fn fn;
    void *arg;
    uint64_t ticket;
    int64_t deadline_ms;
    enum err outcome;   /* what it settles with when it gets no reply */
    bool greeting;      /* ours, not the user's */
    const char *script; /* text for EVAL if EVALSHA is answered NOSCRIPT, or NULL */
    bool eval;          /* it was; now EVAL goes out */
    size_t argc;
    size_t tail_at; /* where in wire the arguments after EVALSHA and its sha begin */
    size_t len;
    char wire[];
};

/* Copies head and then tail as one command. NULL when out of memory. */
struct redis_call *redis_call_new(const struct redis_arg *head, size_t head_count,
                                  const struct redis_arg *tail, size_t tail_count);
/* What the call counts for in the bounded queue. */
size_t redis_call_bytes(const struct redis_call *c);
/* Bytes to write now, and the writing of them; returns the end. */
size_t redis_call_wire_bytes(const struct redis_call *c);
char *redis_call_write(const struct redis_call *c, char *at);

static inline struct redis_call *redis_call_first(struct list *calls)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see list_remove() */
    return list_empty(calls) ? NULL : list_item(calls->next, struct redis_call, node);
}

#endif
