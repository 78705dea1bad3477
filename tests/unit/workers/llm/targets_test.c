/* targets_test.c: where calls go when endpoints fail, what of them waits, and whose
 * price is reserved. Nothing is sent: the test says what came of each call. */
#include "workers/llm/targets.h"
#include "tests/unit/workers/llm/llm_fixture.h"

#define WAY                                                                            \
    "base_url = http://127.0.0.1:9/v1\nprice_in = 1\nprice_out = 1\nkey_env = NO_KEY"
#define THREE                                                                          \
    "[endpoint a]\nmodel = ma\nfallback = b, c\n" WAY "_A\n"                           \
    "[endpoint b]\nmodel = mb\n" WAY "_B\nprice_cached = 1\n"                          \
    "[endpoint c]\nmodel = mc\nbase_url = http://127.0.0.1:9/c\n"
enum { A = 1, B, C };

struct desk {
    struct fixture f; /* its configuration; its llm makes no call */
    struct endpoints list;
    struct admission *admission;
    struct targets *targets;
    struct ask ask;
    struct port_call call;
    bool room;
};

static void on_room(void *arg)
{
    struct desk *d = arg;
    d->room = true;
}

static void open_desk(struct desk *d, const char *ini)
{
    struct err_detail e = {0};
    *d = (struct desk){.ask = plain_ask()};
    fixture_server(&d->f, NULL, 0);
    if (fixture_llm(&d->f, ini, WAIT_MS, &e))
        fail_msg("%s: %s", e.path, e.message);
    assert_int_equal(endpoints_init(&d->list, d->f.config, &e), ERR_OK);
    struct admission_options a = {.loop = d->f.loop,
                                  .endpoints = &d->list,
                                  .timeout_ms = WAIT_MS,
                                  .on_room = on_room,
                                  .room_arg = d};
    assert_int_equal(admission_new(&a, &d->admission), ERR_OK);
    struct targets_options t = {.loop = d->f.loop,
                                .endpoints = &d->list,
                                .admission = d->admission,
                                .on_room = on_room,
                                .room_arg = d};
    assert_int_equal(targets_new(&t, &d->targets), ERR_OK);
    d->call = call_of(&d->ask);
}

static void close_desk(struct desk *d)
{
    targets_free(d->targets);
    admission_free(d->admission);
    endpoints_fini(&d->list);
    fixture_stop(&d->f);
}

static struct port_grant admit(struct desk *d)
{
    struct port_grant g;
    bool ok = targets_admit(d->targets, &d->call, 1, &g);
    assert_int_equal(ok, g.target > 0);
    return g;
}

static int where(struct desk *d)
{
    struct port_grant g = admit(d);
    if (g.target)
        targets_forgo(d->targets, &g);
    return g.target;
}

/* So many calls end like this at this endpoint. */
static void end(struct desk *d, int target, enum err code, int times)
{
    for (int i = 0; i < times; i++) {
        struct port_grant g = admit(d);
        assert_int_equal(g.target, target);
        targets_settle(d->targets, &g, code, -1);
        admission_forgo(d->admission, &g);
    }
}

static void test_in_their_order(void **state)
{
    (void)state;
    struct desk d;
    char text[256];
    open_desk(&d, THREE);
    assert_int_equal(targets_count(d.targets, &d.call), 3);
    end(&d, A, ERR_OK, 10);
    targets_print(d.targets, text, sizeof text);
    assert_string_equal(text, "");
    end(&d, A, ERR_MONEY, 1);
    end(&d, B, ERR_SERVER, 5);
    end(&d, C, ERR_OVERLOAD, 5);
    assert_int_equal(where(&d), 0); /* waits, and burns nothing */
    targets_print(d.targets, text, sizeof text);
    assert_string_equal(text, "a/ma no_credit, b/mb server_error, c/mc overloaded");
    d.call.model = "other"; /* of the same key: is another matter */
    assert_int_equal(where(&d), A);
    d.call.endpoint = "c";
    d.call.model = "";
    assert_int_equal(targets_count(d.targets, &d.call), 1);
    assert_int_equal(where(&d), 0);
    d.call.endpoint = "nowhere";
    struct port_grant g;
    assert_true(targets_admit(d.targets, &d.call, 1, &g)); /* is told so by its call */
    assert_int_equal(g.target, 0);
    close_desk(&d);
}

static void test_a_leave_not_used(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, THREE);
    for (int i = 0; i < 100; i++)
        assert_int_equal(where(&d), A);
    d.call.failures = 1;
    d.call.failed_at = A;
    for (int i = 0; i < 100; i++)
        assert_int_equal(where(&d), A); /* retries come back as well */
    close_desk(&d);
}

