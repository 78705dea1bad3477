/* Submits and polls as the runner sees them: what a server says, and what it means for
 * the calls. The server is a list of replies. */
#include "tests/unit/core/io/http_fixture.h"
#include "core/base/clock.h"
#include "core/base/config.h"
#include "workers/llm/batch.h"
#include "workers/llm/llm_batch.h"

#define CALLS 3
#define HTTP(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define FILE_OK HTTP("200 OK", "{\"id\":\"file-1\"}")
#define BATCH(status, more) "{\"id\":\"batch_1\",\"status\":\"" status "\"" more "}"
#define COUNTS(good, bad)                                                              \
    ",\"request_counts\":{\"total\":3,\"completed\":" good ",\"failed\":" bad "}"

struct fixture {
    struct loop *loop;
    struct llm *llm;
    struct raw_server server;
    struct config *config;
    char folder[64];
    bool done;
    struct port_batch_status status;
    char name[64];
    int results, good;
    int64_t usd_nano;
    enum err code;
};

static void write_config(struct fixture *f, const char *dialect, const char *more)
{
    char path[96];
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/barker-lane-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(path, sizeof path, "%s/b.ini", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "[endpoint main]\ndialect = %s\nbase_url = http://127.0.0.1:%d\n"
                  "model = m\nprice_in = 1000\nprice_out = 1000.000001\n%s",
                  dialect, f->server.port, more);
    (void)fclose(file);
    struct err_detail d = {0};
    if (config_load(path, &f->config, &d))
        fail_msg("%s", d.message);
    (void)unlink(path);
    (void)rmdir(f->folder);
}

static void start(struct fixture *f, const char *dialect, const struct raw_step *steps,
                  size_t count)
{
    struct err_detail d = {0};
    *f = (struct fixture){.done = false};
    raw_server_start(&f->server, steps, count);
    write_config(f, dialect, "batch = true\nprice_batch = 0.25\n");
    assert_int_equal(loop_new(&f->loop), ERR_OK);
    struct llm_options o = {.config = f->config, .timeout_ms = WAIT_MS};
    assert_int_equal(llm_new(f->loop, &o, &f->llm, &d), ERR_OK);
}

static void stop(struct fixture *f)
{
    llm_free(f->llm);
    loop_free(f->loop);
    config_free(f->config);
    raw_server_stop(&f->server);
}

static void on_end(void *arg, uint64_t ticket, const struct port_batch_status *s)
{
    struct fixture *f = arg;
    assert_int_equal(ticket, 9);
    assert_false(f->done);
    f->status = *s;
    (void)snprintf(f->name, sizeof f->name, "%s", s->name);
    f->done = true;
}

static void on_result(void *arg, uint64_t ticket, int slot,
                      const struct port_call_result *r)
{
    struct fixture *f = arg;
    assert_int_equal(ticket, 9);
    assert_in_range(slot, 0, CALLS - 1);
    f->results++;
    f->good += !r->code;
    f->code = r->code;
    f->usd_nano += r->usd_nano;
}

static const struct port_batch *batch_of(const char *name, bool cancel)
{
    static const struct ask ask = {
        .type = ASK_CHAT, .user = "hello", .schema = "{}", .max_tokens = 10};
    static struct port_call calls[CALLS];
    static struct port_batch b;
    for (int i = 0; i < CALLS; i++)
        calls[i] = (struct port_call){.campaign = "c",
                                      .stage = "s",
                                      .iteration = 1,
                                      .index = i,
                                      .ask = &ask,
                                      .endpoint = "",
                                      .model = "",
                                      .refused_text = "",
                                      .objection = ""};
    b = (struct port_batch){
        .calls = calls, .count = CALLS, .mark = "0/0", .name = name, .cancel = cancel};
    b.since_ms = clock_mono_ms();
    return &b;
}

static void await(struct fixture *f)
{
    assert_false(f->done);
    assert_int_equal(loop_run_until(f->loop, &f->done, WAIT_MS), ERR_OK);
}

