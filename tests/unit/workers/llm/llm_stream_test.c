/* llm_stream_test.c: streamed calls on a real connection: what comes back, what it
 * costs, and that a stream which cannot come right is closed at once. */
#include "tests/unit/core/io/http_fixture.h"
#include "workers/llm/llm.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define OPEN HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define CLOSE HEAD "Connection: close\r\n\r\n" /* the end of it is that of the body */
#define CHUNK(rest)                                                                    \
    "data: {\"id\":\"x\",\"model\":\"served\",\"choices\":[" rest "}\n\n"
#define SAY(text)                                                                      \
    CHUNK("{\"delta\":{\"content\":\"" text "\"},\"finish_reason\":null}]")
#define STOP CHUNK("{\"delta\":{},\"finish_reason\":\"stop\"}]")
#define USAGE CHUNK("],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":10}")
#define DONE "data: [DONE]\n\n"
#define TEN "0123456789"

struct seen_call {
    int count;
    bool done;
    struct port_call_result result; /* strings are dead but those below */
    char text[256], finish[32], message[256], id[32];
};
struct fixture {
    struct loop *loop;
    struct raw_server raw;
    struct config *config;
    struct llm *llm;
    struct seen_call seen;
    uint64_t call_id;
};

/* more: settings of the section [llm] */
static void start_with(struct fixture *f, const struct raw_step *steps, size_t count,
                       const char *more)
{
    char path[] = "/tmp/barker-stream-test-XXXXXX", ini[256];
    struct err_detail d = {0};
    *f = (struct fixture){0};
    raw_server_start(&f->raw, steps, count);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    int n = snprintf(ini, sizeof ini,
                     "[endpoint e]\nbase_url = http://127.0.0.1:%d/v1\nmodel = m\n"
                     "price_in = 1\nprice_out = 2\nstream = true\n[llm]\n%s",
                     f->raw.port, more);
    assert_int_equal(write(fd, ini, (size_t)n), n);
    (void)close(fd);
    assert_int_equal(config_load(path, &f->config, &d), ERR_OK);
    (void)unlink(path);
    assert_int_equal(loop_new(&f->loop), ERR_OK);
    struct llm_options o = {
        .config = f->config, .connect_timeout_ms = WAIT_MS, .timeout_ms = WAIT_MS};
    assert_int_equal(llm_new(f->loop, &o, &f->llm, &d), ERR_OK);
}

static void start(struct fixture *f, const struct raw_step *steps, size_t count)
{
    start_with(f, steps, count, "");
}

static void stop(struct fixture *f)
{
    llm_free(f->llm);
    config_free(f->config);
    raw_server_stop(&f->raw);
    loop_free(f->loop);
}

static void on_call(void *arg, uint64_t ticket, const struct port_call_result *r)
{
    struct fixture *f = arg;
    struct seen_call *c = &f->seen;
    (void)ticket;
    c->count++;
    c->done = true;
    c->result = *r;
    (void)snprintf(c->text, sizeof c->text, "%s", r->text);
    (void)snprintf(c->finish, sizeof c->finish, "%s", r->finish);
    (void)snprintf(c->message, sizeof c->message, "%s", r->message);
    (void)snprintf(c->id, sizeof c->id, "%s", r->request_id);
}

static struct ask plain_ask(void)
{
    return (struct ask){.type = ASK_CHAT,
                        .system = "You write.",
                        .user = "Write.",
                        .temperature = 0.7,
                        .max_tokens = 100};
}

static struct port_call call_of(const struct ask *a)
{
    return (struct port_call){.campaign = "camp",
                              .stage = "write",
                              .ask = a,
                              .endpoint = "",
                              .model = "",
                              .refused_text = "",
                              .objection = ""};
}

static const struct seen_call *exchange(struct fixture *f, struct ask a)
{
    struct port_call call = call_of(&a);
    f->seen = (struct seen_call){0};
    assert_int_equal(llm_call(f->llm, &call, on_call, f, 0, &f->call_id), ERR_OK);
    assert_int_equal(f->seen.count, 0);
    assert_int_equal(loop_run_until(f->loop, &f->seen.done, WAIT_MS), ERR_OK);
    assert_int_equal(f->seen.count, 1);
    return &f->seen;
}

static void test_answer(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {
        {CLOSE SAY("Hel") SAY("lo") STOP USAGE DONE, true}};
    struct fixture f;
    start(&f, steps, 1);
    const struct seen_call *c = exchange(&f, plain_ask());
    assert_int_equal(c->result.code, ERR_OK);
    assert_string_equal(c->text, "Hello");
    assert_string_equal(c->finish, "stop");
    assert_string_equal(c->id, "x");
    assert_false(c->result.usage_estimated || c->result.possibly_billed);
    assert_int_equal(c->result.tokens_in, 1000);
    assert_int_equal(c->result.tokens_out, 10);
    assert_int_equal(c->result.usd_nano, 1000 * 1000 + 10 * 2000);
    stop(&f);
}

