/* The whole way of a batch on the wire, against barker-llmsim. */
#include "tests/unit/core/io/http_fixture.h"
#include "workers/llm/batch_wire.h"
#include <signal.h>
#include <sys/wait.h>

#define CALLS 12
#define CAMPAIGN "mugs"
#define MAX_POLLS 2000

struct sim {
    pid_t pid;
    FILE *out;
    char url[64];
};
struct fixture {
    struct client c;
    struct sim sim;
    struct config_endpoint config;
    struct batch_target target;
    struct batch_shard shard;
    struct batch_slot slots[CALLS];
    struct batch_reader reader;
    struct batch_status status;
    bool done;
    int settled, good, retryable;
    int64_t tokens;
};

static void sim_start(struct sim *s, const char *option, const char *value)
{
    int out[2];
    char line[256];
    assert_int_equal(pipe(out), 0);
    s->pid = fork();
    if (s->pid == 0) {
        (void)dup2(out[1], 1);
        (void)close(out[0]);
        (void)close(out[1]);
        (void)execl(BINARY_DIR "/barker-llmsim", "barker-llmsim", "--batch-ms", "50",
                    "--exit-after", "120", option, value, (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    s->out = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, s->out));
    const char *url = strstr(line, "http://");
    assert_non_null(url);
    (void)snprintf(s->url, sizeof s->url, "%.*s/v1", (int)strcspn(url, "\n"), url);
}

static void sim_stop(struct sim *s)
{
    int status = 0;
    assert_int_equal(kill(s->pid, SIGTERM), 0);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_int_equal(status, 0);
    (void)fclose(s->out);
}

static enum err on_result(void *arg, int slot, const struct provider_reply *reply)
{
    struct fixture *f = arg;
    assert_in_range(slot, 0, CALLS - 1);
    f->settled++;
    f->good += !reply->code && reply->text.len > 0;
    f->retryable += reply->code && reply->retryable;
    f->tokens += reply->tokens_in;
    return ERR_OK;
}

static void add_calls(struct fixture *f)
{
    batch_shard_init(&f->shard, f->target.provider->batch, BATCH_SHARD_MAX_BYTES);
    for (int i = 0; i < CALLS; i++) {
        struct ask ask = {.type = ASK_CHAT,
                          .system = "You write copy.",
                          .user = "Locale: zh-CN\n",
                          .temperature = 0.5,
                          .max_tokens = 50 + i};
        struct port_call call = {.campaign = CAMPAIGN,
                                 .stage = "write",
                                 .index = i,
                                 .ask = &ask,
                                 .endpoint = "",
                                 .model = "",
                                 .refused_text = "",
                                 .objection = ""};
        struct provider_request q;
        char id[BATCH_ID_SIZE];
        provider_request_init(&q);
        batch_id_write(id, CAMPAIGN, "write", &(struct batch_place){0, i, 0});
        assert_int_equal(f->target.provider->build(&f->config, NULL, "m", &call, &q),
                         ERR_OK);
        assert_int_equal(batch_shard_add(&f->shard, id, &q), ERR_OK);
        provider_request_fini(&q);
        f->slots[i] = (struct batch_slot){.index = i};
    }
}

static void begin(struct fixture *f, const char *dialect, const char *option,
                  const char *value)
{
    *f = (struct fixture){.done = false};
    sim_start(&f->sim, option, value);
    client_start(&f->c);
    f->config = (struct config_endpoint){.name = "sim", .model = "m"};
    (void)snprintf(f->config.base_url, sizeof f->config.base_url, "%s", f->sim.url);
    f->target = (struct batch_target){.http = f->c.http,
                                      .provider = provider_find(dialect),
                                      .config = &f->config,
                                      .deadline_ms = WAIT_MS};
    add_calls(f);
    f->reader = (struct batch_reader){.provider = f->target.provider,
                                      .campaign = CAMPAIGN,
                                      .stage = "write",
                                      .slots = f->slots,
                                      .count = CALLS,
                                      .fn = on_result,
                                      .arg = f};
}

static void end(struct fixture *f)
{
    batch_shard_fini(&f->shard);
    client_stop(&f->c);
    loop_free(f->c.loop);
    sim_stop(&f->sim);
}

static void on_status(void *arg, uint64_t ticket, const struct batch_status *status)
{
    struct fixture *f = arg;
    assert_int_equal(ticket, 7);
    assert_false(f->done);
    f->status = *status;
    f->done = true;
}

static void await(struct fixture *f)
{
    assert_false(f->done); /* never inside the call */
    assert_int_equal(loop_run_until(f->c.loop, &f->done, WAIT_MS), ERR_OK);
    f->done = false;
}

static const struct batch_status *send_step(struct fixture *f, enum batch_step step,
                                            const char *name)
{
    char copy[BATCH_NAME_SIZE]; /* name may lie in the status, which is overwritten */
    (void)snprintf(copy, sizeof copy, "%s", name);
    struct batch_order order = {step, copy, &f->shard, f->shard.mark};
    assert_int_equal(batch_wire_send(&f->target, &order, on_status, f, 7), ERR_OK);
    memset(copy, 'x', sizeof copy);
    await(f);
    return &f->status;
}

static void fetch(struct fixture *f, const char *name)
{
    char copy[BATCH_NAME_SIZE];
    if (!*name)
        return;
    (void)snprintf(copy, sizeof copy, "%s", name);
    batch_reader_init(&f->reader);
    assert_int_equal(
        batch_wire_fetch(&f->target, copy, f->shard.mark, &f->reader, on_status, f, 7),
        ERR_OK);
    await(f);
    batch_reader_fini(&f->reader);
}

/* The batch's name. */
static void create(struct fixture *f, char name[BATCH_NAME_SIZE])
{
    const char *file = "";
    if (f->target.provider->batch->has_files) {
        file = send_step(f, BATCH_UPLOAD, "")->name;
        assert_int_equal(f->status.code, ERR_OK);
        assert_true(*file);
    }
    assert_int_equal(send_step(f, BATCH_CREATE, file)->code, ERR_OK);
    memcpy(name, f->status.name, BATCH_NAME_SIZE);
}

static void await_end(struct fixture *f, const char *name)
{
    for (int i = 0; i < MAX_POLLS; i++) {
        assert_int_equal(send_step(f, BATCH_POLL, name)->code, ERR_OK);
        if (f->status.state != BATCH_WORKING)
            return;
        client_pass_time(&f->c, 5);
    }
    fail_msg("the batch does not end");
}

static void fetch_all(struct fixture *f)
{
    struct batch_status ended = f->status;
    fetch(f, ended.output);
    assert_int_equal(f->status.code, ERR_OK);
    fetch(f, ended.failures);
    assert_int_equal(f->status.code, ERR_OK);
}

static void every_call_comes_back(const char *dialect)
{
    struct fixture f;
    char name[BATCH_NAME_SIZE];
    begin(&f, dialect, "--seed", "1");
    create(&f, name);
    await_end(&f, name);
    assert_int_equal(f.status.state, BATCH_ENDED);
    fetch_all(&f);
    assert_int_equal(f.good, CALLS);
    assert_true(f.tokens > CALLS);
    assert_int_equal(batch_reader_missing(&f.reader), 0);
    assert_true(f.reader.broken == 0 && f.reader.foreign == 0 && f.reader.twice == 0);
    send_step(&f, BATCH_POLL, name);
    fetch_all(&f); /* once more gives nothing out again */
    assert_int_equal(f.settled, CALLS);
    end(&f);
}

static void files_come_back(void **state)
{
    (void)state;
    every_call_comes_back("openai_chat");
}

static void messages_come_back(void **state)
{
    (void)state;
    every_call_comes_back("anthropic");
}

/* Lines lost, lines failed, lines too late: told apart from those to be paid. */
static void some_calls_are_to_be_sent_again(void **state)
{
    static const struct {
        const char *dialect, *option;
        bool told;
    } rows[] = {
        {"openai_chat", "--batch-missing", false},
        {"openai_chat", "--batch-errors", true},
        {"openai_chat", "--batch-expire", true},
        {"anthropic", "--batch-missing", false},
        {"anthropic", "--batch-errors", true},
        {"anthropic", "--batch-expire", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        char name[BATCH_NAME_SIZE];
        begin(&f, rows[i].dialect, rows[i].option, "0.5");
        create(&f, name);
        await_end(&f, name);
        fetch_all(&f);
        int missing = batch_reader_missing(&f.reader);
        assert_true(f.good > 0 && f.good < CALLS);
        assert_int_equal(f.good + f.retryable + missing, CALLS);
        assert_int_equal(missing, rows[i].told ? 0 : CALLS - f.good);
        end(&f);
    }
}

static void an_unnamed_batch_is_found_again(void **state)
{
    struct fixture f;
    char name[BATCH_NAME_SIZE];
    (void)state;
    begin(&f, "openai_chat", "--seed", "1");
    assert_int_equal(send_step(&f, BATCH_FIND, "")->code, ERR_NOT_FOUND);
    create(&f, name);
    assert_int_equal(send_step(&f, BATCH_FIND, "")->code, ERR_OK);
    assert_string_equal(f.status.name, name);
    memcpy(f.shard.mark, "another", sizeof "another");
    assert_int_equal(send_step(&f, BATCH_FIND, "")->code, ERR_NOT_FOUND);
    end(&f);
}

static void cancelled_and_refused(void **state)
{
    struct fixture f;
    char name[BATCH_NAME_SIZE];
    (void)state;
    begin(&f, "openai_chat", "--batch-invalid", "1");
    create(&f, name);
    await_end(&f, name);
    assert_int_equal(f.status.state, BATCH_REFUSED);
    assert_true(f.status.message[0]);
    end(&f);
    begin(&f, "anthropic", "--batch-ms", "60000");
    create(&f, name);
    assert_int_equal(send_step(&f, BATCH_CANCEL, name)->code, ERR_OK);
    await_end(&f, name);
    fetch_all(&f);
    assert_int_equal(f.retryable, CALLS);
    end(&f);
}

static void failures_settle_once(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, "openai_chat", "--seed", "1");
    assert_int_equal(send_step(&f, BATCH_POLL, "batch_none")->code, ERR_BAD_REQUEST);
    fetch(&f, "file-none"); /* an error body is no file of results */
    assert_int_equal(f.status.code, ERR_BAD_REQUEST);
    assert_int_equal(batch_reader_missing(&f.reader), CALLS);
    struct batch_order order = {BATCH_POLL, "a/b", NULL, "m"};
    assert_int_equal(batch_wire_send(&f.target, &order, on_status, &f, 7),
                     ERR_BAD_VALUE);
    order.name = "batch_none";
    assert_int_equal(batch_wire_send(&f.target, &order, on_status, &f, 7), ERR_OK);
    http_free(f.c.http);
    f.c.http = NULL;
    assert_true(f.done);
    assert_int_equal(f.status.code, ERR_CANCELLED);
    end(&f);
}

/* What is not known to be missing is not paid for again. */
static void damage_is_no_end(void **state)
{
    static const char *const bodies[] = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 40\r\n\r\n"
        "{\"error\":{\"type\":\"overloaded_error\"}}   ",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 900\r\n\r\n{}\n",
        "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    };
    static const enum err codes[] = {ERR_SERVER, ERR_TRUNCATED, ERR_OVERLOAD};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct raw_server raw;
        struct raw_step step = {bodies[i], true};
        begin(&f, "openai_chat", "--seed", "1");
        raw_server_start(&raw, &step, 1);
        (void)snprintf(f.config.base_url, sizeof f.config.base_url,
                       "http://127.0.0.1:%d", raw.port);
        fetch(&f, "file-1");
        assert_int_equal(f.status.code, codes[i]);
        assert_true(f.status.retryable && f.status.message[0]);
        raw_server_stop(&raw);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(some_calls_are_to_be_sent_again),
        cmocka_unit_test(an_unnamed_batch_is_found_again),
        cmocka_unit_test(cancelled_and_refused),
        cmocka_unit_test(failures_settle_once),
        cmocka_unit_test(damage_is_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
