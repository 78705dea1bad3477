/* sim_server.c: routes, waiting answers, safety bounds. */
#include "tests/llmsim/sim_server.h"
#include "core/base/clock.h"
#include "core/base/list.h"
#include "core/io/httpd.h"
#include "tests/llmsim/sim_asked.h"
#include "tests/llmsim/sim_pages.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 4096
#define BODY_MAX_BYTES (16u << 20) /* of files; a chat may have 4 MiB */
#define ANSWER_MAX_BYTES (8u << 20)
#define ARENA_MAX_BYTES (16u << 20)
#define ID_MAX 256
#define PIECE_BYTES 1024 /* of a body that stops in the middle */
#define GRACE_MS 200     /* the last answer leaves before the loop stops */
#define STATUS_GONE 499

struct sim_server {
    struct loop *loop;                 /* borrows */
    const struct sim_options *options; /* borrows */
    struct sim_ledger *ledger;         /* borrows */
    struct httpd *httpd;
    struct loop_timer *exit_timer;
    struct sim_batches *batches;
    struct list waiting;
    uint64_t chats, answered;
    struct sim_counts counts;
    struct sim_rates rates;
};

/* A request whose answer is ready and waits for its latency. */
struct waiting {
    struct list node;
    struct sim_server *server; /* borrows */
    struct httpd_request *request;
    struct loop_timer *timer;
    uint64_t n;
    char id[ID_MAX];
    int status; /* 0 = drop the connection */
    bool hint;  /* Retry-After is told */
    double hint_s;
    struct sim_rates_told told;
    enum httpd_stop stop;
    size_t stop_at;
    const char *type; /* of the body */
    struct buf body;
    struct sim_usage usage;
};

static void on_stop(void *arg)
{
    struct sim_server *s = arg;
    loop_stop(s->loop);
}

static void answer_page(struct httpd_request *q, int status, const char *type,
                        const struct buf *body)
{
    struct httpd_answer a = {
        .status = status,
        .content_type = type,
        .body = buf_str(body),
        .body_len = body->len,
        .headers = {{"X-Simulated", "barker-llmsim"}, {"x-request-id", "sim"}},
    };
    httpd_answer(q, &a);
}

static void answer_chat(const struct waiting *w)
{
    const struct sim_options *o = w->server->options;
    char request_id[32], retry_after[32];
    struct sim_rates_text rates;
    snprintf(request_id, sizeof(request_id), "sim-%llu", (unsigned long long)w->n);
    snprintf(retry_after, sizeof(retry_after), "%g", w->hint_s);
    size_t piece = w->stop ? PIECE_BYTES : 0;
    struct httpd_answer a = {
        .status = w->status,
        .content_type = w->type,
        .body = buf_str(&w->body),
        .body_len = w->body.len,
        .headers = {{"X-Simulated", "barker-llmsim"}, {"x-request-id", request_id}},
        .piece_bytes = o->piece_bytes ? (size_t)o->piece_bytes : piece,
        .stop = w->stop,
        .stop_at = w->stop_at,
    };
    int n = 2;
    if (w->hint) {
        a.headers[n][0] = "Retry-After";
        a.headers[n++][1] = retry_after;
    }
    sim_rates_write(&o->rates, &w->told, clock_wall_ms(), &rates, &a.headers[n]);
    httpd_answer(w->request, &a);
}

static void note_done(struct waiting *w, int status)
{
    struct sim_server *s = w->server;
    if (sim_ledger_done(s->ledger, w->n, w->id, status, &w->usage) != ERR_OK) {
        fputs("barker-llmsim: the ledger could not be written\n", stderr);
        loop_stop(s->loop); /* a ledger with holes proves nothing */
    }
    s->answered++;
    if (s->options->max_requests > 0 &&
        s->answered == (uint64_t)s->options->max_requests) {
        loop_timer_start(s->exit_timer, GRACE_MS, 0);
    }
}

static void waiting_free(struct waiting *w)
{
    list_remove(&w->node);
    w->server->counts.in_flight--;
    if (w->timer)
        loop_timer_free(w->timer);
    buf_fini(&w->body);
    free(w);
}

static void on_due(void *arg)
{
    struct waiting *w = arg;
    httpd_set_user(w->request, NULL);
    note_done(w, w->status);
    if (w->status == 0) {
        httpd_drop(w->request);
    } else {
        answer_chat(w);
    }
    waiting_free(w);
}

static void on_gone(void *arg, struct httpd_request *q, void *user)
{
    struct waiting *w = user;
    (void)arg;
    (void)q;
    if (w) {
        w->usage = (struct sim_usage){0};
        note_done(w, STATUS_GONE);
        waiting_free(w);
    }
}

