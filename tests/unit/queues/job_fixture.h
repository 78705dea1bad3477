/* job_fixture.h: admits and claims, for tests of what a holder does. */
#ifndef BARKER_TESTS_JOB_FIXTURE_H
#define BARKER_TESTS_JOB_FIXTURE_H

#include "queues/inbox.h"
#include "queues/jobs.h"
#include "queues/results.h"
#include "tests/unit/queues/queue_fixture.h"
#include <stdlib.h>

static inline struct inbox_admission admission_of(const char *id)
{
    return (struct inbox_admission){.entry = "",
                                    .id = id,
                                    .tenant = "default",
                                    .kind = "content",
                                    .priority = "normal",
                                    .spec = "{\"kind\":\"content\"}",
                                    .spec_len = 18,
                                    .spec_sha256 = "aa",
                                    .calls_max = 3,
                                    .tokens_max = -1,
                                    .usd_nano_max = 2500000000,
                                    .usd_known = 1,
                                    .parent = "",
                                    .state = "queued",
                                    .error = ""};
}

static inline void admit(struct partition *p, const char *id)
{
    struct inbox_admission m = admission_of(id);
    assert_string_equal(call(p, inbox_admit(&p->queue, &m, THEN(p))), "['admitted']");
}

/* Claims what there is as w1; the reply as text. */
static inline const char *tick(struct partition *p, int slots, int beat)
{
    struct jobs_tick t = {
        .worker = "w1", .slots = slots, .lease_ms = 1000000, .beat = beat};
    return call(p, jobs_tick(&p->queue, &t, THEN(p)));
}

/* A campaign that w1 holds with fence 1. */
static inline void claim(struct partition *p, const char *id)
{
    admit(p, id);
    char want[96];
    (void)snprintf(want, sizeof want, "[['%s' 1 '{", id);
    assert_non_null(strstr(tick(p, 1, 0), want));
}

/* One commit of w1's first claim of `id`; the reply as text. */
static inline const char *commit_of(struct partition *p, const char *id,
                                    const struct results *w, int64_t number)
{
    struct results_commit one = {w, id, 1, number};
    return call(p, results_commit(&p->queue, &one, 1, THEN(p)));
}

#endif
