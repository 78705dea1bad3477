/* replay_read.c: one script for what must be of one moment, then inputs and journals,
 * which only grow. */
#include "workers/cli/replay_read.h"
#include "core/base/json.h"
#include "queues/record.h"
#include "workers/cli/replay_counts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_MAX_BYTES ((size_t)1 << 30)
#define INPUTS_MAX 12000 /* over what a stream of about 10,000 can hold */

struct journal_read { /* one journal under way */
    struct replay_record *record;
    struct replay_journal *journal;
};

static const char *copy(struct replay_record *r, const struct reply *from, size_t *len)
{
    size_t n;
    const char *text = reply_str(from, &n);
    if (len)
        *len = n;
    return arena_strndup(&r->arena, text, n);
}

static enum err put_hash(struct replay_object *o, const struct reply *flat)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i + 1 < reply_count(flat) && !e; i += 2) {
        size_t n;
        const char *value = reply_str(reply_at(flat, i + 1), &n);
        e = replay_put(o, reply_str(reply_at(flat, i), NULL), value, n);
    }
    return e;
}

static enum err take_variants(struct replay_record *r, const struct reply *list)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < reply_count(list) && !e; i++) {
        const struct reply *row = reply_at(list, i);
        struct replay_object *o = replay_table_put(&r->source.stored.variants,
                                                   reply_str(reply_at(row, 0), NULL));
        e = o ? put_hash(o, reply_at(row, 1)) : ERR_NOMEM;
    }
    return e;
}

static enum err take_rank(struct replay_record *r, const char *place,
                          const struct reply *flat)
{
    struct replay_object *o = replay_table_put(&r->source.stored.ranks, place);
    enum err e = o ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; i + 1 < reply_count(flat) && !e; i += 2)
        e = replay_put_score(o, reply_str(reply_at(flat, i), NULL),
                             reply_str(reply_at(flat, i + 1), NULL));
    return e;
}

/* One that no commit ranked yet is there for its counters only. */
static enum err take_placement(struct replay_record *r, const char *name,
                               const struct reply *row)
{
    size_t n;
    const char *shares = reply_str(reply_at(row, 2), &n);
    if (n == 0 && reply_int(reply_get(reply_at(row, 1), "epoch")) == 0)
        return ERR_OK;
    struct replay_object *o = replay_table_put(&r->source.stored.placements, name);
    enum err e = o ? put_hash(o, reply_at(row, 1)) : ERR_NOMEM;
    return !e && n ? replay_put(o, "shares", shares, n) : e;
}

static enum err take_placements(struct replay_record *r, const struct reply *list)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < reply_count(list) && !e; i++) {
        const struct reply *row = reply_at(list, i);
        const char *name = reply_str(reply_at(row, 0), NULL);
        e = take_placement(r, name, row);
        if (!e)
            e = take_rank(r, name, reply_at(row, 3));
    }
    return e;
}

static void take_pins(struct replay_record *r, const char *text, size_t n)
{
    struct json *j = NULL;
    struct err_detail d;
    if (json_parse(text, n, &json_limits_reply, &j, &d))
        return;
    const struct json *pins = json_get(j, "pins");
    (void)snprintf(r->prompts, sizeof r->prompts, "%.79s",
                   json_str(json_get(pins, "prompts"), ""));
    (void)snprintf(r->release, sizeof r->release, "%.63s",
                   json_str(json_get(pins, "release"), ""));
    json_free(j);
}

static enum err take_journals(struct replay_record *r, const struct reply *list)
{
    size_t n = reply_count(list);
    struct replay_journal *out = arena_array(&r->arena, n + 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++) {
        out[i].stage = copy(r, reply_at(reply_at(list, i), 0), NULL);
        out[i].iteration = (int)reply_int(reply_at(reply_at(list, i), 1));
        if (!out[i].stage)
            return ERR_NOMEM;
    }
    r->source.journals = out;
    r->source.journal_count = (int)n;
    return out ? ERR_OK : ERR_NOMEM;
}

static enum err take_main(void *arg, const struct reply *r)
{
    struct replay_record *out = arg;
    struct replay_source *s = &out->source;
    const struct reply *newest = reply_at(r, 9);
    size_t n;
    out->there = reply_count(r) > 0;
    if (!out->there)
        return ERR_OK;
    s->commits = reply_int(reply_at(r, 0));
    s->buried = strcmp(reply_str(reply_at(r, 1), NULL), "dead") == 0;
    s->inputs_expected = reply_int(reply_at(r, 10));
    s->spec = copy(out, reply_at(r, 2), &s->spec_len);
    const char *checkpoint = reply_str(reply_at(r, 3), &n);
    take_pins(out, checkpoint, n);
    enum err e = s->spec ? put_hash(&s->stored.campaign, reply_at(r, 4)) : ERR_NOMEM;
    if (!e && n && replay_put_checkpoint(&s->stored, checkpoint, n) == ERR_NOMEM)
        e = ERR_NOMEM; /* one that is no JSON differs from what is derived */
    if (!e)
        e = take_variants(out, reply_at(r, 5));
    if (!e)
        e = take_placements(out, reply_at(r, 6));
    if (!e)
        e = take_journals(out, reply_at(r, 7));
    if (reply_count(newest) > 0)
        (void)snprintf(out->newest, sizeof out->newest, "%s",
                       reply_str(reply_at(newest, 0), NULL));
    if (!e)
        e = replay_counts_check(&s->stored, reply_at(r, 8), out->counts_wrong,
                                sizeof out->counts_wrong);
    return e;
}

