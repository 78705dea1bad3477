/* zone.c: see zone.h. Section numbers are those of RFC 9636. */
#include "core/base/zone.h"
#include "core/base/civil.h"
#include <string.h>

#define HEADER_BYTES 44
#define TYPES_MAX 256 /* a type is named by one byte */
#define TYPE_BYTES 6

/* The counts of a header, §3.1, in the order of the file. */
struct counts {
    uint32_t utc_flags, standard_flags, leaps, changes, types, letters;
};

struct reader {
    const unsigned char *at;
    size_t left;
};

static enum err damaged(struct err_detail *d, const char *what)
{
    return err_set(d, ERR_BAD_VALUE, "", "not a usable TZif file: %s", what);
}

static uint64_t big_endian(const unsigned char *p, int n)
{
    uint64_t value = 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

/* n bytes of the file, NULL if there are less. */
static const unsigned char *take(struct reader *r, uint64_t n)
{
    const unsigned char *p = r->at;
    if (n > r->left)
        return NULL;
    r->at += n;
    r->left -= n;
    return p;
}

static bool take_header(struct reader *r, unsigned char *version, struct counts *c)
{
    const unsigned char *p = take(r, HEADER_BYTES);
    if (!p || memcmp(p, "TZif", 4) != 0)
        return false;
    uint32_t *const fields[] = {&c->utc_flags, &c->standard_flags, &c->leaps,
                                &c->changes,   &c->types,          &c->letters};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *fields[i] = (uint32_t)big_endian(p + 20 + 4 * i, 4);
    *version = p[4];
    return true;
}

/* Over the first data block, whose times have 32 bits, §3.2. */
static bool skip_old_block(struct reader *r, const struct counts *c)
{
    return take(r, (uint64_t)c->changes * 5 + (uint64_t)c->types * TYPE_BYTES +
                       c->letters + (uint64_t)c->leaps * 8 + c->standard_flags +
                       c->utc_flags) != NULL;
}

static enum err check_counts(const struct counts *c, struct err_detail *d)
{
    if (c->leaps)
        return err_set(d, ERR_NOT_SUPPORTED, "",
                       "the file counts leap seconds, as those of \"right/\" do");
    if (c->changes > ZONE_CHANGES_MAX)
        return err_set(d, ERR_LIMIT, "", "the file has over %d changes",
                       ZONE_CHANGES_MAX);
    if (!c->types || c->types > TYPES_MAX || !c->letters ||
        (c->utc_flags && c->utc_flags != c->types) ||
        (c->standard_flags && c->standard_flags != c->types))
        return damaged(d, "its counts do not agree");
    return ERR_OK;
}

static bool read_types(const unsigned char *p, const struct counts *c,
                       int32_t offsets[TYPES_MAX])
{
    for (uint32_t i = 0; i < c->types; i++, p += TYPE_BYTES) {
        offsets[i] = (int32_t)(uint32_t)big_endian(p, 4);
        if (offsets[i] < ZONE_OFFSET_MIN_S || offsets[i] > ZONE_OFFSET_MAX_S)
            return false;
    }
    return true;
}

/* Changes of before ZONE_MIN_S ("the Big Bang" of some files) only leave their offset.
 */
static bool read_changes(const unsigned char *times, const unsigned char *types,
                         const struct counts *c, const int32_t *offsets, struct zone *z)
{
    int64_t last = INT64_MIN;
    z->first_offset_s = offsets[0];
    for (uint32_t i = 0; i < c->changes; i++) {
        int64_t at = (int64_t)big_endian(times + (size_t)8 * i, 8);
        if (types[i] >= c->types || (i && at <= last) || at > ZONE_MAX_S)
            return false;
        last = at;
        if (at < ZONE_MIN_S) {
            z->first_offset_s = offsets[types[i]];
            continue;
        }
        z->change_s[z->count] = at;
        z->offset_s[z->count++] = offsets[types[i]];
    }
    return true;
}

static enum err read_block(struct reader *r, const struct counts *c, struct zone *z,
                           struct err_detail *d)
{
    int32_t offsets[TYPES_MAX] = {0};
    const unsigned char *times = take(r, (uint64_t)c->changes * 8);
    const unsigned char *of_changes = take(r, c->changes);
    const unsigned char *types = take(r, (uint64_t)c->types * TYPE_BYTES);
    if (!times || !of_changes || !types ||
        !take(r, (uint64_t)c->letters + c->standard_flags + c->utc_flags))
        return damaged(d, "it ends early");
    if (!read_types(types, c, offsets))
        return damaged(d, "an offset is over a day");
    if (!read_changes(times, of_changes, c, offsets, z))
        return damaged(d, "its changes are not in order");
    return ERR_OK;
}

/* A TZ string between two line feeds; an empty one says nothing, §3.3. */
static enum err read_footer(struct reader *r, struct zone *z, struct err_detail *d)
{
    const unsigned char *start = take(r, 1);
    const unsigned char *end = start ? memchr(r->at, '\n', r->left) : NULL;
    if (!end || *start != '\n')
        return damaged(d, "it has no footer");
    size_t n = (size_t)(end - r->at);
    z->has_rule = n > 0;
    if (n && !zone_rule_parse((const char *)r->at, n, &z->rule))
        return damaged(d, "its footer is no TZ string");
    return ERR_OK;
}

enum err zone_parse(const void *bytes, size_t n, struct zone *z, struct err_detail *d)
{
    struct reader r = {bytes, n};
    struct counts c;
    unsigned char version;
    memset(z, 0, sizeof *z);
    if (!take_header(&r, &version, &c))
        return damaged(d, "it does not begin as one");
    if (version < '2')
        return damaged(d, "version 1");
    if (!skip_old_block(&r, &c) || !take_header(&r, &version, &c))
        return damaged(d, "it ends early");
    enum err e = check_counts(&c, d);
    if (!e)
        e = read_block(&r, &c, z, d);
    return e ? e : read_footer(&r, z, d);
}

void zone_init_utc(struct zone *z)
{
    memset(z, 0, sizeof *z);
}

/* The last change up to the instant, -1: none. */
static int change_before(const struct zone *z, int64_t utc_s)
{
    int low = 0, high = z->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (z->change_s[middle] <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

static int64_t within(int64_t n, int64_t min, int64_t max)
{
    return n < min ? min : n > max ? max : n;
}

struct zone_span zone_span_at(const struct zone *z, int64_t utc_s)
{
    utc_s = within(utc_s, ZONE_MIN_S, ZONE_MAX_S);
    int i = change_before(z, utc_s);
    bool is_last = i + 1 == z->count;
    struct zone_span span = {i < 0 ? INT64_MIN : z->change_s[i],
                             is_last ? INT64_MAX : z->change_s[i + 1],
                             i < 0 ? z->first_offset_s : z->offset_s[i]};
    if (!z->has_rule || !is_last)
        return span;
    int64_t last_s = span.start_s; /* the rule holds from here, maybe from its middle */
    span.offset_s = zone_rule_span(&z->rule, utc_s, &span.start_s, &span.end_s);
    if (span.start_s < last_s)
        span.start_s = last_s;
    return span;
}

int32_t zone_offset_at(const struct zone *z, int64_t utc_s)
{
    return zone_span_at(z, utc_s).offset_s;
}

/* Asks all spans within two days, the earliest first: in which does a clock show it? */
struct zone_instants zone_from_wall(const struct zone *z, int64_t wall_s)
{
    struct zone_instants found = {ZONE_WALL_SKIPPED, 0, 0};
    wall_s = within(wall_s, ZONE_MIN_S + ZONE_EDGE_S, ZONE_MAX_S - ZONE_EDGE_S);
    int64_t end_s = wall_s - ZONE_EDGE_S;
    while (end_s <= wall_s + ZONE_EDGE_S) {
        struct zone_span span = zone_span_at(z, end_s);
        int64_t at_s = wall_s - span.offset_s;
        if (at_s >= span.start_s && at_s < span.end_s) {
            bool is_first = found.kind == ZONE_WALL_SKIPPED;
            found.kind = is_first ? ZONE_WALL_ONCE : ZONE_WALL_TWICE;
            found.first_s = is_first ? at_s : found.first_s;
            found.last_s = at_s;
        } else if (at_s < span.start_s && found.kind == ZONE_WALL_SKIPPED) {
            found.first_s = found.last_s = span.start_s;
            return found;
        }
        end_s = span.end_s;
    }
    return found;
}

bool zone_name_is_valid(const char *name)
{
    size_t n = strnlen(name, ZONE_NAME_MAX_BYTES + 1);
    if (n > ZONE_NAME_MAX_BYTES || *name < 'A' || *name > 'Z')
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool part_end = i + 1 == n || name[i + 1] == '/';
        if (!letter && !(c >= '0' && c <= '9') && !strchr("_+-/", c))
            return false;
        if (c == '/' && part_end)
            return false;
    }
    return true;
}
