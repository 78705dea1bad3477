/* entry.c: see entry.h. */
#include "workers/cli/entry.h"
#include <stdio.h>
#include <stdlib.h>

#define BEAT_OLDEST_MS 5000
#define WAIT_FOR_WORKER_MS 1500 /* workers beat every second */

enum err entry_take(void *arg, const struct reply *r)
{
    struct entry *e = arg;
    int n = snprintf(e->id, sizeof e->id, "%s", reply_str(r, NULL));
    return n > 0 && (size_t)n < sizeof e->id ? ERR_OK : ERR_INTERNAL;
}

static enum err take_length(void *arg, const struct reply *r)
{
    *(int64_t *)arg =
        reply_type(r) == REPLY_ARRAY ? (int64_t)reply_count(r) : reply_int(r);
    return ERR_OK;
}

static int ask_number(struct session *s, int64_t *out, const char *command,
                      const char *name, const char *from, const char *to)
{
    struct key key = keys_of(&s->queue.keys, name);
    struct session_call call = {.session = s, .take = take_length, .arg = out};
    return session_end(&call, redis_do(s->redis, session_settle, &call, 0, command,
                                       key.name, from, to, NULL));
}

int entry_look(struct entry *e, struct session *s)
{
    char oldest[32];
    int64_t entries = 0;
    int64_t sent_ms = strtoll(e->id, NULL, 10);
    (void)snprintf(oldest, sizeof oldest, "%lld",
                   (long long)(sent_ms - BEAT_OLDEST_MS));
    int rc = ask_number(s, &entries, "XRANGE", e->stream, e->id, e->id);
    e->waits = entries > 0;
    if (!rc && e->waits)
        rc = ask_number(s, &e->workers, "ZCOUNT", "hb", oldest, "+inf");
    return rc;
}

bool entry_is_alone(const struct entry *e, int64_t waited_ms)
{
    return e->waits && e->workers == 0 && waited_ms > WAIT_FOR_WORKER_MS;
}
