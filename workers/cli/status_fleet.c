/* status_fleet.c: the operator's view: workers, and what waits for them. */
#include "core/base/json_out.h"
#include "queues/health.h"
#include "workers/cli/cmd_status.h"
#include "workers/cli/table.h"
#include "workers/fleet.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 256
#define NAME_MAX_BYTES 96
#define STREAMS 3
#define OUT_MAX_BYTES ((size_t)1 << 20)

struct one { /* worker */
    char name[NAME_MAX_BYTES], version[32], cooling[160];
    int64_t beat_ms; /* of Redis; negative: declared dead */
    int64_t jobs, slots, calls, waiting, lag_ms, age_ms;
    bool lives;
};
struct view {
    struct one worker[WORKERS_MAX];
    int count;
    int64_t redis_ms, dead, refused;
    char stream[STREAMS][16];
    int64_t length[STREAMS], oldest_ms[STREAMS];
    struct fleet fleet;
};

static enum err take_health(void *arg, const struct reply *r)
{
    struct view *v = arg;
    const struct reply *workers = reply_at(r, 6);
    v->redis_ms = reply_int(reply_at(r, 0));
    for (size_t i = 0; i < STREAMS; i++) {
        const struct reply *row = reply_at(reply_at(r, 1), i);
        int64_t at = reply_int(reply_at(row, 2));
        (void)snprintf(v->stream[i], sizeof v->stream[i], "%s",
                       reply_str(reply_at(row, 0), NULL));
        v->length[i] = reply_int(reply_at(row, 1));
        v->oldest_ms[i] = at ? v->redis_ms - at : 0;
    }
    v->fleet.backlog = reply_int(reply_at(r, 2));
    int64_t oldest = reply_int(reply_at(r, 3));
    v->fleet.oldest_ms = oldest ? v->redis_ms - oldest : 0;
    v->dead = reply_int(reply_at(r, 4));
    v->refused = reply_int(reply_at(r, 5));
    for (size_t i = 0; i < reply_count(workers) / 2 && v->count < WORKERS_MAX; i++) {
        struct one *w = &v->worker[v->count++];
        const char *beat = reply_str(reply_at(workers, 2 * i + 1), NULL);
        (void)snprintf(w->name, sizeof w->name, "%s",
                       reply_str(reply_at(workers, 2 * i), NULL));
        w->beat_ms = (int64_t)strtod(beat, NULL);
    }
    return ERR_OK;
}

static enum err take_worker(void *arg, const struct reply *r)
{
    struct one *w = arg;
    w->lives = reply_count(r) > 0 && w->beat_ms > 0;
    (void)snprintf(w->version, sizeof w->version, "%s",
                   reply_str(reply_get(r, "version"), NULL));
    (void)snprintf(w->cooling, sizeof w->cooling, "%s",
                   reply_str(reply_get(r, "cooling"), NULL));
    w->jobs = reply_int(reply_get(r, "jobs"));
    w->slots = reply_int(reply_get(r, "slots"));
    w->calls = reply_int(reply_get(r, "in_flight"));
    w->waiting = reply_int(reply_get(r, "waiting"));
    w->lag_ms = reply_int(reply_get(r, "loop_lag_ms"));
    return ERR_OK;
}

static int look(struct session *s, struct view *v)
{
    struct session_call call = {.session = s, .take = take_health, .arg = v};
    int rc = session_end(&call, health_read(&s->queue, session_settle, &call, 0));
    for (int i = 0; i < v->count && !rc; i++) {
        struct one *w = &v->worker[i];
        struct session_call one = {.session = s, .take = take_worker, .arg = w};
        rc = session_end(&one,
                         health_worker(&s->queue, w->name, session_settle, &one, 0));
        w->age_ms = v->redis_ms - (w->beat_ms < 0 ? -w->beat_ms : w->beat_ms);
        v->fleet.workers += w->lives;
        v->fleet.jobs += w->lives ? w->jobs : 0;
        v->fleet.slots += w->lives ? w->slots : 0;
    }
    return rc;
}

static void add_number(struct table *t, int64_t n)
{
    char cell[32];
    (void)snprintf(cell, sizeof cell, "%" PRId64, n);
    table_add(t, cell);
}

