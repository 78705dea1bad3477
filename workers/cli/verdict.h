/* verdict.h: what may be said aloud of the leader of a placement, from the exact
 * counters of a campaign: see campaigns/ranking/certificate.h. */
#ifndef BARKER_WORKERS_CLI_VERDICT_H
#define BARKER_WORKERS_CLI_VERDICT_H

#include "campaigns/ranking/certificate.h"
#include "core/base/json.h"
#include "workers/cli/session.h"

/* Counts of one epoch, variant and type, as the fields of `…:n` name them. */
struct verdict_count {
    int64_t epoch, count;
    char variant[16], type[16];
};
struct verdict_counts {
    struct verdict_count *items; /* owns */
    size_t count, cap;
    bool by_conversion; /* the metric of the spec; else clicks */
    int challengers;    /* variants that a placement may have in all its rounds */
};

/* An exit code, and has said why. */
int verdict_read(struct session *s, const char *id, struct verdict_counts *out);
void verdict_fini(struct verdict_counts *v);
/* placement: as of view_placements(); variants: of view_variants(). False if there is
 * nothing to be said: no leader, no epoch, no memory. */
bool verdict_of(const struct verdict_counts *v, const struct json *placement,
                const struct json *variants, struct certificate *out);

#endif