static void submits(const char *dialect, const struct raw_step *steps, size_t count,
                    enum port_batch_state state)
{
    struct fixture f;
    start(&f, dialect, steps, count);
    assert_string_equal(llm_batches(f.llm, ""), "main");
    assert_int_equal(llm_batch_submit(f.llm, batch_of("", false), on_end, &f, 9),
                     ERR_OK);
    await(&f);
    assert_int_equal(f.status.state, state);
    assert_int_equal(f.status.taken, CALLS);
    assert_string_equal(f.name, state == PORT_BATCH_WORKING ? "batch_1" : "");
    stop(&f);
}

#define STEPS(...)                                                                     \
    (const struct raw_step[]){__VA_ARGS__},                                            \
        sizeof((const struct raw_step[]){__VA_ARGS__}) / sizeof(struct raw_step)

/* What may have been made is looked for; what surely was not goes live. */
static void what_a_submit_comes_to(void **state)
{
    static const struct raw_step file = {FILE_OK, true};
    (void)state;
    submits("openai_chat", STEPS(file, {HTTP("200 OK", BATCH("validating", "")), true}),
            PORT_BATCH_WORKING);
    submits("openai_chat", STEPS({HTTP("500 Oh", ""), true}), PORT_BATCH_REFUSED);
    submits("openai_chat", STEPS({NULL, true}), PORT_BATCH_REFUSED);
    submits("openai_chat", STEPS(file, {HTTP("400 Bad", "{\"error\":{}}"), true}),
            PORT_BATCH_REFUSED);
    submits("openai_chat", STEPS(file, {HTTP("429 Slow", "{\"error\":{}}"), true}),
            PORT_BATCH_REFUSED);
    submits("openai_chat", STEPS(file, {HTTP("500 Oh", ""), true}),
            PORT_BATCH_UNREACHABLE);
    submits("openai_chat", STEPS(file, {HTTP("200 OK", "{\"id\":\"ba"), true}),
            PORT_BATCH_UNREACHABLE);
    submits("openai_chat", STEPS(file, {NULL, true}), PORT_BATCH_UNREACHABLE);
    submits("anthropic",
            STEPS({HTTP("200 OK", "{\"id\":\"batch_1\",\"processing_status\":"
                                  "\"in_progress\"}"),
                   true}),
            PORT_BATCH_WORKING);
    submits("anthropic", STEPS({NULL, true}), PORT_BATCH_UNREACHABLE);
}

static void polls(struct fixture *f, const char *dialect, const char *name, bool cancel,
                  const struct raw_step *steps, size_t count,
                  enum port_batch_state state)
{
    start(f, dialect, steps, count);
    assert_int_equal(
        llm_batch_poll(f->llm, batch_of(name, cancel), on_result, on_end, f, 9),
        ERR_OK);
    await(f);
    assert_int_equal(f->status.state, state);
    assert_int_equal(atomic_load(&f->server.requests), count);
    stop(f);
}

static void what_a_look_tells(void **state)
{
    static const struct raw_step working = {HTTP("200 OK", BATCH("in_progress", "")),
                                            true};
    static const struct raw_step gone = {HTTP("404 No", "{\"error\":{}}"), true};
    static const struct raw_step failed = {HTTP("200 OK", BATCH("failed", "")), true};
    struct fixture f;
    (void)state;
    polls(&f, "openai_chat", "batch_1", false, STEPS(working), PORT_BATCH_WORKING);
    polls(&f, "openai_chat", "batch_1", true, STEPS(working, working),
          PORT_BATCH_WORKING);
    polls(&f, "openai_chat", "batch_1", false, STEPS(gone), PORT_BATCH_LOST);
    polls(&f, "openai_chat", "batch_1", false, STEPS(failed), PORT_BATCH_REFUSED);
    polls(&f, "openai_chat", "batch_1", false, STEPS({HTTP("503 Busy", ""), true}),
          PORT_BATCH_UNREACHABLE);
    polls(&f, "openai_chat", "batch_1", false,
          STEPS({HTTP("200 OK", BATCH("completed", COUNTS("0", "3"))), true}),
          PORT_BATCH_ENDED);
    assert_int_equal(f.results, 0);
}

