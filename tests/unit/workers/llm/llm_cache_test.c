/* llm_cache_test.c: which calls are the same, what is kept and believed, and calls that
 * end while the cache is asked. On a Redis of the test's own. */
#include "workers/llm/llm_cache.h"
#include "tests/unit/queues/queue_fixture.h"
#include "workers/llm/llm.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct config_endpoint endpoint = {.dialect = "openai_chat",
                                                .base_url = "http://a"};

static struct llm_cache_key name_of(const struct config_endpoint *e, const char *model,
                                    const char *body, const struct port_call *call)
{
    struct llm_cache_key key;
    struct provider_request q;
    provider_request_init(&q);
    buf_append_str(&q.body, body);
    llm_cache_name(&key, e, model, &q, call);
    provider_request_fini(&q);
    return key;
}

static bool same(const struct llm_cache_key *a, const struct llm_cache_key *b)
{
    return strcmp(a->hash, b->hash) == 0; /* by itself: it has the tenant in it */
}

static void test_what_makes_two_calls_the_same(void **state)
{
    (void)state;
    struct ask ask = {.seed = 7}, reseeded = {.seed = 8};
    struct port_call call = {.campaign = "c",
                             .tenant = "t",
                             .stage = "write",
                             .iteration = 1,
                             .index = 2,
                             .ask = &ask};
    struct llm_cache_key key = name_of(&endpoint, "m", "{}", &call), other;
    struct port_call calls[8];
    for (size_t i = 0; i < 8; i++)
        calls[i] = call;
    calls[0].campaign = "d";
    calls[0].attempt = 3;
    calls[0].created_ms = 9;
    other = name_of(&endpoint, "m", "{}", &calls[0]);
    assert_true(same(&key, &other)); /* whoever asks, and how often */
    calls[1].tenant = "u";
    calls[2].stage = "rewrite";
    calls[3].iteration = 2;
    calls[4].index = 3;
    calls[5].ask = &reseeded;
    calls[6].iteration = 12; /* 1/2 and 12/… do not run into each other */
    calls[6].index = 2;
    for (size_t i = 1; i < 7; i++) {
        other = name_of(&endpoint, "m", "{}", &calls[i]);
        assert_false(same(&key, &other));
    }
    struct config_endpoint dialect = endpoint, url = endpoint;
    (void)snprintf(dialect.dialect, sizeof dialect.dialect, "gemini");
    (void)snprintf(url.base_url, sizeof url.base_url, "http://b");
    other = name_of(&dialect, "m", "{}", &call);
    assert_false(same(&key, &other));
    other = name_of(&url, "m", "{}", &call);
    assert_false(same(&key, &other));
    other = name_of(&endpoint, "m{", "}", &call);
    assert_false(same(&key, &other));
    calls[7].tenant = NULL;
    assert_string_equal(name_of(&endpoint, "m", "{}", &calls[7]).hash, "");
}

struct found {
    struct provider_reply reply;
    bool done, ok;
};

static void on_found(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct found *f = arg;
    (void)ticket;
    f->ok = !e && llm_cache_read(r, &f->reply);
    f->done = true;
}

static const struct llm_cache_key KEY = {.tenant = "t", .hash = "00ff"};

/* Keeps a reply with this text and finish, then looks for it. */
static bool comes_back(struct partition *p, const char *text, size_t n,
                       const char *finish, enum err code, const char *damage)
{
    struct llm_cache cache = {.queue = &p->queue, .ttl_s = 60};
    struct provider_reply reply;
    struct found f = {.done = false};
    provider_reply_init(&reply);
    provider_reply_init(&f.reply);
    reply.code = code;
    (void)snprintf(reply.finish, sizeof reply.finish, "%s", finish);
    (void)snprintf(reply.model, sizeof reply.model, "served");
    buf_append(&reply.text, text, n);
    (void)ask(p, "DEL", "bk:{0}:cache:t:00ff");
    llm_cache_keep(&cache, &KEY, &reply);
    if (damage)
        (void)ask(p, "SET", "bk:{0}:cache:t:00ff", damage);
    assert_int_equal(llm_cache_find(&cache, &KEY, on_found, &f, 0), ERR_OK);
    assert_int_equal(loop_run_until(p->loop, &f.done, WAIT_MS), ERR_OK);
    if (f.ok) {
        assert_int_equal(f.reply.text.len, n);
        assert_memory_equal(buf_str(&f.reply.text), text, n);
        assert_string_equal(f.reply.finish, finish);
        assert_string_equal(f.reply.model, "served");
    }
    provider_reply_fini(&reply);
    provider_reply_fini(&f.reply);
    return f.ok;
}

static void test_what_is_kept(void **state)
{
    struct partition *p = *state;
    static char large[70000];
    memset(large, 'x', sizeof large);
    assert_true(comes_back(p, "a \"b\"\n\xc3\xa9", 8, "stop", ERR_OK, NULL));
    assert_true(comes_back(p, "{}", 2, "tool_calls", ERR_OK, NULL));
    assert_false(comes_back(p, "half", 4, "length", ERR_OK, NULL));
    assert_false(comes_back(p, "half", 4, "aborted", ERR_OK, NULL));
    assert_false(comes_back(p, "half", 4, "stop", ERR_TRUNCATED, NULL));
    assert_false(comes_back(p, "", 0, "stop", ERR_OK, NULL));
    assert_true(comes_back(p, large, 60000, "stop", ERR_OK, NULL));
    assert_false(comes_back(p, large, sizeof large, "stop", ERR_OK, NULL));
}

