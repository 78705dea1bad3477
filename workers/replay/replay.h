/* replay.h: a campaign run again from what was recorded, by the real runner and stages,
 * in memory: no network, no write. What comes of it is held against what is stored.
 *
 * Given to a run: its checkpoint, the journal, and its inputs (mail, counts, asks that
 * the budget did not allow), which commits record. A run without a record of inputs was
 * given none, or decided nothing. One that could not be read tells how it ended. */
#ifndef BARKER_WORKERS_REPLAY_REPLAY_H
#define BARKER_WORKERS_REPLAY_REPLAY_H

#include "campaigns/checks/channel.h"
#include "workers/replay/replay_state.h"

struct replay_inputs {
    int64_t seq, run; /* numbered without gaps; the number of the commit */
    const char
        *given; /* JSON {"mail","more","timed_out","unpaid","counts"}; or "end" */
    size_t len;
};
struct replay_journal {
    const char *stage;
    int iteration;
    struct port_record *records;
    int count;
};
/* **borrows** all but `stored`. */
struct replay_source {
    const char *id, *spec;
    size_t spec_len;
    int64_t commits; /* runs that were committed */
    bool buried;     /* its job gave up: state and error are not of a commit */
    const struct replay_inputs *inputs; /* by seq */
    int input_count;
    int64_t inputs_expected;
    const struct replay_journal *journals;
    int journal_count;
    const struct channel_set *channels;
    struct replay_state stored;
};

struct replay_report {
    struct replay_state derived;    /* **owns** */
    int64_t made, commits, records; /* runs made again, of so many; journal records */
    bool complete;                  /* false: `problem` says why it cannot go on */
    char problem[512];
    bool identical; /* if complete */
    struct buf where, what;
    char derived_sha256[HASH_SHA256_HEX], stored_sha256[HASH_SHA256_HEX];
};
/* Ends with replay_report_fini(). ERR_NOMEM, ERR_LIMIT. */
enum err replay_run(const struct replay_source *source,
                    struct replay_report *out) MUST_USE;
void replay_report_fini(struct replay_report *r);

#endif
