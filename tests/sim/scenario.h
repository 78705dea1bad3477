/* scenario.h: campaigns with a known end, and the people and readers around them. */
#ifndef BARKER_TESTS_SIM_SCENARIO_H
#define BARKER_TESTS_SIM_SCENARIO_H

#include "tests/sim/store.h"

#define SCENARIO_ID "c1"

enum scenario_flaws {
    FLAWS_NONE,
    FLAWS_FIRST, /* some replies are refused once, good when asked again */
    FLAWS_ALWAYS,
    FLAWS_LONG,   /* good, but padded with thousands of spaces */
    FLAWS_NO_KEY, /* the endpoint refuses the credentials */
    FLAWS_DOWN,   /* the endpoint fails whatever it is asked */
};

struct scenario {
    const char *name;
    const char *spec;
    const char *state, *error; /* how the campaign ends or where it waits */
    const char *error_also;    /* or so, when the last attempt met a short worker */
    const char *result;        /* text that the digest must hold, or NULL */
    enum scenario_flaws flaws;
    bool faults;             /* errors of every class, worth a retry */
    bool calls_vary;         /* after a crash: what is asked again fares otherwise */
    bool exact;              /* a crash changes nothing but the number of calls */
    bool tight;              /* ends by its budget: lost calls may end it sooner */
    int tenant_calls;        /* of all campaigns; 0 = no limit */
    enum err tenant_refusal; /* … then: ERR_OK = over budget */
    int64_t batch_us;        /* a batch takes so long; 0 = 20 minutes */
    bool batch_stuck;        /* no batch ever ends */
    int batch_takes;         /* calls, and leaves the rest; 0 = all */
    int max_attempts;        /* where nothing else goes wrong; 0 = 6 */
    int max_calls;           /* in flight per worker; 0 = 8 */
    int max_jobs;            /* of a worker; 0 = 6 */
    int64_t closed_from_us, closed_until_us; /* the endpoint takes no call */
    int64_t outage_us;                       /* until then it fails */
    size_t job_max_bytes;
    int64_t refused_from_us,
        refused_until_us; /* the store is full: errors for writes */
    int full_h[2];        /* from this hour to that the store has no room for a child */
    void (*start)(struct world *w);
    void (*on_commit)(struct world *w, struct store_campaign *c);
};

const struct scenario *scenario_at(int i); /* NULL past the end */
const struct scenario *scenario_find(const char *name);

/* scenario_people.c */
void people_approve(struct world *w, struct store_campaign *c);
void people_approve_some(struct world *w, struct store_campaign *c);
void people_redo(struct world *w, struct store_campaign *c);
void people_shop(struct world *w, struct store_campaign *c);
void people_cancel(struct world *w);
void people_deadline(struct world *w);
void people_deadline_paused(struct world *w); /* an hour later */
void people_cancel_late(struct world *w);     /* after ten minutes */
void people_pause(struct world *w);
void people_pause_and_resume_at_once(struct world *w);
void people_drain(struct world *w);
void people_drain_now(struct world *w);
void people_silence(struct world *w);
void people_see_it_parked(struct world *w); /* after half a minute nobody has it */
void people_cancel_parked(struct world *w); /* then too, and it has ended soon after */

#endif
