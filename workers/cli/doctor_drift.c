/* doctor_drift.c: drives the look for drift through all pages, within bounds. */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "queues/drift.h"
#include "workers/cli/doctor.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 10000
#define LOOK_MAX 2000000 /* things looked at */
#define KINDS_MAX 16
#define EXAMPLES_MAX 3
#define LANES_MAX 256
#define LANE_MAX 96
#define ORPHANS_MAX 1024

struct tally {
    int64_t found, mended;
    char examples[512];
};
struct look {
    struct doctor *doctor;
    struct tally kinds[KINDS_MAX];
    char cursor[32];
    int64_t looked, unseen, others;
    int64_t until_ms;
    char (*lanes)[LANE_MAX];   /* owns */
    char (*orphans)[LANE_MAX]; /* owns: campaigns without a job, to be mended */
    size_t lane_count, orphan_count;
    bool cut, failed, lanes_left;
};

static int kind_index(const char *name)
{
    for (int i = 0; drift_kind_at((size_t)i) && i < KINDS_MAX; i++)
        if (strcmp(drift_kind_at((size_t)i)->name, name) == 0)
            return i;
    return -1;
}

/* False: the list is full. */
static bool add_name(char (*list)[LANE_MAX], size_t *count, size_t most,
                     const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    if (*count == most || strlen(name) >= LANE_MAX)
        return false;
    (void)snprintf(list[(*count)++], LANE_MAX, "%s", name);
    return true;
}

static void take_finding(struct look *l, const struct reply *row)
{
    const char *kind = reply_str(reply_at(row, 0), NULL);
    const char *id = reply_str(reply_at(row, 1), NULL);
    const char *words = reply_str(reply_at(row, 2), NULL);
    int i = kind_index(kind);
    if (i < 0) {
        l->others++;
        return;
    }
    struct tally *t = &l->kinds[i];
    size_t used = strlen(t->examples);
    if (t->found++ < EXAMPLES_MAX)
        (void)snprintf(t->examples + used, sizeof t->examples - used, "%s%.64s%s%.96s",
                       used ? ", " : "", id, *id ? ": " : "", words);
    t->mended += reply_int(reply_at(row, 3));
    if (strcmp(kind, "campaign_no_job") == 0)
        (void)add_name(l->orphans, &l->orphan_count, ORPHANS_MAX, id);
}

static enum err take_page(void *arg, const struct reply *r)
{
    struct look *l = arg;
    const struct reply *findings = reply_at(r, 2), *lanes = reply_at(r, 3);
    (void)snprintf(l->cursor, sizeof l->cursor, "%s", reply_str(reply_at(r, 0), NULL));
    l->looked += reply_int(reply_at(r, 1));
    l->unseen += reply_int(reply_at(r, 4));
    for (size_t i = 0; i < reply_count(findings); i++)
        take_finding(l, reply_at(findings, i));
    for (size_t i = 0; i < reply_count(lanes); i++)
        if (!add_name(l->lanes, &l->lane_count, LANES_MAX,
                      reply_str(reply_at(lanes, i), NULL)))
            l->lanes_left = true;
    return ERR_OK;
}

static void look_at_place(struct look *l, const char *place, const char *lane)
{
    struct doctor *d = l->doctor;
    struct drift_page page = {.place = place,
                              .cursor = l->cursor,
                              .lane = lane,
                              .count = DRIFT_PAGE_MAX,
                              .repair = cli_option(d->cli, OPTION_repair) != NULL};
    (void)snprintf(l->cursor, sizeof l->cursor, "0");
    while (*l->cursor && !l->failed && !l->cut) {
        struct session_call call = {.session = d->session, .take = take_page, .arg = l};
        l->cut = clock_mono_ms() > l->until_ms || l->looked > LOOK_MAX;
        if (!l->cut)
            l->failed = !doctor_ask(
                d, "drift", &call,
                drift_look(&d->session->queue, &page, session_settle, &call, 0));
    }
}

struct spec_hash {
    char hex[HASH_SHA256_HEX];
};

static enum err take_spec(void *arg, const struct reply *r)
{
    struct spec_hash *h = arg;
    size_t n;
    const char *text = reply_str(r, &n);
    h->hex[0] = '\0';
    if (reply_type(r) == REPLY_STR)
        hash_sha256_hex(text, n, h->hex);
    return ERR_OK;
}

