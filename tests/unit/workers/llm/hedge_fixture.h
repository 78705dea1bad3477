/* hedge_fixture.h: calls that may be asked twice, and a server in the same loop; it
 * answers, or holds a request until told. */
#ifndef BARKER_TESTS_HEDGE_FIXTURE_H
#define BARKER_TESTS_HEDGE_FIXTURE_H

#include "core/io/httpd.h"
#include "workers/llm/llm.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define WAIT_MS 20000
#define WARM 50 /* requests: then one may be asked twice */
#define REPLY                                                                          \
    "{\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"    \
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}"
#define PRICE_IN 1000 /* nano-dollars a token */
#define PRICE_OUT 2000

struct fixture {
    struct loop *loop;
    struct httpd *server;
    struct config *config;
    struct llm *llm;
    struct loop_timer *timer;
    int requests, gone, hold_from; /* requests from this one on are held */
    int refuse_with;               /* if not 0: what all others are answered */
    struct httpd_request *held[4];
    char ids[4][96]; /* of those */
    int held_count;
    int settled;
    bool done, ticked, full;        /* full: two are held */
    struct port_call_result result; /* strings are dead but this */
    char text[16];
};

static inline void answer(struct httpd_request *q, int status)
{
    const char *body = status == 200 ? REPLY : "{\"error\":{\"message\":\"no\"}}";
    struct httpd_answer a = {.status = status,
                             .content_type = "application/json",
                             .body = body,
                             .body_len = strlen(body)};
    httpd_answer(q, &a);
}

static inline void on_request(void *arg, struct httpd_request *q)
{
    struct fixture *f = arg;
    if (f->requests++ < f->hold_from) {
        answer(q, f->refuse_with ? f->refuse_with : 200);
        return;
    }
    assert_true(f->held_count < 4);
    (void)snprintf(f->ids[f->held_count], sizeof f->ids[0], "%s",
                   httpd_header(q, "X-Client-Request-Id"));
    f->held[f->held_count++] = q;
    f->full = f->held_count == 2;
}

static inline void on_gone(void *arg, struct httpd_request *q, void *user)
{
    struct fixture *f = arg;
    (void)q, (void)user;
    f->gone++;
}

static inline void on_tick(void *arg)
{
    ((struct fixture *)arg)->ticked = true;
}

static inline void start(struct fixture *f, const char *more)
{
    char path[] = "/tmp/barker-hedge-test-XXXXXX", ini[256];
    struct httpd_options o = {.listen = "127.0.0.1:0", .max_body_bytes = 1 << 20};
    struct err_detail d = {0};
    *f = (struct fixture){.hold_from = WARM};
    assert_int_equal(loop_new(&f->loop), ERR_OK);
    assert_int_equal(loop_timer_new(f->loop, on_tick, f, &f->timer), ERR_OK);
    assert_int_equal(httpd_new(f->loop, &o, on_request, on_gone, f, &f->server, &d),
                     ERR_OK);
    int fd = mkstemp(path);
    int n = snprintf(ini, sizeof ini,
                     "[endpoint e]\nbase_url = http://127.0.0.1:%d/v1\nmodel = m\n"
                     "price_in = 1\nprice_out = 2\n%s",
                     httpd_port(f->server), more);
    assert_int_equal(write(fd, ini, (size_t)n), n);
    (void)close(fd);
    assert_int_equal(config_load(path, &f->config, &d), ERR_OK);
    (void)unlink(path);
    struct llm_options l = {
        .config = f->config, .connect_timeout_ms = WAIT_MS, .timeout_ms = 3 * WAIT_MS};
    assert_int_equal(llm_new(f->loop, &l, &f->llm, &d), ERR_OK);
}

static inline void stop(struct fixture *f)
{
    llm_free(f->llm);
    config_free(f->config);
    httpd_free(f->server);
    loop_timer_free(f->timer);
    loop_free(f->loop);
}

static inline void on_call(void *arg, uint64_t ticket, const struct port_call_result *r)
{
    struct fixture *f = arg;
    (void)ticket;
    f->settled++;
    f->done = true;
    f->result = *r;
    (void)snprintf(f->text, sizeof f->text, "%s", r->text);
}

static const struct ask ask = {
    .type = ASK_CHAT, .system = "You write.", .user = "Write.", .max_tokens = 100};

static inline struct port_call call_of(bool may_hedge)
{
    return (struct port_call){.campaign = "c",
                              .stage = "s",
                              .ask = &ask,
                              .endpoint = "",
                              .model = "",
                              .refused_text = "",
                              .objection = "",
                              .may_hedge = may_hedge};
}

static inline struct port_grant admit(struct fixture *f)
{
    struct port_call call = call_of(true);
    struct port_grant g;
    assert_true(llm_admit(f->llm, &call, 1, &g));
    return g;
}

static inline uint64_t begin_admitted(struct fixture *f, bool may_hedge,
                                      const struct port_grant *g)
{
    struct port_call call = call_of(may_hedge);
    uint64_t id;
    call.grant = *g;
    f->done = false;
    f->settled = 0;
    assert_int_equal(llm_call(f->llm, &call, on_call, f, 0, &id), ERR_OK);
    return id;
}

static inline uint64_t begin(struct fixture *f, bool may_hedge)
{
    struct port_grant g = admit(f);
    return begin_admitted(f, may_hedge, &g);
}

static inline void await(struct fixture *f, const bool *what)
{
    assert_int_equal(loop_run_until(f->loop, what, WAIT_MS), ERR_OK);
}

static inline void pass_time(struct fixture *f, int64_t ms)
{
    f->ticked = false;
    loop_timer_start(f->timer, ms, 0);
    await(f, &f->ticked);
}

/* So many calls one after the other, all answered. */
static inline void warm(struct fixture *f, int count)
{
    f->hold_from = count;
    while (f->requests < count) {
        begin(f, true);
        await(f, &f->done);
        assert_int_equal(f->result.code, ERR_OK);
        assert_false(f->result.hedged);
    }
}

/* A call that is held, and its second request too. */
static inline uint64_t hold_two(struct fixture *f)
{
    warm(f, WARM);
    uint64_t id = begin(f, true);
    await(f, &f->full);
    assert_string_equal(f->ids[0], "c/s/0/0/0");
    assert_string_equal(f->ids[1], "c/s/0/0/0/hedge");
    assert_false(f->done);
    return id;
}

#endif