static void test_two_failures_of_one_ask(void **state)
{
    (void)state;
    static const int ways[] = {A, A, B, B, C, C, A, A};
    struct desk d;
    open_desk(&d, THREE);
    for (int i = 0; i < 8; i++) {
        d.call.failures = i;
        assert_int_equal(where(&d), ways[i]);
    }
    close_desk(&d);
}

static void test_closed_by_a_hint(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, THREE);
    admission_close(d.admission, &d.list.items[0], 4000);
    assert_int_equal(where(&d), 0); /* soon: does not spill over */
    admission_close(d.admission, &d.list.items[0], 60000);
    assert_int_equal(where(&d), B);
    admission_close(d.admission, &d.list.items[1], 60000);
    end(&d, C, ERR_AUTH, 1);
    assert_int_equal(where(&d), 0);
    close_desk(&d);
}

/* Retries until one must wait. */
static int try_again(struct desk *d, struct port_grant *refusal)
{
    for (int count = 0;; count++) {
        *refusal = admit(d);
        if (!refusal->target)
            return count;
        assert_int_equal(refusal->target, A);
        targets_settle(d->targets, refusal, ERR_RATE, -1);
    }
}

/* Retries at the same place are bounded; first attempts, and those that go elsewhere,
 * are not. */
static void test_retries_wait(void **state)
{
    (void)state;
    struct desk d;
    struct port_grant g;
    open_desk(&d, THREE);
    d.call.failures = 1;
    d.call.failed_at = A;
    assert_in_range(try_again(&d, &g), 10, 30);
    for (int i = 0; i < 2; i++) {
        d.room = false;
        assert_int_equal(loop_run_until(d.f.loop, &d.room, WAIT_MS), ERR_OK);
        assert_in_range(try_again(&d, &g), 1, 20); /* in time there is one */
    }
    d.call.failed_at = B;
    end(&d, A, ERR_RATE, 20);
    d.call.failed_at = A;
    assert_in_range(try_again(&d, &g), 2, 20); /* others have earned them */
    close_desk(&d);
}

static void test_prices(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, THREE);
    end(&d, A, ERR_MONEY, 1);
    d.call.has_budget = true;
    assert_int_equal(targets_count(d.targets, &d.call), 2); /* c has no price */
    end(&d, B, ERR_MONEY, 1);
    assert_int_equal(where(&d), 0);
    d.call.has_budget = false;
    assert_int_equal(where(&d), C);
    d.call.has_budget =
        true; /* its own has none either: it is bounded by other means */
    d.call.model = "";
    d.call.endpoint = "c";
    assert_int_equal(targets_count(d.targets, &d.call), 1);
    close_desk(&d);
}

/* Vectors of two models cannot be compared: an embedding has no fallback but the same
 * model elsewhere. */
static void test_embeddings_stay_with_their_model(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d,
              "[endpoint a]\ndialect = openai_embeddings\nmodel = em\n"
              "fallback = b, c\n" WAY "_A\n"
              "[endpoint b]\ndialect = openai_embeddings\nmodel = other\n" WAY "_B\n"
              "[endpoint c]\ndialect = openai_embeddings\nmodel = em\n"
              "base_url = http://127.0.0.1:9/c\n");
    d.ask = (struct ask){.type = ASK_EMBED, .system = "", .user = "a text"};
    assert_int_equal(targets_count(d.targets, &d.call), 2);
    end(&d, A, ERR_SERVER, 5);
    end(&d, C, ERR_SERVER, 5);
    assert_int_equal(where(&d), 0);
    close_desk(&d);
}

/* The estimate is of the endpoint the leave is for, with its own model. */
static void test_estimate_of_the_target(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, "[endpoint a]\nmodel = gpt-4o-mini\nfallback = b\n"
                  "[endpoint b]\nmodel = mb\nprice_in = 10\nprice_out = 10\n");
    d.call.model = "gpt-4.1-nano"; /* 0.1 and 0.4 */
    struct port_estimate first = llm_estimate(d.f.llm, &d.call);
    assert_int_equal(first.usd_nano, (first.tokens - 100) * 100 + 100 * 400);
    d.call.grant.target = A;
    assert_int_equal(llm_estimate(d.f.llm, &d.call).usd_nano, first.usd_nano);
    d.call.grant.target = B;
    struct port_estimate second = llm_estimate(d.f.llm, &d.call);
    assert_int_equal(second.usd_nano, second.tokens * 10000);
    close_desk(&d);
}