static void put_text(const struct view *v, struct buf *out)
{
    static const char *const heads[] = {
        "WORKER",  "STATE",        ">JOBS",   ">SLOTS",       ">CALLS", ">WAITING",
        ">LAG MS", ">BEAT MS AGO", "VERSION", "DOES NOT ASK", NULL};
    struct table t;
    table_init(&t, heads);
    for (int i = 0; i < v->count; i++) {
        const struct one *w = &v->worker[i];
        table_add_text(&t, w->name);
        table_add(&t, w->lives ? "live" : w->beat_ms < 0 ? "dead" : "silent");
        add_number(&t, w->jobs);
        add_number(&t, w->slots);
        add_number(&t, w->calls);
        add_number(&t, w->waiting);
        add_number(&t, w->lag_ms);
        add_number(&t, w->age_ms);
        table_add_text(&t, w->version);
        table_add_text(&t, w->cooling);
    }
    if (v->count && table_print(&t, out))
        buf_printf(out, "(the table is too large)\n");
    table_fini(&t);
    buf_printf(
        out,
        "%d of %" PRId64 " workers wanted; %" PRId64 " campaigns wait, the first "
        "for %.1f s; %" PRId64 " gave up; %" PRId64 " inputs refused in an hour\n",
        v->fleet.workers, fleet_desired(&v->fleet), v->fleet.backlog,
        (double)v->fleet.oldest_ms / 1000, v->dead, v->refused);
    for (int i = 0; i < STREAMS; i++)
        buf_printf(out, "%s%s %" PRId64, i ? ", " : "", v->stream[i], v->length[i]);
    buf_printf(out, " unread\n");
}

static void put_worker(struct json_out *w, const struct one *o)
{
    json_out_open(w, '{');
    json_out_kstr(w, "worker", o->name);
    json_out_kstr(w, "state", o->lives ? "live" : o->beat_ms < 0 ? "dead" : "silent");
    json_out_kint(w, "jobs", o->jobs);
    json_out_kint(w, "slots", o->slots);
    json_out_kint(w, "in_flight", o->calls);
    json_out_kint(w, "waiting", o->waiting);
    json_out_kint(w, "loop_lag_ms", o->lag_ms);
    json_out_kint(w, "beat_ms_ago", o->age_ms);
    json_out_kstr(w, "version", o->version);
    json_out_kstr(w, "cooling", o->cooling);
    json_out_close(w, '}');
}

static void put_json(const struct view *v, struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kint(&w, "live", v->fleet.workers);
    json_out_kint(&w, "desired_workers", fleet_desired(&v->fleet));
    json_out_kint(&w, "jobs", v->fleet.jobs);
    json_out_kint(&w, "free_slots", v->fleet.slots - v->fleet.jobs);
    json_out_kint(&w, "backlog", v->fleet.backlog);
    json_out_kint(&w, "oldest_ms", v->fleet.oldest_ms);
    json_out_kint(&w, "dead", v->dead);
    json_out_kint(&w, "refused", v->refused);
    for (int i = 0; i < STREAMS; i++) {
        json_out_key(&w, v->stream[i]);
        json_out_open(&w, '{');
        json_out_kint(&w, "length", v->length[i]);
        json_out_kint(&w, "oldest_ms", v->oldest_ms[i]);
        json_out_close(&w, '}');
    }
    json_out_key(&w, "workers");
    json_out_open(&w, '[');
    for (int i = 0; i < v->count; i++)
        put_worker(&w, &v->worker[i]);
    json_out_close(&w, ']');
    json_out_close(&w, '}');
    buf_append_char(out, '\n');
}

int status_fleet(struct cli *c, struct session *s)
{
    struct view *v = calloc(1, sizeof *v);
    struct buf out;
    if (!v)
        return CLI_FAILED;
    v->fleet.slots_per_worker = config_int(c->config, "worker", "jobs");
    int rc = look(s, v);
    buf_init(&out, OUT_MAX_BYTES);
    if (!rc && cli_is_json(c))
        put_json(v, &out);
    else if (!rc)
        put_text(v, &out);
    free(v);
    if (!rc)
        return cli_print(c, &out);
    buf_fini(&out);
    return rc;
}
