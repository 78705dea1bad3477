/* entry.h: an entry that a command added to a stream, until a worker has taken it. */
#ifndef BARKER_WORKERS_CLI_ENTRY_H
#define BARKER_WORKERS_CLI_ENTRY_H

#include "workers/cli/session.h"

#define ENTRY_MAX 48

struct entry {
    const char *stream; /* "inbox", "control" */
    char id[ENTRY_MAX]; /* "" = nothing was sent */
    bool waits;         /* nobody has taken it yet */
    int64_t workers;    /* known while it waits: how many were there lately */
};

/* Of the reply to XADD; the argument is the entry. */
enum err entry_take(void *arg, const struct reply *r);
/* Looks again; an exit code. */
int entry_look(struct entry *e, struct session *s);
/* It waits, and has waited so long that somebody would have taken it. */
bool entry_is_alone(const struct entry *e, int64_t waited_ms);

#endif
