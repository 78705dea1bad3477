/* runner.h: carries campaigns through their stages (DESIGN §4). Pure stages decide, the
 * engine judges, the journal remembers, the runner moves things between them:
 *
 *   claim → load → plan → replay journal → reserve → call → settle → … → finish
 *         → commit → next stage (same claim), wait (claim given up) or end
 *
 * A crash at any point resumes on another worker; a reply that was settled is never
 * asked for again. Callbacks carry the ticket of their operation, never pointers: one
 * whose run is gone, or was loaded anew, finds nobody. One thread. */
#ifndef BARKER_WORKERS_RUN_RUNNER_H
#define BARKER_WORKERS_RUN_RUNNER_H

#include "campaigns/checks/channel.h"
#include "workers/run/ports.h"

struct runner;

struct runner_options {
    int max_calls; /* LLM calls in flight, all campaigns together */
    int max_jobs;
    int max_attempts; /* of one ask, for failures worth a retry */
    int max_probes;   /* that failed, of one ask, beside these */
    int64_t retry_base_ms, retry_cap_ms;
    int64_t park_ms; /* nothing can go on for so long: the job is given up; 0 = never */
    int64_t
        stage_ms; /* a stage in hand for so long ends with what is here; 0 = never */
    int64_t batch_poll_ms, batch_wait_ms; /* of the batch lane: how often, how long */
    size_t job_max_bytes;                 /* arena of one job; 0 = 64 MiB */
    const struct channel_set *channels;   /* borrows */
};
struct runner_counts {
    int jobs, calls_in_flight;
    int waiting; /* calls without leave, of each job at most RUN_BATCH_MAX */
    int64_t calls, retries, fenced, finished;
};

enum err runner_new(const struct ports *ports, const struct runner_options *o,
                    struct runner **out) MUST_USE;
/* Drops every run without a word to the store (as a crash would). */
void runner_free(struct runner *r);

/* A claimed job. ERR_BUSY when max_jobs are running. A newer claim of the same campaign
 * replaces the run of the older one; the same claim again changes nothing. */
enum err runner_start(struct runner *r, const char *id, int64_t fence) MUST_USE;
void runner_poke(struct runner *r, const char *id); /* there is mail for it */
void runner_poke_all(struct runner *r); /* there may be mail for any of them */
void runner_wake(struct runner *r); /* calls may be admitted again, see ports.admit */
/* To be called now and then: what could not be scheduled for want of memory is, and
 * what has taken too long ends. */
void runner_nudge(struct runner *r);
void runner_drop_all(struct runner *r); /* fenced out: abort transfers, write nothing */
/* No new calls; jobs are given back as their calls settle. */
void runner_drain(struct runner *r);
void runner_drain_now(struct runner *r); /* and calls in flight are cancelled */
int runner_free_slots(const struct runner *r);
struct runner_counts runner_count(const struct runner *r);

#endif
