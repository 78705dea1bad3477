/* otlp_test.c: batches, bounds and the end of the exporter, against a server in the
 * same loop. */
#include "workers/telemetry/otlp.h"
#include "core/base/config.h"
#include "core/io/httpd.h"
#include "tests/unit/workers/telemetry/otlp_fixture.h"
#include <stdio.h>

#define WAIT_MS 20000 /* for a test that hangs; no test waits this long */

struct fixture {
    struct loop *loop;
    struct httpd *server;
    struct config *config;
    struct otlp *otlp;
    int requests, spans;
    int wanted, wanted_requests; /* stop when so many came */
    int statuses[4];             /* of the first requests; 0: no answer */
    size_t largest;
    bool enough, drained;
};

static int count_spans(const char *body)
{
    int count = 0;
    for (const char *at = body; (at = strstr(at, "\"spanId\"")) != NULL; at++)
        count++;
    return count;
}

static void on_request(void *arg, struct httpd_request *q)
{
    struct fixture *f = arg;
    size_t len;
    const char *body = httpd_body(q, &len);
    int i = f->requests++, status = i < 4 ? f->statuses[i] : 200;
    assert_string_equal(httpd_path(q), "/v1/traces");
    assert_true(len < (size_t)2 * 1024 * 1024);
    if (status == 200)
        f->spans += count_spans(body);
    f->largest = len > f->largest ? len : f->largest;
    f->enough = f->spans >= f->wanted && f->requests >= f->wanted_requests;
    struct httpd_answer a = {.status = status,
                             .content_type = "application/json",
                             .body = "{}",
                             .body_len = 2,
                             .headers = {{"Retry-After", "0"}}};
    if (status)
        httpd_answer(q, &a);
}

static void on_gone(void *arg, struct httpd_request *q, void *user)
{
    (void)arg, (void)q, (void)user;
}

static void start(struct fixture *f, int first, int second)
{
    struct httpd_options o = {.listen = "127.0.0.1:0", .max_body_bytes = 1 << 22};
    struct err_detail d = {0};
    char url[64];
    *f = (struct fixture){.statuses = {first, second, 200, 200}};
    assert_int_equal(loop_new(&f->loop), ERR_OK);
    assert_int_equal(httpd_new(f->loop, &o, on_request, on_gone, f, &f->server, &d),
                     ERR_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", httpd_port(f->server));
    assert_int_equal(config_load("/dev/null", &f->config, &d), ERR_OK);
    assert_int_equal(config_override(f->config, "otlp", "endpoint", url, &d), ERR_OK);
    assert_int_equal(otlp_new(f->loop, f->config, "me", &f->otlp, &d), ERR_OK);
    assert_non_null(f->otlp);
}

static void stop(struct fixture *f)
{
    otlp_free(f->otlp);
    config_free(f->config);
    httpd_free(f->server);
    loop_free(f->loop);
}

static void add(struct fixture *f, int count)
{
    struct otlp_call c = good_call();
    for (int i = 0; i < count; i++)
        otlp_add(f->otlp, &c);
}

static void on_drained(void *arg)
{
    struct fixture *f = arg;
    f->drained = true;
}

static void drain(struct fixture *f, int64_t timeout_ms)
{
    otlp_drain(f->otlp, timeout_ms, on_drained, f);
    assert_false(f->drained); /* later, never inside */
    assert_int_equal(loop_run_until(f->loop, &f->drained, WAIT_MS), ERR_OK);
}

static void test_a_full_batch_goes_at_once(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, 200, 200);
    f.wanted = 1024;
    add(&f, 1024);
    assert_int_equal(loop_run_until(f.loop, &f.enough, WAIT_MS), ERR_OK);
    assert_int_equal(f.requests, 2);
    add(&f, 3);
    drain(&f, WAIT_MS);
    assert_int_equal(f.spans, 1027);
    assert_int_equal(otlp_count(f.otlp).exported, 1027);
    assert_int_equal(otlp_count(f.otlp).dropped, 0);
    stop(&f);
}

static void test_what_does_not_fit_is_dropped(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, 0, 200);
    add(&f, 6000); /* nobody answers meanwhile */
    struct otlp_counts full = otlp_count(f.otlp);
    assert_in_range(full.waiting, 1000, 4000); /* 4 MiB */
    assert_int_equal(full.waiting + full.dropped, 6000);
    assert_int_equal(loop_run_until(f.loop, &f.enough, WAIT_MS), ERR_OK);
    drain(&f, 50);
    assert_int_equal(otlp_count(f.otlp).waiting, 0);
    assert_int_equal(otlp_count(f.otlp).dropped, 6000); /* each once */
    add(&f, 1);
    assert_int_equal(otlp_count(f.otlp).dropped, 6001); /* it has ended */
    stop(&f);
}

static void test_again_and_refused(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, 503, 400);
    add(&f, 512);
    f.wanted_requests = 2; /* again after 503 … */
    assert_int_equal(loop_run_until(f.loop, &f.enough, WAIT_MS), ERR_OK);
    add(&f, 512);
    drain(&f, WAIT_MS);
    assert_int_equal(f.requests, 3); /* … not after 400 */
    assert_int_equal(otlp_count(f.otlp).dropped, 512);
    assert_int_equal(otlp_count(f.otlp).exported, 512);
    stop(&f);
}

static void test_nothing_configured(void **state)
{
    (void)state;
    struct config *config;
    struct err_detail d = {0};
    struct loop *loop;
    struct otlp *o = (struct otlp *)&d;
    assert_int_equal(loop_new(&loop), ERR_OK);
    assert_int_equal(config_load("/dev/null", &config, &d), ERR_OK);
    assert_int_equal(otlp_new(loop, config, "me", &o, &d), ERR_OK);
    assert_null(o);
    config_free(config);
    loop_free(loop);
}

static void test_freed_with_a_request_under_way(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, 0, 0);
    add(&f, 512);
    assert_int_equal(loop_run_until(f.loop, &f.enough, WAIT_MS), ERR_OK);
    stop(&f);
}

int main(void)
{
    (void)unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT"); /* of whoever runs the tests */
    (void)unsetenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    (void)unsetenv("OTEL_EXPORTER_OTLP_TIMEOUT");
    (void)unsetenv("OTEL_EXPORTER_OTLP_HEADERS");
    (void)unsetenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_batch_goes_at_once),
        cmocka_unit_test(test_what_does_not_fit_is_dropped),
        cmocka_unit_test(test_again_and_refused),
        cmocka_unit_test(test_nothing_configured),
        cmocka_unit_test(test_freed_with_a_request_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