/* The server would go on; it sees the connection end. */
static void expect_aborted(const struct raw_step *step, const struct ask_stop *rules,
                           const char *text)
{
    struct fixture f;
    struct ask a = plain_ask();
    a.stop = *rules;
    start(&f, (struct raw_step[]){*step, {NULL, false}}, 2);
    struct port_call call = call_of(&a);
    struct port_estimate most = llm_estimate(f.llm, &call);
    const struct seen_call *c = exchange(&f, a);
    assert_int_equal(c->result.code, ERR_OK);
    assert_string_equal(c->text, text);
    assert_string_equal(c->finish, "aborted");
    assert_string_equal(c->message, "");
    assert_true(c->result.sent && c->result.usage_estimated);
    assert_false(c->result.possibly_billed || c->result.retryable);
    assert_int_equal(c->result.tokens_in, most.tokens - a.max_tokens);
    assert_int_equal(c->result.tokens_out, llm_count_tokens(text));
    assert_true(c->result.usd_nano > 0 && c->result.usd_nano < most.usd_nano);
    for (int i = 0; !atomic_load(&f.raw.hang_ups) && i < WAIT_MS; i++)
        (void)usleep(1000); /* our loop stands still meanwhile */
    assert_int_equal(atomic_load(&f.raw.hang_ups), 1);
    stop(&f);
}

static void test_too_long_is_aborted(void **state)
{
    (void)state;
    static const struct raw_step step = {OPEN "4000\r\n" USAGE SAY(TEN) SAY(TEN),
                                         false};
    const struct ask_stop rules = {.max_characters = 15};
    expect_aborted(&step, &rules, TEN TEN);
}

static void test_banned_is_aborted(void **state)
{
    (void)state;
    static const struct raw_step step = {
        OPEN "4000\r\n" SAY("so cheap, so very good and") SAY(" nice to have"), false};
    static const char *const terms[] = {"cheap"};
    const struct ask_stop rules = {.banned = terms, .banned_count = 1};
    expect_aborted(&step, &rules, "so cheap, so very good and nice to have");
}

static void test_the_complete_is_not_aborted(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {{CLOSE SAY(TEN) STOP USAGE DONE, true},
                                            {CLOSE SAY(TEN) STOP USAGE DONE, true}};
    struct fixture f;
    start(&f, steps, 2);
    struct ask a = plain_ask();
    a.stop.max_characters = 10; /* as many as there are */
    assert_string_equal(exchange(&f, a)->finish, "stop");
    a.stop.max_characters = 5;
    const struct seen_call *c = exchange(&f, a);
    assert_string_equal(c->finish, "stop");
    assert_int_equal(c->result.tokens_out, 10);
    stop(&f);
}

/* What was lost on the way may have been made, and so billed, to its end. */
static void test_cut_is_no_answer(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {{OPEN "4000\r\n" SAY("Hel") STOP, true},
                                            {CLOSE SAY("Hel"), true}};
    struct fixture f;
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    start(&f, steps, 2);
    struct port_estimate most = llm_estimate(f.llm, &call);
    const struct seen_call *c = exchange(&f, a);
    assert_int_equal(c->result.code, ERR_TRUNCATED);
    assert_true(c->result.retryable && c->result.possibly_billed);
    assert_string_equal(c->text, "Hel");
    assert_string_equal(c->finish, "truncated");
    assert_int_equal(c->result.tokens_in + c->result.tokens_out, most.tokens);
    c = exchange(&f, a); /* its end came too early, but it came */
    assert_int_equal(c->result.code, ERR_TRUNCATED);
    assert_true(c->result.retryable && !c->result.possibly_billed);
    assert_int_equal(c->result.tokens_out, llm_count_tokens("Hel"));
    stop(&f);
}

static void test_error_inside_200(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {
        {OPEN "4000\r\ndata: {\"error\":{\"type\":\"overloaded_error\"}}\n\n", false}};
    struct fixture f;
    start(&f, steps, 1);
    const struct seen_call *c = exchange(&f, plain_ask());
    assert_int_equal(c->result.code, ERR_OVERLOAD);
    assert_true(c->result.retryable && !c->result.possibly_billed);
    assert_int_equal(c->result.usd_nano, 0);
    assert_int_equal(c->result.status, 200);
    stop(&f);
}

static void test_no_stream_comes(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: "
         "close\r\n\r\n"
         "{\"choices\":[{\"message\":{\"content\":\"" TEN "\"},\"finish_reason\":"
         "\"stop\"}]}",
         true},
        {"HTTP/1.1 429 No\r\nContent-Type: application/json\r\nRetry-After: 3\r\n"
         "Content-Length: 2\r\n\r\n{}",
         true}};
    struct fixture f;
    start(&f, steps, 2);
    struct ask a = plain_ask();
    a.stop.max_characters = 5;
    const struct seen_call *c = exchange(&f, a);
    assert_int_equal(c->result.code, ERR_OK);
    assert_string_equal(c->text, TEN);
    c = exchange(&f, a);
    assert_int_equal(c->result.code, ERR_RATE);
    assert_int_equal(c->result.retry_after_ms, 3000);
    stop(&f);
}