/* Until the first of them may be asked; a hint closes as a breaker does. */
static void test_closed_for(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, THREE);
    assert_int_equal(targets_closed_ms(d.targets, &d.call), 0); /* nothing is known */
    end(&d, A, ERR_MONEY, 1);
    end(&d, B, ERR_SERVER, 5);
    assert_int_equal(targets_closed_ms(d.targets, &d.call), 0);
    admission_close(d.admission, &d.list.items[C - 1], 40000);
    int64_t ms = targets_closed_ms(d.targets, &d.call);
    assert_true(ms > 1000 && ms <= 6000); /* B */
    d.call.endpoint = "c";
    ms = targets_closed_ms(d.targets, &d.call);
    assert_true(ms > 30000 && ms <= 40000);
    d.call.endpoint = "nowhere"; /* the call fails by itself */
    assert_int_equal(targets_closed_ms(d.targets, &d.call), 0);
    close_desk(&d);
}

/* An ask that failed under another worker: one call, and while it is under way nobody
 * can say for how long. */
static void test_from_elsewhere(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, THREE);
    d.call.endpoint = "c";
    d.call.failures = 1;
    d.call.failed_at = C; /* here, then: no suspicion */
    assert_false(admit(&d).is_probe);
    d.call.model = "other";
    d.call.failed_at = 0;
    struct port_grant probe = admit(&d);
    assert_true(probe.is_probe);
    assert_int_equal(where(&d), 0);
    assert_true(targets_closed_ms(d.targets, &d.call) == INT64_MAX);
    targets_settle(d.targets, &probe, ERR_UNSENT, -1);
    assert_int_equal(where(&d), 0);
    assert_true(targets_closed_ms(d.targets, &d.call) > 1000);
    d.call.model = "third";
    d.call.failures = 0;
    struct port_grant first = admit(&d);
    d.call.failures = 1;
    assert_false(admit(&d).is_probe); /* others are on their way */
    targets_settle(d.targets, &first, ERR_OK, -1);
    close_desk(&d);
}

/* Open for five seconds: the timer says when one may try. The end of a probe is told
 * whatever it is, as others wait for it. */
static void test_the_end_of_a_probe_is_told(void **state)
{
    (void)state;
    struct desk d;
    struct port_grant probe;
    open_desk(&d, THREE);
    d.call.endpoint = "c";
    end(&d, C, ERR_SERVER, 5);
    for (int i = 0; where(&d) == 0; i++) { /* once; a timer may be early by a little */
        assert_true(i < 10);
        d.room = false;
        assert_int_equal(loop_run_until(d.f.loop, &d.room, WAIT_MS), ERR_OK);
    }
    for (int i = 0; i < 3; i++) {
        probe = admit(&d);
        assert_true(probe.is_probe);
        assert_int_equal(where(&d), 0);
        d.room = false;
        if (i == 0)
            targets_forgo(d.targets, &probe);
        else
            targets_settle(d.targets, &probe, i == 1 ? ERR_CANCELLED : ERR_OK, -1);
        assert_int_equal(loop_run_until(d.f.loop, &d.room, WAIT_MS), ERR_OK);
    }
    end(&d, C, ERR_OK, 3);
    close_desk(&d);
}

/* No more at once than a model bears; what waits for it is told. */
static void test_ceiling(void **state)
{
    (void)state;
    struct desk d;
    struct port_grant g[8];
    open_desk(&d, THREE);
    for (int i = 0; i < 8; i++)
        g[i] = admit(&d);
    for (int i = 0; i < 4; i++)
        targets_settle(d.targets, &g[i], ERR_CONCURRENCY, -1);
    for (int i = 4; i < 6; i++) {
        assert_int_equal(where(&d), 0); /* does not spill over */
        d.room = false;
        targets_settle(d.targets, &g[i], ERR_OK, -1);
        assert_int_equal(loop_run_until(d.f.loop, &d.room, WAIT_MS), ERR_OK);
        assert_int_equal(admit(&d).target, A);
    }
    assert_int_equal(where(&d), 0);
    close_desk(&d);
}

/* Names come from specs: there is an end to what is remembered of them. */
static void test_many_models(void **state)
{
    (void)state;
    struct desk d;
    char name[32];
    open_desk(&d, THREE);
    end(&d, A, ERR_OK, 1);
    struct port_grant old = admit(&d);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof name, "model-%d", i);
        d.call.model = name;
        end(&d, A, ERR_OK, 1);
    }
    targets_settle(d.targets, &old, ERR_MONEY, -1); /* finds nobody */
    targets_forgo(d.targets, &old);
    close_desk(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_their_order),
        cmocka_unit_test(test_a_leave_not_used),
        cmocka_unit_test(test_two_failures_of_one_ask),
        cmocka_unit_test(test_closed_by_a_hint),
        cmocka_unit_test(test_retries_wait),
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_embeddings_stay_with_their_model),
        cmocka_unit_test(test_estimate_of_the_target),
        cmocka_unit_test(test_closed_for),
        cmocka_unit_test(test_from_elsewhere),
        cmocka_unit_test(test_the_end_of_a_probe_is_told),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_many_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
