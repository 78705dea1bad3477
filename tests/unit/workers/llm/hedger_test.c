/* A call that is late is asked twice: who wins, what it costs, and when it is not. The
 * server is in the same loop; it answers, or holds a request until told. */
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
    struct httpd_request *held[4];
    char ids[4][96]; /* of those */
    int held_count;
    int settled;
    bool done, ticked, full;        /* full: two are held */
    struct port_call_result result; /* strings are dead but this */
    char text[16];
};

static void answer(struct httpd_request *q, int status)
{
    const char *body = status == 200 ? REPLY : "{\"error\":{\"message\":\"no\"}}";
    struct httpd_answer a = {.status = status,
                             .content_type = "application/json",
                             .body = body,
                             .body_len = strlen(body)};
    httpd_answer(q, &a);
}

static void on_request(void *arg, struct httpd_request *q)
{
    struct fixture *f = arg;
    if (f->requests++ < f->hold_from) {
        answer(q, 200);
        return;
    }
    assert_true(f->held_count < 4);
    (void)snprintf(f->ids[f->held_count], sizeof f->ids[0], "%s",
                   httpd_header(q, "X-Client-Request-Id"));
    f->held[f->held_count++] = q;
    f->full = f->held_count == 2;
}

static void on_gone(void *arg, struct httpd_request *q, void *user)
{
    struct fixture *f = arg;
    (void)q, (void)user;
    f->gone++;
}

static void on_tick(void *arg)
{
    ((struct fixture *)arg)->ticked = true;
}

static void start(struct fixture *f, const char *more)
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

static void stop(struct fixture *f)
{
    llm_free(f->llm);
    config_free(f->config);
    httpd_free(f->server);
    loop_timer_free(f->timer);
    loop_free(f->loop);
}

static void on_call(void *arg, uint64_t ticket, const struct port_call_result *r)
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

static struct port_call call_of(bool may_hedge)
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

static uint64_t begin(struct fixture *f, bool may_hedge)
{
    struct port_call call = call_of(may_hedge);
    uint64_t id;
    f->done = false;
    f->settled = 0;
    assert_int_equal(llm_call(f->llm, &call, on_call, f, 0, &id), ERR_OK);
    return id;
}

static void await(struct fixture *f, const bool *what)
{
    assert_int_equal(loop_run_until(f->loop, what, WAIT_MS), ERR_OK);
}

static void pass_time(struct fixture *f, int64_t ms)
{
    f->ticked = false;
    loop_timer_start(f->timer, ms, 0);
    await(f, &f->ticked);
}

/* So many calls one after the other, all answered. */
static void warm(struct fixture *f, int count)
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
static uint64_t hold_two(struct fixture *f)
{
    warm(f, WARM);
    uint64_t id = begin(f, true);
    await(f, &f->full);
    assert_string_equal(f->ids[0], "c/s/0/0/0");
    assert_string_equal(f->ids[1], "c/s/0/0/0/hedge");
    assert_false(f->done);
    return id;
}

static int64_t cost_nano(int64_t in, int64_t out)
{
    return in * PRICE_IN + out * PRICE_OUT;
}

/* One of the two answers; of the other one it is not known what it made. */
static void expect_one_won(struct fixture *f, int winner)
{
    start(f, "hedge = true\n");
    hold_two(f);
    struct port_call call = call_of(true);
    struct port_estimate most = llm_estimate(f->llm, &call);
    int64_t in = most.tokens / 2 - ask.max_tokens;
    answer(f->held[winner], 200);
    await(f, &f->done);
    while (f->gone == 0)
        pass_time(f, 2);
    assert_int_equal(f->settled, 1);
    assert_int_equal(f->result.code, ERR_OK);
    assert_string_equal(f->text, "hi");
    assert_true(f->result.sent && f->result.hedged && f->result.usage_estimated);
    assert_false(f->result.possibly_billed);
    assert_int_equal(f->result.tokens_in, 3 + in);
    assert_int_equal(f->result.tokens_out, 2 + ask.max_tokens);
    assert_int_equal(f->result.usd_nano,
                     cost_nano(3, 2) + cost_nano(in, ask.max_tokens));
    assert_true(f->result.usd_nano <= most.usd_nano);
    assert_int_equal(f->requests, WARM + 2);
    assert_int_equal(f->gone, 1);
    stop(f);
}

static void test_second_wins(void **state)
{
    struct fixture f;
    (void)state;
    expect_one_won(&f, 1);
}

static void test_first_wins(void **state)
{
    struct fixture f;
    (void)state;
    expect_one_won(&f, 0);
}