static void what_a_search_tells(void **state)
{
    static const struct raw_step none = {HTTP("200 OK", "{\"data\":[]}"), true};
    static const struct raw_step more = {
        HTTP("200 OK", "{\"data\":[{\"id\":\"b7\"}],\"has_more\":true}"), true};
    char mark[BATCH_ID_SIZE], page[256];
    struct fixture f;
    (void)state;
    batch_id_write(mark, "c", "s", &(struct batch_place){.iteration = 1});
    (void)snprintf(page, sizeof page,
                   HTTP("200 OK",
                        "{\"data\":[{\"id\":\"b8\",\"status\":"
                        "\"in_progress\",\"metadata\":{\"barker\":\"%s\"}}]}"),
                   mark);
    polls(&f, "openai_chat", "", false, STEPS(none), PORT_BATCH_ABSENT);
    polls(&f, "openai_chat", "", false, STEPS(more, none), PORT_BATCH_ABSENT);
    polls(&f, "openai_chat", "", false, STEPS(more, {page, true}), PORT_BATCH_WORKING);
    assert_string_equal(f.name, "b8");
    polls(&f, "openai_chat", "", false, STEPS({HTTP("500 Oh", ""), true}),
          PORT_BATCH_UNREACHABLE);
    polls(&f, "anthropic", "", false, STEPS(none), PORT_BATCH_LOST);
    polls(&f, "anthropic", "", false, STEPS({HTTP("500 Oh", ""), true}),
          PORT_BATCH_UNREACHABLE);
}

#define LINE                                                                           \
    "{\"custom_id\":\"%s\",\"response\":{\"status_code\":200,\"body\":{\"choices\":"   \
    "[{\"finish_reason\":\"%s\",\"message\":{\"content\":\"{}\"}}],\"usage\":{"        \
    "\"prompt_tokens\":6,\"completion_tokens\":2}}}}\n"

static void results_cost_their_share(void **state)
{
    static const struct raw_step ended = {
        HTTP("200 OK", BATCH("completed", ",\"output_file_id\":\"o\"")), true};
    static const struct raw_step both = {
        HTTP("200 OK",
             BATCH("completed", ",\"output_file_id\":\"o\",\"error_file_id\":\"e\"")),
        true};
    static const struct raw_step broken = {HTTP("200 OK", "{\"error\":{}}"), true};
    char id[BATCH_ID_SIZE], good[512], cut[512];
    struct fixture f;
    (void)state;
    batch_id_write(id, "c", "s", &(struct batch_place){1, 2, 0});
    (void)snprintf(good, sizeof good, HTTP("200 OK", LINE), id, "stop");
    (void)snprintf(cut, sizeof cut, HTTP("200 OK", LINE), id, "length");
    polls(&f, "openai_chat", "batch_1", false, STEPS(ended, {good, true}),
          PORT_BATCH_ENDED);
    assert_true(f.results == 1 && f.good == 1);
    /* a quarter of 8 tokens at 1000 usd a million and 0.002 nano, rounded up */
    assert_int_equal(f.usd_nano, 8 * 1000000 / 4 + 1);
    polls(&f, "openai_chat", "batch_1", false, STEPS(ended, {cut, true}),
          PORT_BATCH_ENDED);
    assert_int_equal(f.code, ERR_TRUNCATED); /* inside the JSON */
    polls(&f, "openai_chat", "batch_1", false, STEPS(ended, broken),
          PORT_BATCH_UNREACHABLE);
    polls(&f, "openai_chat", "batch_1", false, STEPS(both, {good, true}, broken),
          PORT_BATCH_UNREACHABLE);
    assert_int_equal(f.results, 1);
    polls(&f, "openai_chat", "batch_1", false,
          STEPS(both, {good, true}, {HTTP("200 OK", ""), true}), PORT_BATCH_ENDED);
}

/* A server tells of the end, and later of the file with what was done: that is billed,
 * so nothing of it is missing yet. What failed is told by itself. */
