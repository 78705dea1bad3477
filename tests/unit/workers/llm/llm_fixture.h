/* llm_fixture.h: an LLM client and a server in one loop. The server answers from a
 * script, one step per request. */
#ifndef BARKER_TESTS_LLM_FIXTURE_H
#define BARKER_TESTS_LLM_FIXTURE_H

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

#define WAIT_MS 20000 /* for a test that hangs; no test waits this long */
#define STEPS_MAX 8
#define KEY "sk-test-0123456789"

struct step {
    int status; /* 0: the connection is dropped; -1: no answer */
    const char *body, *header, *value;
};
struct seen_call { /* what came of a call */
    int count;
    bool done;
    enum err code;
    struct port_call_result result; /* strings are dead but those below */
    char text[256], message[256], finish[32], model[64];
};
struct fixture {
    struct loop *loop;
    struct httpd *server;
    struct config *config;
    struct llm *llm;
    const struct step *steps;
    size_t step_count, requests;
    char ini[64], base_url[64];
    char bodies[STEPS_MAX][2048], ids[STEPS_MAX][96], keys[STEPS_MAX][96];
    char paths[STEPS_MAX][64];
    bool any_path; /* else that of chat */
    bool arrived;  /* a request that is not answered */
    struct seen_call calls[STEPS_MAX];
};

static inline void on_request(void *arg, struct httpd_request *q)
{
    struct fixture *f = arg;
    size_t i = f->requests++, len;
    assert_true(i < f->step_count);
    const struct step *s = &f->steps[i];
    const char *key = httpd_header(q, "Authorization");
    const char *id = httpd_header(q, "X-Client-Request-Id");
    if (!f->any_path)
        assert_string_equal(httpd_path(q), "/v1/chat/completions");
    (void)snprintf(f->paths[i], sizeof f->paths[i], "%s", httpd_path(q));
    (void)snprintf(f->bodies[i], sizeof f->bodies[i], "%s", httpd_body(q, &len));
    (void)snprintf(f->ids[i], sizeof f->ids[i], "%s", id ? id : "");
    (void)snprintf(f->keys[i], sizeof f->keys[i], "%s", key ? key : "");
    if (s->status < 0) {
        f->arrived = true;
    } else if (s->status == 0) {
        httpd_drop(q);
    } else {
        struct httpd_answer a = {.status = s->status,
                                 .content_type = "application/json",
                                 .body = s->body,
                                 .body_len = strlen(s->body),
                                 .headers = {{s->header, s->value}}};
        httpd_answer(q, &a);
    }
}

static inline void on_gone(void *arg, struct httpd_request *q, void *user)
{
    (void)arg, (void)q, (void)user;
}

static inline void fixture_server(struct fixture *f, const struct step *steps,
                                  size_t count)
{
    struct httpd_options o = {.listen = "127.0.0.1:0", .max_body_bytes = 1 << 20};
    struct err_detail d = {0};
    *f = (struct fixture){.steps = steps, .step_count = count};
    (void)unsetenv("OPENAI_BASE_URL"); /* of whoever runs the tests */
    (void)unsetenv("OPENAI_API_KEY");
    (void)unsetenv("BARKER_MODEL");
    (void)unsetenv("BARKER_PRICES");
    assert_int_equal(loop_new(&f->loop), ERR_OK);
    assert_int_equal(httpd_new(f->loop, &o, on_request, on_gone, f, &f->server, &d),
                     ERR_OK);
    (void)snprintf(f->base_url, sizeof f->base_url, "http://127.0.0.1:%d/v1",
                   httpd_port(f->server));
}

/* ini: text of the configuration, NULL: the environment alone. */
static inline enum err fixture_llm(struct fixture *f, const char *ini,
                                   int64_t timeout_ms, struct err_detail *d)
{
    (void)snprintf(f->ini, sizeof f->ini, "/tmp/barker-llm-test-XXXXXX");
    int fd = mkstemp(f->ini);
    assert_true(fd >= 0);
    const char *text = ini ? ini : "";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    if (!ini) {
        (void)setenv("OPENAI_BASE_URL", f->base_url, 1);
        (void)setenv("OPENAI_API_KEY", KEY, 1);
        (void)setenv("BARKER_MODEL", "gpt-4o-mini", 1);
    }
    enum err e = config_load(f->ini, &f->config, d);
    (void)unlink(f->ini);
    (void)unsetenv("OPENAI_BASE_URL");
    (void)unsetenv("BARKER_MODEL");
    if (e)
        fail_msg("%s: %s", d->path, d->message);
    struct llm_options o = {
        .config = f->config, .connect_timeout_ms = WAIT_MS, .timeout_ms = timeout_ms};
    e = llm_new(f->loop, &o, &f->llm, d);
    (void)unsetenv("OPENAI_API_KEY");
    return e;
}

static inline void fixture_start(struct fixture *f, const struct step *steps,
                                 size_t count)
{
    struct err_detail d = {0};
    fixture_server(f, steps, count);
    if (fixture_llm(f, NULL, WAIT_MS, &d))
        fail_msg("%s: %s", d.path, d.message);
}

static inline void fixture_stop(struct fixture *f)
{
    llm_free(f->llm);
    config_free(f->config);
    httpd_free(f->server);
    loop_free(f->loop);
}

static inline void on_call(void *arg, uint64_t ticket, const struct port_call_result *r)
{
    struct fixture *f = arg;
    struct seen_call *c = &f->calls[ticket];
    c->count++;
    c->done = true;
    c->code = r->code;
    c->result = *r;
    assert_int_equal(r->len, strlen(r->text));
    (void)snprintf(c->text, sizeof c->text, "%s", r->text);
    (void)snprintf(c->message, sizeof c->message, "%s", r->message);
    (void)snprintf(c->finish, sizeof c->finish, "%s", r->finish);
    (void)snprintf(c->model, sizeof c->model, "%s", r->model);
    assert_non_null(r->request_id);
}

static inline struct ask plain_ask(void)
{
    return (struct ask){.type = ASK_CHAT,
                        .system = "You write.",
                        .user = "Write.",
                        .temperature = 0.7,
                        .max_tokens = 100,
                        .seed = 7};
}

static inline struct port_call call_of(const struct ask *a)
{
    return (struct port_call){.campaign = "camp",
                              .stage = "write",
                              .iteration = 1,
                              .index = 2,
                              .attempt = 3,
                              .ask = a,
                              .endpoint = "",
                              .model = "",
                              .refused_text = "",
                              .objection = ""};
}

/* Starts a call whose result goes to calls[i]; it never settles inside. */
static inline uint64_t start_call(struct fixture *f, const struct port_call *call,
                                  size_t i)
{
    uint64_t id = 0;
    assert_int_equal(llm_call(f->llm, call, on_call, f, i, &id), ERR_OK);
    assert_true(id != 0);
    assert_int_equal(f->calls[i].count, 0);
    return id;
}

static inline const struct seen_call *await_call(struct fixture *f, size_t i)
{
    assert_int_equal(loop_run_until(f->loop, &f->calls[i].done, WAIT_MS), ERR_OK);
    assert_int_equal(f->calls[i].count, 1);
    return &f->calls[i];
}

static inline const struct seen_call *exchange(struct fixture *f, const struct ask *a,
                                               size_t i)
{
    struct port_call call = call_of(a);
    (void)start_call(f, &call, i);
    return await_call(f, i);
}

#endif