/* A failure of one leaves the other its chance. */
static void test_one_fails(void **state)
{
    (void)state;
    for (int failing = 0; failing < 2; failing++) {
        struct fixture f;
        start(&f, "hedge = true\n");
        hold_two(&f);
        answer(f.held[failing], 500);
        pass_time(&f, 50);
        assert_false(f.done);
        answer(f.held[1 - failing], 200);
        await(&f, &f.done);
        assert_int_equal(f.result.code, ERR_OK);
        assert_true(f.result.hedged);
        assert_int_equal(f.result.usd_nano, cost_nano(3, 2)); /* an error is free */
        assert_int_equal(f.gone, 0);
        stop(&f);
    }
}

static void test_both_fail(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    hold_two(&f);
    answer(f.held[1], 500);
    answer(f.held[0], 500);
    await(&f, &f.done);
    assert_int_equal(f.settled, 1);
    assert_int_equal(f.result.code, ERR_SERVER);
    assert_true(f.result.retryable && !f.result.possibly_billed);
    assert_int_equal(f.result.usd_nano, 0);
    stop(&f);
}

static void test_cancel_ends_both(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    uint64_t id = hold_two(&f);
    struct port_call call = call_of(true);
    struct port_estimate most = llm_estimate(f.llm, &call);
    llm_cancel(f.llm, id);
    await(&f, &f.done);
    assert_int_equal(f.result.code, ERR_CANCELLED);
    assert_true(f.result.possibly_billed);
    assert_int_equal(f.result.usd_nano, most.usd_nano);
    assert_int_equal(f.result.tokens_in + f.result.tokens_out, most.tokens);
    while (f.gone < 2)
        pass_time(&f, 2);
    stop(&f);
}

/* The first one is over, and its name still stands for both. */
static void test_cancel_after_a_failure(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    uint64_t id = hold_two(&f);
    answer(f.held[0], 500);
    pass_time(&f, 50);
    llm_cancel(f.llm, id);
    await(&f, &f.done);
    assert_int_equal(f.settled, 1);
    while (f.gone < 1)
        pass_time(&f, 2);
    stop(&f);
}

static void test_free_settles_once(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, "hedge = true\n");
    hold_two(&f);
    llm_free(f.llm);
    f.llm = NULL;
    assert_int_equal(f.settled, 1);
    assert_int_equal(f.result.code, ERR_CANCELLED);
    stop(&f);
}

/* Held for a while, and no second request comes. */
static void expect_none(struct fixture *f, bool may_hedge)
{
    begin(f, may_hedge);
    pass_time(f, 300);
    assert_int_equal(f->held_count, 1);
    answer(f->held[0], 200);
    await(f, &f->done);
    assert_int_equal(f->result.code, ERR_OK);
    assert_false(f->result.hedged);
    stop(f);
}

static void test_when_not(void **state)
{
    (void)state;
    struct fixture f;
    struct port_call call = call_of(true);
    start(&f, "");
    assert_false(llm_estimate(f.llm, &call).for_two);
    struct port_estimate one = llm_estimate(f.llm, &call);
    warm(&f, WARM);
    expect_none(&f, true); /* by default */
    start(&f, "hedge = true\n");
    warm(&f, WARM);
    call.may_hedge = false;
    assert_false(llm_estimate(f.llm, &call).for_two);
    expect_none(&f, false); /* it was not reserved for two */
    start(&f, "hedge = true\n");
    call.may_hedge = true;
    assert_true(llm_estimate(f.llm, &call).for_two);
    assert_int_equal(llm_estimate(f.llm, &call).tokens, 2 * one.tokens);
    assert_int_equal(llm_estimate(f.llm, &call).usd_nano, 2 * one.usd_nano);
    warm(&f, 19);
    expect_none(&f, true); /* too little is known */
    start(&f, "hedge = true\n");
    warm(&f, 30);
    expect_none(&f, true); /* 2 of 100, not 1 of 30 */
}

int main(void)
{
    (void)unsetenv("OPENAI_BASE_URL"); /* of whoever runs the tests */
    (void)unsetenv("OPENAI_API_KEY");
    (void)unsetenv("BARKER_MODEL");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_wins),
        cmocka_unit_test(test_first_wins),
        cmocka_unit_test(test_one_fails),
        cmocka_unit_test(test_both_fail),
        cmocka_unit_test(test_cancel_ends_both),
        cmocka_unit_test(test_cancel_after_a_failure),
        cmocka_unit_test(test_free_settles_once),
        cmocka_unit_test(test_when_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