static void an_output_that_is_not_told_yet(void **state)
{
#define FAILED_LINE                                                                    \
    "{\"custom_id\":\"%s\",\"response\":{\"status_code\":500,\"body\":{\"error\":{}}}" \
    "}\n"
    char id[BATCH_ID_SIZE], bad[512];
    struct fixture f;
    (void)state;
    batch_id_write(id, "c", "s", &(struct batch_place){1, 2, 0});
    (void)snprintf(bad, sizeof bad, HTTP("200 OK", FAILED_LINE), id);
    const char *all_bad =
        HTTP("200 OK", BATCH("completed", ",\"error_file_id\":\"e\"" COUNTS("0", "3")));
    const char *some_good =
        HTTP("200 OK", BATCH("completed", ",\"error_file_id\":\"e\"" COUNTS("2", "1")));
    const char *good =
        HTTP("200 OK", BATCH("completed", ",\"output_file_id\":null" COUNTS("3", "0")));
    const char *stopped = HTTP("200 OK", BATCH("cancelled", COUNTS("1", "0")));
    const char *uncounted = HTTP("200 OK", BATCH("completed", ""));
    polls(&f, "openai_chat", "batch_1", false, STEPS({all_bad, true}, {bad, true}),
          PORT_BATCH_ENDED);
    assert_true(f.results == 1 && f.code == ERR_SERVER && f.usd_nano == 0);
    polls(&f, "openai_chat", "batch_1", false, STEPS({some_good, true}, {bad, true}),
          PORT_BATCH_UNTOLD);
    assert_true(f.results == 1 && f.code == ERR_SERVER);
    polls(&f, "openai_chat", "batch_1", false, STEPS({good, true}), PORT_BATCH_UNTOLD);
    polls(&f, "openai_chat", "batch_1", true, STEPS({stopped, true}),
          PORT_BATCH_UNTOLD);
    polls(&f, "openai_chat", "batch_1", false, STEPS({uncounted, true}),
          PORT_BATCH_UNTOLD);
    assert_int_equal(f.results, 0);
#undef FAILED_LINE
}

/* Of a worker that was stopped for a while: somebody has looked for the batch by now.
 */
static void nothing_is_made_late(void **state)
{
    static const struct raw_step none = {HTTP("500 Oh", ""), true};
    struct fixture f;
    (void)state;
    start(&f, "anthropic", &none, 1);
    struct port_batch late = *batch_of("", false);
    late.since_ms -= 301000;
    assert_int_equal(llm_batch_submit(f.llm, &late, on_end, &f, 9), ERR_DEADLINE);
    late.since_ms += 2000;
    assert_int_equal(llm_batch_submit(f.llm, &late, on_end, &f, 9), ERR_OK);
    await(&f);
    stop(&f);
}

static void who_takes_batches(void **state)
{
    static const struct raw_step none = {HTTP("500 Oh", ""), true};
    struct fixture f;
    (void)state;
    start(&f, "gemini", &none, 1);
    assert_null(llm_batches(f.llm, ""));
    assert_int_equal(llm_batch_submit(f.llm, batch_of("", false), on_end, &f, 9),
                     ERR_BAD_VALUE);
    stop(&f);
    start(&f, "openai_chat", &none, 1);
    assert_non_null(llm_batches(f.llm, "main"));
    assert_null(llm_batches(f.llm, "other"));
    assert_int_equal(llm_batch_submit(f.llm, batch_of("", false), on_end, &f, 9),
                     ERR_OK);
    llm_free(f.llm); /* settles first */
    f.llm = NULL;
    assert_true(f.done);
    assert_int_equal(f.status.state, PORT_BATCH_UNREACHABLE);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_submit_comes_to),
        cmocka_unit_test(what_a_look_tells),
        cmocka_unit_test(what_a_search_tells),
        cmocka_unit_test(results_cost_their_share),
        cmocka_unit_test(an_output_that_is_not_told_yet),
        cmocka_unit_test(nothing_is_made_late),
        cmocka_unit_test(who_takes_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
