/* replay_store.c: what the next run is given. */
#include "workers/replay/replay_store.h"
#include "campaigns/kind.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINT_MAX_BYTES ((size_t)16 << 20)

/* As publish.c writes them. */
static const char *const counters[] = {
    "impressions",  "delivered", "clicks",  "conversions",       "complaints",
    "unsubscribes", "bounces",   "refunds", "first_impressions", "first_expected"};
#define COUNTERS (sizeof counters / sizeof *counters)

/* The kind decides which stage comes first. */
static void find_kind(struct replay_store *s)
{
    struct json *spec = NULL;
    struct err_detail d;
    if (!json_parse(s->source->spec, s->source->spec_len, &json_limits_spec, &spec, &d))
        s->kind = kind_find(json_str(json_get(spec, "kind"), ""));
    bool repeats = json_get(spec, "repeat") != NULL;
    json_free(spec);
    if (repeats)
        replay_store_fail(s,
                          "it repeats, and makes no variants itself: replay a run of "
                          "it, as %s~1",
                          s->source->id);
    else if (s->kind)
        (void)snprintf(s->stage, sizeof s->stage, "%s", s->kind->stages[0].name);
    else
        replay_store_fail(s, "its spec is not readable, or of a kind not known here");
}

/* Numbered from 0, without a gap, up to what the job counted. */
static void check_inputs(struct replay_store *s)
{
    const struct replay_source *from = s->source;
    int i = 0;
    while (i < from->input_count && from->inputs[i].seq == i)
        i++;
    if (i < from->input_count || i < from->inputs_expected)
        replay_store_fail(
            s,
            "the record of inputs breaks off at entry %d: it was removed, "
            "or is not among the last 10,000 kept, or the job was made "
            "anew (doctor --repair)",
            i);
}

enum err replay_store_init(struct replay_store *s, const struct replay_source *source,
                           struct replay_state *state)
{
    memset(s, 0, sizeof *s);
    s->source = source;
    s->state = state;
    buf_init(&s->checkpoint, CHECKPOINT_MAX_BYTES);
    find_kind(s);
    check_inputs(s);
    return ERR_OK;
}

void replay_store_fini(struct replay_store *s)
{
    replay_table_fini(&s->counts);
    buf_fini(&s->checkpoint);
    json_free(s->given);
}

void replay_store_fail(struct replay_store *s, const char *fmt, ...)
{
    va_list args;
    if (*s->problem)
        return; /* the first one counts */
    va_start(args, fmt);
    (void)vsnprintf(s->problem, sizeof s->problem, fmt, args);
    va_end(args);
}

static enum err take_counts(struct replay_store *s, const struct json *counts)
{
    json_each (row, counts) {
        struct replay_object *o = replay_table_put(&s->counts, json_key(row));
        if (!o)
            return ERR_NOMEM;
        for (size_t i = 0; i < COUNTERS; i++) {
            char text[32];
            int n = snprintf(text, sizeof text, "%.17g", json_num(json_at(row, i), 0));
            enum err e = replay_put(o, counters[i], text, (size_t)n);
            if (e)
                return e;
        }
    }
    return ERR_OK;
}

static bool take(struct replay_store *s, const struct replay_inputs *in)
{
    struct err_detail d;
    s->at++;
    s->run = in->run;
    if (json_parse(in->given, in->len, &json_limits_reply, &s->given, &d) ||
        take_counts(s, json_get(s->given, "counts")))
        replay_store_fail(s, "inputs of run %lld are not readable", (long long)in->run);
    return !*s->problem;
}

static bool counts_here(const struct replay_store *s)
{
    return s->kind->counting_stage && strcmp(s->kind->counting_stage, s->stage) == 0;
}

static bool is_stored_here(const struct replay_store *s, const char *part)
{
    const char *derived = replay_get(&s->state->checkpoint, part);
    const char *stored = replay_get(&s->source->stored.checkpoint, part);
    return derived && stored && strcmp(derived, stored) == 0;
}

/* Nothing more was recorded: the campaign waits here, or an earlier release went on. */
static void end_waiting(struct replay_store *s)
{
    s->over = true;
    if (s->run < s->source->commits && s->source->input_count == 0 &&
        !(is_stored_here(s, "stage") && is_stored_here(s, "iteration")))
        replay_store_fail(s,
                          "runs after the wait in stage %s were made by an earlier "
                          "release, which did not record what they were given",
                          s->stage);
}

bool replay_store_begin(struct replay_store *s)
{
    const struct replay_inputs *next =
        s->at < s->source->input_count ? &s->source->inputs[s->at] : NULL;
    json_free(s->given);
    s->given = NULL;
    if (*s->problem || s->over)
        return false;
    if (s->run >= s->source->commits)
        s->over = true;
    else if (s->waits && !next)
        end_waiting(s);
    if (s->over)
        return false;
    if (next && next->run < s->run)
        replay_store_fail(s, "inputs of run %lld come too late", (long long)next->run);
    else if (!next && counts_here(s))
        replay_store_fail(s,
                          "run %lld of stage %s has no record of its counts: it was "
                          "made by an earlier release, or the record was removed",
                          (long long)s->run, s->stage);
    if (*s->problem)
        return false;
    bool jump = s->waits || counts_here(s); /* runs between decided nothing */
    return next && (jump || next->run == s->run) ? take(s, next) : true;
}