struct inputs_read {
    struct replay_record *record;
    struct replay_inputs *list;
    char last[64];
    size_t page;
    bool reached; /* the newest of the main reply */
};

static enum err take_inputs(void *arg, const struct reply *r)
{
    struct inputs_read *in = arg;
    struct replay_source *s = &in->record->source;
    in->page = reply_count(r);
    for (size_t i = 0; i < in->page && !in->reached; i++) {
        const struct reply *row = reply_at(r, i), *fields = reply_at(row, 1);
        struct replay_inputs *one = &in->list[s->input_count];
        (void)snprintf(in->last, sizeof in->last, "%s",
                       reply_str(reply_at(row, 0), NULL));
        if (s->input_count == INPUTS_MAX)
            return ERR_LIMIT;
        one->seq = reply_int(reply_get(fields, "seq"));
        one->run = reply_int(reply_get(fields, "run"));
        one->given = copy(in->record, reply_get(fields, "given"), &one->len);
        if (!one->given)
            return ERR_NOMEM;
        s->input_count++;
        in->reached = strcmp(in->last, in->record->newest) == 0;
    }
    return ERR_OK;
}

static int read_inputs(struct replay_record *r)
{
    struct inputs_read in = {.record = r, .last = "-", .page = RECORD_PAGE};
    in.list = arena_array(&r->arena, INPUTS_MAX + 1, sizeof *in.list);
    int rc = in.list ? CLI_OK : CLI_FAILED;
    in.reached = !*r->newest;
    r->source.inputs = in.list;
    while (!rc && !in.reached && in.page == RECORD_PAGE) {
        struct session_call call = {
            .session = r->session, .take = take_inputs, .arg = &in};
        rc = session_end(&call, record_inputs(&r->session->queue, r->source.id, in.last,
                                              session_settle, &call, 0));
    }
    if (!rc && !in.reached) {
        cli_error(r->session->cli, ERR_BUSY,
                  "%s was ranked anew while its record was read; try again",
                  r->source.id);
        rc = CLI_FAILED;
    }
    return rc;
}

static enum err take_journal(void *arg, const struct reply *r)
{
    struct journal_read *in = arg;
    size_t n = reply_count(r) / 2;
    struct port_record *list = arena_array(&in->record->arena, n + 1, sizeof *list);
    for (size_t i = 0; list && i < n; i++) {
        char *end = NULL;
        list[i].index = (int)strtol(reply_str(reply_at(r, 2 * i), NULL), &end, 10);
        list[i].attempt = *end == '/' ? (int)strtol(end + 1, NULL, 10) : 0;
        list[i].text = copy(in->record, reply_at(r, 2 * i + 1), &list[i].len);
        if (!list[i].text)
            return ERR_NOMEM;
    }
    in->journal->records = list;
    in->journal->count = (int)n;
    return list ? ERR_OK : ERR_NOMEM;
}

static int read_journals(struct replay_record *r)
{
    int rc = CLI_OK;
    /* made by take_journals(), const for those that replay */
    struct replay_journal *list = (struct replay_journal *)r->source.journals;
    for (int i = 0; i < r->source.journal_count && !rc; i++) {
        struct journal_read in = {r, &list[i]};
        struct session_call call = {
            .session = r->session, .take = take_journal, .arg = &in};
        rc = session_end(&call,
                         record_journal(&r->session->queue, r->source.id, list[i].stage,
                                        list[i].iteration, session_settle, &call, 0));
    }
    return rc;
}

int replay_read(struct session *s, const char *id, struct replay_record *out)
{
    memset(out, 0, sizeof *out);
    out->session = s;
    out->source.id = id;
    arena_init(&out->arena, RECORD_MAX_BYTES);
    struct session_call call = {.session = s, .take = take_main, .arg = out};
    int rc = session_end(&call, record_read(&s->queue, id, session_settle, &call, 0));
    if (!rc && !out->there)
        return CLI_NOT_FOUND;
    if (!rc)
        rc = read_inputs(out);
    return rc ? rc : read_journals(out);
}

void replay_record_fini(struct replay_record *r)
{
    replay_state_fini(&r->source.stored);
    arena_fini(&r->arena);
}