static enum err take_verdict(void *arg, const struct reply *r)
{
    const char *word = reply_str(reply_at(r, 0), NULL);
    *(bool *)arg = strcmp(word, "rebuilt") == 0 || strcmp(word, "ended") == 0;
    return ERR_OK;
}

/* A new job for a campaign that lost its own. */
static bool rebuild(struct doctor *d, const char *id)
{
    struct queue *q = &d->session->queue;
    struct spec_hash hash;
    bool done = false;
    struct session_call read = {.session = d->session, .take = take_spec, .arg = &hash};
    struct session_call make = {
        .session = d->session, .take = take_verdict, .arg = &done};
    return doctor_ask(d, "drift", &read, drift_spec(q, id, session_settle, &read, 0)) &&
           doctor_ask(d, "drift", &make,
                      drift_rebuild(q, id, hash.hex, session_settle, &make, 0)) &&
           done;
}

static void rebuild_all(struct look *l)
{
    int i = kind_index("campaign_no_job");
    if (!cli_option(l->doctor->cli, OPTION_repair) || i < 0)
        return;
    for (size_t k = 0; k < l->orphan_count; k++)
        l->kinds[i].mended += rebuild(l->doctor, l->orphans[k]);
}

static void say_kind(struct doctor *d, const struct drift_kind *kind,
                     const struct tally *t)
{
    char name[64], mended[64] = "";
    bool repair = cli_option(d->cli, OPTION_repair) != NULL;
    bool left = t->mended < t->found;
    (void)snprintf(name, sizeof name, "drift.%s", kind->name);
    if (repair)
        (void)snprintf(mended, sizeof mended, ", %" PRId64 " mended", t->mended);
    doctor_say(d, left ? DOCTOR_FAIL : DOCTOR_WARNING, name,
               !left           ? ""
               : !kind->mended ? "it cannot be mended: look at its keys"
               : repair        ? "run it again"
                               : "`barker doctor --repair` mends it",
               "%" PRId64 " x %s%s (%s%s)", t->found, kind->meaning, mended,
               t->examples, t->found > EXAMPLES_MAX ? ", …" : "");
}

static void say_all(const struct look *l)
{
    struct doctor *d = l->doctor;
    bool any = l->others > 0;
    for (int i = 0; drift_kind_at((size_t)i) && i < KINDS_MAX; i++) {
        any = any || l->kinds[i].found > 0;
        if (l->kinds[i].found)
            say_kind(d, drift_kind_at((size_t)i), &l->kinds[i]);
    }
    if (l->cut)
        doctor_say(d, DOCTOR_WARNING, "drift.cut", "",
                   "the look ended after %d s or %d things; the rest is not looked at",
                   LOOK_MS / 1000, LOOK_MAX);
    if (l->lanes_left)
        doctor_say(d, DOCTOR_WARNING, "drift.lanes", "",
                   "only %d lanes were looked at from their side", LANES_MAX);
    if (l->unseen)
        doctor_say(d, DOCTOR_WARNING, "drift.unseen", "look again when it is shorter",
                   "%" PRId64 " jobs stand deep in a long lane and were not looked for",
                   l->unseen);
    if (!any && !l->failed)
        doctor_say(d, DOCTOR_OK, "drift", "", "none in %" PRId64 " things looked at",
                   l->looked);
}

void doctor_drift(struct doctor *d)
{
    struct look l = {.doctor = d, .until_ms = clock_mono_ms() + LOOK_MS};
    l.lanes = calloc(LANES_MAX, sizeof *l.lanes);
    l.orphans = calloc(ORPHANS_MAX, sizeof *l.orphans);
    if (!l.lanes || !l.orphans) {
        doctor_say(d, DOCTOR_FAIL, "drift", "", "no memory");
        l.failed = true;
    }
    for (size_t i = 0; drift_place_at(i) && !l.failed; i++)
        look_at_place(&l, drift_place_at(i), "");
    for (size_t i = 0; i < l.lane_count && !l.failed; i++)
        look_at_place(&l, DRIFT_LANE, l.lanes[i]);
    if (!l.failed)
        rebuild_all(&l);
    say_all(&l);
    free(l.lanes);
    free(l.orphans);
}