static void test_cancel_in_the_middle(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {{OPEN "4000\r\n" SAY("Hel"), false}};
    struct fixture f;
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    start(&f, steps, 1);
    assert_int_equal(llm_call(f.llm, &call, on_call, &f, 0, &f.call_id), ERR_OK);
    for (int i = 0; !atomic_load(&f.raw.requests) && i < WAIT_MS; i++) {
        bool never = false;
        assert_true(loop_run_until(f.loop, &never, 2) != ERR_OK);
    }
    llm_cancel(f.llm, f.call_id);
    assert_int_equal(loop_run_until(f.loop, &f.seen.done, WAIT_MS), ERR_OK);
    assert_int_equal(f.seen.count, 1);
    assert_int_equal(f.seen.result.code, ERR_CANCELLED);
    assert_true(f.seen.result.possibly_billed);
    stop(&f);
}

/* It may have been made, and so billed, to its end; what came is kept. */
static void test_stall_in_the_middle(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {{OPEN "4000\r\n" SAY("Hel"), false}};
    struct fixture f;
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    start_with(&f, steps, 1, "idle_ms = 50\nfirst_token_ms = 10000\n");
    struct port_estimate most = llm_estimate(f.llm, &call);
    const struct seen_call *c = exchange(&f, a);
    assert_int_equal(c->result.code, ERR_DEADLINE);
    assert_string_equal(c->message, "the deadline passed: nothing more for 50 ms");
    assert_true(c->result.retryable && c->result.sent && c->result.possibly_billed);
    assert_int_equal(c->result.tokens_in + c->result.tokens_out, most.tokens);
    assert_string_equal(c->text, "Hel");
    assert_string_equal(c->finish, "truncated");
    assert_true(c->result.first_byte_us > 0);
    assert_true(c->result.first_token_us >= c->result.first_byte_us);
    stop(&f);
}

static void test_no_token(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {{OPEN "4000\r\n: ping\n\n", false}};
    struct fixture f;
    start_with(&f, steps, 1, "idle_ms = 1\nfirst_token_ms = 50\n");
    const struct seen_call *c = exchange(&f, plain_ask());
    assert_int_equal(c->result.code, ERR_DEADLINE);
    assert_string_equal(c->message, "the deadline passed: no token for 50 ms");
    assert_true(c->result.retryable && c->result.possibly_billed);
    assert_int_equal(c->result.first_token_us, 0);
    stop(&f);
}

/* Its end came; that the server keeps the connection open takes nothing from it. */
static void test_complete_but_open(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {
        {OPEN "4000\r\n" SAY("Hello") STOP USAGE DONE, false}};
    struct fixture f;
    start_with(&f, steps, 1, "idle_ms = 50\n");
    const struct seen_call *c = exchange(&f, plain_ask());
    assert_int_equal(c->result.code, ERR_OK);
    assert_string_equal(c->text, "Hello");
    assert_int_equal(c->result.tokens_out, 10);
    assert_false(c->result.possibly_billed);
    stop(&f);
}

/* The next call of this model is not streamed. */
static void test_stream_is_refused(void **state)
{
    (void)state;
    static const struct raw_step steps[] = {
        {"HTTP/1.1 400 No\r\nConnection: close\r\n\r\n"
         "{\"error\":{\"message\":\"no\",\"param\":\"stream\",\"code\":\"unsupported_"
         "value\"}}",
         true},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
         "{\"choices\":[{\"message\":{\"content\":\"" TEN
         "\"},\"finish_reason\":\"stop\"}]}",
         true}};
    struct fixture f;
    start(&f, steps, 2);
    const struct seen_call *c = exchange(&f, plain_ask());
    assert_int_equal(c->result.code, ERR_BAD_REQUEST);
    assert_true(c->result.retryable);
    c = exchange(&f, plain_ask());
    assert_int_equal(c->result.code, ERR_OK);
    assert_string_equal(c->text, TEN);
    assert_int_equal(c->result.first_token_us, 0); /* of streams only */
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_too_long_is_aborted),
        cmocka_unit_test(test_banned_is_aborted),
        cmocka_unit_test(test_the_complete_is_not_aborted),
        cmocka_unit_test(test_cut_is_no_answer),
        cmocka_unit_test(test_error_inside_200),
        cmocka_unit_test(test_no_stream_comes),
        cmocka_unit_test(test_cancel_in_the_middle),
        cmocka_unit_test(test_stall_in_the_middle),
        cmocka_unit_test(test_no_token),
        cmocka_unit_test(test_complete_but_open),
        cmocka_unit_test(test_stream_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
