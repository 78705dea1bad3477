/* cron_fuzz.c: a line as a cron expression, the bytes behind it as a TZif file; UTC
 * stands in for one that is refused. */
#include "core/base/civil.h"
#include "core/base/cron.h"
#include "tests/fuzz/fuzz.h"

#define FIRES 8
#define MINUTE_S 60

static void check_span(const struct zone *z, int64_t utc_s)
{
    struct zone_span span = zone_span_at(z, utc_s);
    check(span.start_s <= utc_s && utc_s < span.end_s);
    check(span.offset_s >= ZONE_OFFSET_MIN_S && span.offset_s <= ZONE_OFFSET_MAX_S);
    check(zone_offset_at(z, utc_s) == span.offset_s);
    if (span.start_s >= ZONE_MIN_S) /* the same from wherever it is asked */
        check(zone_span_at(z, span.start_s).end_s == span.end_s);
    if (span.end_s <= ZONE_MAX_S)
        check(zone_span_at(z, span.end_s).start_s == span.end_s);
}

static void check_wall(const struct zone *z, int64_t wall_s)
{
    struct zone_instants at = zone_from_wall(z, wall_s);
    check((at.kind == ZONE_WALL_TWICE) == (at.first_s < at.last_s));
    check(at.first_s <= at.last_s);
    if (at.kind == ZONE_WALL_SKIPPED) {
        check(at.first_s + zone_offset_at(z, at.first_s) > wall_s);
        check(at.first_s + zone_offset_at(z, at.first_s - 1) <= wall_s);
    } else {
        check(at.first_s + zone_offset_at(z, at.first_s) == wall_s);
        check(at.last_s + zone_offset_at(z, at.last_s) == wall_s);
    }
}

static void check_zone(const struct zone *z)
{
    check(z->count >= 0 && z->count <= ZONE_CHANGES_MAX);
    for (int64_t utc_s = ZONE_MIN_S; utc_s < ZONE_MAX_S; utc_s += 9876543210)
        check_span(z, utc_s);
    for (int i = 0; i < z->count && i < FIRES; i++) {
        int64_t at_s = z->change_s[i];
        check_span(z, at_s);
        if (at_s > ZONE_MIN_S + 2 * ZONE_EDGE_S && at_s < ZONE_MAX_S - 2 * ZONE_EDGE_S)
            check_wall(z, at_s + z->offset_s[i] - MINUTE_S);
    }
    for (int64_t wall_s = 0; wall_s < INT64_C(4000000000); wall_s += 98765432)
        check_wall(z, wall_s);
}

/* On a minute that counts, or where the clocks jump. */
static void check_fire(const struct cron *c, const struct zone *z, int64_t fire_s)
{
    struct zone_span span = zone_span_at(z, fire_s);
    int64_t wall_s = fire_s + span.offset_s;
    int64_t of_day = (wall_s - CIVIL_DAY_S * civil_floor_div(wall_s, CIVIL_DAY_S)) / 60;
    bool on_time = wall_s % MINUTE_S == 0 && c->minutes >> of_day % 60 & 1 &&
                   c->hours >> of_day / 60 & 1;
    check(on_time || (!c->real_time && fire_s == span.start_s));
}

/* Clocks that change may leave out each time that is meant. */
static void check_cron(const struct cron *c, const struct zone *z, int64_t after_ms)
{
    bool may_never = z->count || z->has_rule;
    for (int i = 0; i < FIRES; i++) {
        int64_t fire_ms = cron_next(c, z, after_ms);
        if (fire_ms == -1 && may_never)
            return;
        check(fire_ms > after_ms && fire_ms % 1000 == 0);
        check_fire(c, z, fire_ms / 1000);
        check(cron_next(c, z, fire_ms - 1) == fire_ms);
        after_ms = fire_ms;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct zone z;
    struct cron c;
    struct err_detail d = {.code = ERR_OK};
    const uint8_t *line = n ? memchr(data, '\n', n) : NULL;
    size_t length = line ? (size_t)(line - data) : n;
    size_t left = line ? n - length - 1 : 0;
    enum err e = zone_parse(line ? line + 1 : NULL, left, &z, &d);
    if (e) {
        fuzz_check_refusal(e, &d);
        zone_init_utc(&z);
    }
    check_zone(&z);
    e = cron_parse((const char *)data, length, &c, &d);
    if (e) {
        fuzz_check_refusal(e, &d);
        return 0;
    }
    check_cron(&c, &z, INT64_C(1774700000000));
    check_cron(&c, &z, z.count ? llabs(z.change_s[z.count - 1]) * 1000 / 2 : 0);
    return 0;
}