static void put_error(struct waiting *w, int status, const char *type, const char *code,
                      const char *param, const char *message)
{
    buf_clear(&w->body);
    w->status = status;
    w->usage = (struct sim_usage){0};
    sim_chat_error(&w->body, type, code, param, message);
}

static void put_refusal(struct waiting *w, const struct err_detail *d)
{
    put_error(w, 400, "invalid_request_error", err_code(d->code),
              d->path[0] ? d->path : NULL, d->message);
}

/* An answer is there; it may come out otherwise. */
static void spoil(struct waiting *w, enum sim_fault fault, bool stream)
{
    if (fault == SIM_FAULT_OVERLOAD) {
        put_error(w, 200, "overloaded_error", "overloaded", NULL,
                  "The simulated model is overloaded.");
        if (stream) {
            struct buf body;
            buf_init(&body, ANSWER_MAX_BYTES);
            (void)buf_printf(&body, "data: %s\n\n", buf_str(&w->body));
            buf_fini(&w->body);
            w->body = body;
        }
    } else if (fault == SIM_FAULT_STALL || fault == SIM_FAULT_CUT) {
        w->stop = fault == SIM_FAULT_CUT ? HTTPD_CUT : HTTPD_STALL;
        w->stop_at = fault == SIM_FAULT_STALL && !stream ? 0 : w->body.len / 2;
    }
}

static void write_answer(struct waiting *w, struct arena *a, struct sim_asked *q,
                         enum sim_fault fault)
{
    struct sim_server *s = w->server;
    struct err_detail d = {0};
    struct sim_sample sample = {.seed = s->options->faults.seed,
                                .index = sim_ledger_sample(s->ledger, q->sha256),
                                .request = w->n,
                                .fault = fault,
                                .created_s = clock_wall_ms() / 1000};
    enum err e = sim_asked_answer(q, a, &sample, &w->body, &w->usage, &d);
    if (e != ERR_OK) {
        d.code = e;
        put_refusal(w, &d);
        return;
    }
    w->type = q->chat.stream ? "text/event-stream" : w->type;
    spoil(w, fault, q->chat.stream);
}

static void limit(struct waiting *w, struct sim_draw *draw)
{
    struct sim_server *s = w->server;
    int64_t now_ms = clock_wall_ms();
    if (w->status != 200 ||
        sim_rates_take(&s->rates, &s->options->rates, &w->usage, now_ms, &w->told))
        return;
    draw->latency_ms = 0;
    w->hint = true;
    w->stop = HTTPD_NO_STOP;
    w->hint_s = (double)(w->told.until_ms - now_ms) / 1000;
    w->type = "application/json";
    put_error(w, 429, "requests", "rate_limit_exceeded", NULL,
              "Rate limit reached (simulated). Please try again later.");
}

/* True: the request fails with an error status, or without any. */
static bool fail(struct waiting *w, struct sim_draw *draw)
{
    if (draw->fault == SIM_FAULT_RATE_LIMIT || draw->fault == SIM_FAULT_MONEY) {
        w->hint = draw->fault == SIM_FAULT_RATE_LIMIT;
        draw->latency_ms = 0;
        if (w->hint) {
            put_error(w, 429, "requests", "rate_limit_exceeded", NULL,
                      "Rate limit reached (simulated). Please try again later.");
        } else {
            put_error(w, 429, "insufficient_quota", "insufficient_quota", NULL,
                      "You exceeded your current quota (simulated).");
        }
    } else if (draw->fault == SIM_FAULT_500) {
        put_error(w, 500, "server_error", NULL, NULL, "Simulated server error.");
    } else if (draw->fault == SIM_FAULT_DROP) {
        w->status = 0;
    } else {
        return false;
    }
    return true;
}

/* Writes the arrival, then decides the whole answer. */
static void decide(struct waiting *w, enum sim_route route, struct arena *a,
                   struct sim_draw *draw)
{
    struct sim_server *s = w->server;
    struct sim_asked asked;
    struct err_detail d = {0};
    size_t n = 0;
    const char *body = httpd_body(w->request, &n);
    enum err e = sim_asked_parse(route, a, body, n, &asked, &d);
    enum err noted =
        sim_ledger_arrive(s->ledger, w->n, w->id, asked.sha256, asked.model);
    *draw = sim_faults_draw(&s->options->faults, w->n);
    if (noted != ERR_OK) {
        put_error(w, 500, "server_error", "ledger", NULL, "the ledger is not writable");
    } else if (e != ERR_OK) {
        put_refusal(w, &d);
    } else if (!fail(w, draw)) {
        write_answer(w, a, &asked, draw->fault);
        limit(w, draw);
    }
    sim_asked_fini(&asked);
}