static const struct replay_journal *journal(const struct replay_store *s)
{
    for (int i = 0; i < s->source->journal_count; i++) {
        const struct replay_journal *j = &s->source->journals[i];
        if (j->iteration == s->iteration && strcmp(j->stage, s->stage) == 0)
            return j;
    }
    return NULL;
}

static struct port_field *fields_of(struct arena *a, const struct replay_object *o,
                                    const struct replay_object *more, int *count)
{
    size_t n = (size_t)o->count + (more ? (size_t)more->count : 0);
    struct port_field *out = arena_array(a, n + 1, sizeof *out);
    *count = 0;
    for (int i = 0; out && i < o->count; i++)
        out[(*count)++] = (struct port_field){o->words[i].name, o->words[i].value};
    for (int i = 0; out && more && i < more->count; i++)
        out[(*count)++] =
            (struct port_field){more->words[i].name, more->words[i].value};
    return out;
}

static enum err put_variants(struct replay_store *s, struct arena *a,
                             struct port_image *out)
{
    const struct replay_table *t = &s->state->variants;
    struct port_variant *list = arena_array(a, (size_t)t->count + 1, sizeof *list);
    for (int i = 0; list && i < t->count; i++) {
        const struct replay_object *o = t->items[i];
        list[i].id = o->name;
        list[i].fields = fields_of(a, o, replay_table_find(&s->counts, o->name),
                                   &list[i].field_count);
        if (!list[i].fields)
            return ERR_NOMEM;
    }
    out->variants = list;
    out->variant_count = t->count;
    return list ? ERR_OK : ERR_NOMEM;
}

static enum err put_placements(struct replay_store *s, struct arena *a,
                               struct port_image *out)
{
    const struct replay_table *t = &s->state->placements;
    struct port_placement *list = arena_array(a, (size_t)t->count + 1, sizeof *list);
    for (int i = 0; list && i < t->count; i++) {
        const struct replay_object *o = t->items[i];
        const char *epoch = replay_get(o, "epoch");
        list[i].name = o->name;
        list[i].epoch = epoch ? strtoll(epoch, NULL, 10) : 0;
        list[i].fields = fields_of(a, o, NULL, &list[i].field_count);
        if (!list[i].fields)
            return ERR_NOMEM;
    }
    out->placements = list;
    out->placement_count = t->count;
    return list ? ERR_OK : ERR_NOMEM;
}

static enum err put_mail(struct replay_store *s, struct arena *a,
                         struct port_image *out)
{
    const struct json *mail = json_get(s->given, "mail");
    const char **texts = arena_array(a, json_count(mail) + 1, sizeof *texts);
    if (!texts)
        return ERR_NOMEM;
    json_each (letter, mail)
        texts[out->mail_count++] = json_str(letter, "");
    out->mail = texts;
    out->more_mail = json_bool(json_get(s->given, "more"), false);
    out->timed_out = json_bool(json_get(s->given, "timed_out"), false);
    return ERR_OK;
}

enum err replay_store_image(struct replay_store *s, struct arena *a,
                            struct port_image *out)
{
    const struct replay_journal *j = journal(s);
    *out = (struct port_image){.spec = s->source->spec,
                               .spec_len = s->source->spec_len,
                               .checkpoint = buf_str(&s->checkpoint),
                               .checkpoint_len = s->checkpoint.len,
                               .id = s->source->id,
                               .progress = s->run,
                               .journal = j ? j->records : NULL,
                               .journal_count = j ? j->count : 0};
    s->records += out->journal_count;
    out->fields = fields_of(a, &s->state->campaign, NULL, &out->field_count);
    enum err e = out->fields ? put_variants(s, a, out) : ERR_NOMEM;
    if (!e)
        e = put_placements(s, a, out);
    return e ? e : put_mail(s, a, out);
}

bool replay_store_is_unpaid(const struct replay_store *s, int index)
{
    json_each (item, json_get(s->given, "unpaid")) {
        if (json_int(item, -1) == index)
            return true;
    }
    return false;
}

/* Asks that failed for good have no later record; one that was cancelled says nothing.
 */
enum err replay_store_failure(const struct replay_store *s, int index)
{
    const struct replay_journal *j = journal(s);
    const struct port_record *last = NULL;
    for (int i = 0; j && i < j->count; i++) {
        const struct port_record *r = &j->records[i];
        if (r->index == index && (!last || r->attempt > last->attempt))
            last = r;
    }
    struct json *record = NULL;
    struct err_detail d;
    enum err code = ERR_OK;
    if (last && !json_parse(last->text, last->len, &json_limits_reply, &record, &d) &&
        strcmp(json_str(json_get(record, "s"), ""), "err") == 0)
        code = err_from_code(json_str(json_get(record, "code"), "internal"));
    json_free(record);
    return code == ERR_CANCELLED ? ERR_OK : code;
}