static void test_what_is_not_believed(void **state)
{
    struct partition *p = *state;
    assert_false(comes_back(p, "a", 1, "stop", ERR_OK, ""));
    assert_false(comes_back(p, "a", 1, "stop", ERR_OK, "0123456789abcdef "));
    assert_false(comes_back(p, "a", 1, "stop", ERR_OK,
                            "0123456789abcdef {\"text\":\"b\",\"finish\":\"stop\"}"));
}

struct seen_call {
    int count;
    bool done;
    enum err code;
};

static void on_call(void *arg, uint64_t ticket, const struct port_call_result *r)
{
    struct seen_call *c = arg;
    (void)ticket;
    c->count++;
    c->done = true;
    c->code = r->code;
    assert_false(r->sent || r->cached || r->usd_nano || r->tokens_in);
}

static struct llm *open_llm(struct partition *p, struct config **config)
{
    struct err_detail d = {0};
    struct llm *llm = NULL;
    (void)setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1", 1);
    (void)setenv("BARKER_MODEL", "m", 1);
    assert_int_equal(config_load("/dev/null", config, &d), ERR_OK);
    assert_int_equal(config_override(*config, "llm", "cache_ttl_s", "60", &d), ERR_OK);
    struct llm_options o = {.config = *config,
                            .connect_timeout_ms = WAIT_MS,
                            .timeout_ms = WAIT_MS,
                            .queue = &p->queue};
    assert_int_equal(llm_new(p->loop, &o, &llm, &d), ERR_OK);
    return llm;
}

static struct port_call call_of(const struct ask *a)
{
    return (struct port_call){.campaign = "c",
                              .tenant = "t",
                              .stage = "s",
                              .ask = a,
                              .endpoint = "",
                              .model = "",
                              .refused_text = "",
                              .objection = ""};
}

static void test_a_call_ends_while_it_is_looked_up(void **state)
{
    struct partition *p = *state;
    struct config *config;
    struct llm *llm = open_llm(p, &config);
    struct ask a = {.type = ASK_CHAT, .user = "Write.", .max_tokens = 10};
    struct port_call one = call_of(&a);
    struct seen_call cancelled = {0}, freed = {0};
    uint64_t id;
    assert_int_equal(llm_call(llm, &one, on_call, &cancelled, 0, &id), ERR_OK);
    llm_cancel(llm, id);
    assert_int_equal(cancelled.count, 0); /* later, never inside */
    llm_cancel(llm, id);
    assert_int_equal(loop_run_until(p->loop, &cancelled.done, WAIT_MS), ERR_OK);
    assert_int_equal(cancelled.code, ERR_CANCELLED);
    assert_int_equal(llm_call(llm, &one, on_call, &freed, 0, &id), ERR_OK);
    llm_free(llm);
    assert_int_equal(freed.count, 1);
    assert_int_equal(freed.code, ERR_CANCELLED);
    (void)ask(p, "PING"); /* what the cache answers finds nobody */
    assert_int_equal(cancelled.count + freed.count, 2);
    config_free(config);
}

/* An error of Redis is a miss: the call goes out (and finds no server here). */
static void test_a_cache_that_fails(void **state)
{
    struct partition *p = *state;
    struct config *config;
    struct llm *llm = open_llm(p, &config);
    struct ask a = {.type = ASK_CHAT, .user = "Write.", .max_tokens = 10};
    struct port_call one = call_of(&a);
    struct seen_call seen = {0};
    uint64_t id;
    (void)ask(p, "ACL", "SETUSER", "default", "-get");
    assert_int_equal(llm_call(llm, &one, on_call, &seen, 0, &id), ERR_OK);
    assert_int_equal(loop_run_until(p->loop, &seen.done, WAIT_MS), ERR_OK);
    assert_int_equal(seen.code, ERR_UNSENT); /* the server was tried */
    (void)ask(p, "ACL", "SETUSER", "default", "+get");
    llm_free(llm);
    config_free(config);
}

/* As when the worker ends: nothing is sent any more. Takes the connection with it. */
static void test_the_connection_is_closed(void **state)
{
    struct partition *p = *state;
    struct config *config;
    struct llm *llm = open_llm(p, &config);
    struct ask a = {.type = ASK_CHAT, .user = "Write.", .max_tokens = 10};
    struct port_call one = call_of(&a);
    struct seen_call seen = {0};
    uint64_t id;
    assert_int_equal(llm_call(llm, &one, on_call, &seen, 0, &id), ERR_OK);
    redis_free(p->redis);
    p->redis = NULL;
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.code, ERR_CANCELLED);
    llm_free(llm);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_makes_two_calls_the_same),
        queue_test(test_what_is_kept),
        queue_test(test_what_is_not_believed),
        queue_test(test_a_call_ends_while_it_is_looked_up),
        queue_test(test_a_cache_that_fails),
        queue_test(test_the_connection_is_closed), /* the last one */
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