static void on_asked(struct sim_server *s, struct httpd_request *q,
                     enum sim_route route)
{
    struct waiting *w = calloc(1, sizeof(*w));
    struct arena a;
    struct sim_draw draw = {0};
    const char *id = httpd_header(q, "X-Client-Request-Id");
    if (!w || loop_timer_new(s->loop, on_due, w, &w->timer) != ERR_OK) {
        free(w);
        httpd_drop(q);
        return;
    }
    w->server = s;
    w->request = q;
    s->chats++;
    w->n = ++s->counts.requests;
    w->status = 200;
    w->hint_s = s->options->retry_after_s;
    w->type = "application/json";
    snprintf(w->id, sizeof(w->id), "%s", id ? id : "");
    buf_init(&w->body, ANSWER_MAX_BYTES);
    list_push(&s->waiting, &w->node);
    if (++s->counts.in_flight > s->counts.peak) {
        s->counts.peak = s->counts.in_flight;
    }
    arena_init(&a, ARENA_MAX_BYTES);
    decide(w, route, &a, &draw);
    arena_fini(&a);
    httpd_set_user(q, w);
    loop_timer_start(w->timer, draw.latency_ms, 0);
}

static int serve_batches(struct sim_server *s, struct httpd_request *q,
                         const char **type, struct buf *out)
{
    struct sim_batches_request b = {
        .method = httpd_method(q),
        .path = httpd_path(q),
        .content_type = httpd_header(q, "Content-Type"),
        .host = httpd_header(q, "Host"),
        .after = httpd_query(q, "after"),
        .limit = httpd_query(q, "limit"),
    };
    b.after = b.after ? b.after : httpd_query(q, "after_id");
    b.body = httpd_body(q, &b.len);
    return sim_batches_serve(s->batches, &b, type, out);
}

static void on_request(void *arg, struct httpd_request *q)
{
    struct sim_server *s = arg;
    const char *method = httpd_method(q), *path = httpd_path(q);
    struct buf out;
    enum sim_route route = sim_asked_route(method, path);
    if (route != SIM_ROUTE_OTHER && (s->options->max_requests == 0 ||
                                     s->chats < (uint64_t)s->options->max_requests)) {
        on_asked(s, q, route);
        return;
    }
    buf_init(&out, SIM_PAGE_MAX_BYTES);
    int status = 503;
    const char *type = "application/json";
    if (route != SIM_ROUTE_OTHER) {
        sim_chat_error(&out, "server_error", "max_requests", NULL,
                       "The simulator has served all it was asked to.");
    } else {
        status = serve_batches(s, q, &type, &out);
        status =
            status ? status : sim_pages_put(method, path, &s->counts, s->ledger, &out);
    }
    answer_page(q, status, type, &out);
    buf_fini(&out);
}

enum err sim_server_new(struct loop *l, const struct sim_options *o,
                        struct sim_ledger *ledger, struct sim_server **out,
                        struct err_detail *d)
{
    struct httpd_options h = {
        .listen = o->listen,
        .max_body_bytes = BODY_MAX_BYTES,
        .max_connections = CONNECTIONS_MAX,
    };
    struct sim_server *s = calloc(1, sizeof(*s));
    if (!s) {
        return err_set(d, ERR_NOMEM, "", "no memory");
    }
    s->loop = l;
    s->options = o;
    s->ledger = ledger;
    list_init(&s->waiting);
    struct sim_batch_world world = {.options = &o->batch,
                                    .faults = &o->faults,
                                    .ledger = ledger,
                                    .requests = &s->counts.requests};
    enum err e = sim_batches_new(l, &world, &s->batches);
    if (e == ERR_OK) {
        e = loop_timer_new(l, on_stop, s, &s->exit_timer);
    }
    if (e == ERR_OK) {
        e = httpd_new(l, &h, on_request, on_gone, s, &s->httpd, d);
    }
    if (e != ERR_OK) {
        sim_server_free(s);
        return e;
    }
    if (o->exit_after_s > 0) {
        loop_timer_start(s->exit_timer, o->exit_after_s * 1000, 0);
    }
    *out = s;
    return ERR_OK;
}

void sim_server_free(struct sim_server *s)
{
    if (!s) {
        return;
    }
    list_each_safe (node, after, &s->waiting) {
        struct waiting *w = list_item(node, struct waiting, node);
        httpd_set_user(w->request, NULL);
        httpd_drop(w->request);
        waiting_free(w);
    }
    if (s->httpd)
        httpd_free(s->httpd);
    if (s->exit_timer)
        loop_timer_free(s->exit_timer);
    sim_batches_free(s->batches);
    free(s);
}

int sim_server_port(const struct sim_server *s)
{
    return httpd_port(s->httpd);
}
