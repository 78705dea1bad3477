/* admission_tenant_test.c: leave to call where a tenant has limits of its own, by two
 * workers on a Redis of the test's own. */
#include "core/base/clock.h"
#include "tests/fakes/config_text.h"
#include "tests/unit/queues/queue_fixture.h"
#include "workers/llm/admission.h"
#include "workers/llm/targets.h"

static const char ini[] = "[tenant two]\nmax_in_flight=2\n"
                          "[tenant free]\nweight=2\nmax_campaigns=1\nusd_per_day=1\n"
                          "[tenant tpm]\ntpm=1000\n"
                          "[tenant both]\ntpm=5000\nmax_in_flight=1\n";
static const struct config_endpoint configs[] = {
    {.name = "free", .base_url = "http://a"},
    {.name = "few", .base_url = "http://a", .max_in_flight = 3},
    {.name = "tpm", .base_url = "http://a", .tpm = 2000}};
enum { FREE, FEW, TPM, COUNT };
static struct endpoint items[COUNT];
static const struct endpoints list = {.items = items, .count = COUNT};
static const struct admission_tokens none = {0};

struct desk { /* one worker */
    struct admission *admission;
    struct config *config;
    struct loop *loop;
    bool room;
};

static void on_room(void *arg)
{
    struct desk *d = arg;
    d->room = true;
}

static void open_desk(struct desk *d, struct partition *p)
{
    struct err_detail why = {.message = ""};
    for (int i = 0; i < COUNT; i++)
        items[i].config = &configs[i];
    *d = (struct desk){.loop = p->loop};
    assert_int_equal(config_from(ini, &d->config, &why), ERR_OK);
    struct admission_options o = {.loop = p->loop,
                                  .queue = &p->queue,
                                  .endpoints = &list,
                                  .config = d->config,
                                  .timeout_ms = 60000,
                                  .on_room = on_room,
                                  .room_arg = d};
    assert_int_equal(admission_new(&o, &d->admission), ERR_OK);
}

static void close_desk(struct desk *d)
{
    admission_free(d->admission);
    config_free(d->config);
}

static bool try(struct desk *d, const char *tenant, int endpoint, int64_t tokens,
                int waiting, struct port_grant *out)
{
    const struct admission_way way = {&items[endpoint],
                                      admission_tenant(d->admission, tenant)};
    return admission_take(d->admission, way, (struct admission_tokens){.out = tokens},
                          waiting, out);
}

static void wait_room(struct desk *d)
{
    d->room = false;
    assert_int_equal(loop_run_until(d->loop, &d->room, WAIT_MS), ERR_OK);
}

/* Until there is leave, as the runner does: asks when it is told to. */
static struct port_grant take(struct desk *d, const char *tenant, int endpoint,
                              int64_t tokens)
{
    struct port_grant g;
    for (int asked = 0; !try(d, tenant, endpoint, tokens, 1, &g); asked++) {
        assert_int_equal(g.there.gate + g.own.gate, 0);
        assert_true(asked < 200);
        wait_room(d);
    }
    return g;
}

/* So many answers of Redis go by without leave. */
static void stays_refused(struct desk *d, const char *tenant, int endpoint,
                          int64_t tokens, int times)
{
    struct port_grant g;
    for (int i = 0; i < times; i++) {
        assert_false(try(d, tenant, endpoint, tokens, 1, &g));
        wait_room(d);
    }
}

static const char *keys(struct partition *p, const char *pattern)
{
    return call(p, redis_do(p->redis, THEN(p), "KEYS", pattern, NULL));
}

static void test_without_limits_nobody_is_asked(void **state)
{
    struct partition *p = *state;
    struct desk a;
    struct port_grant g;
    open_desk(&a, p);
    static const char *const names[] = {"free", "unknown", "", NULL};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(admission_tenant(a.admission, names[i]), 0);
        assert_true(try(&a, names[i], FREE, 1000000, 9, &g));
        assert_int_equal(g.there.gate + g.own.gate, 0);
        admission_settle(a.admission, &g, none, true);
    }
    assert_string_equal(call(p, redis_do(p->redis, THEN(p), "DBSIZE", NULL)), "0");
    assert_false(
        admission_counts_tokens(a.admission, (struct admission_way){items, 0}));
    int tpm = admission_tenant(a.admission, "tpm");
    assert_true(
        admission_counts_tokens(a.admission, (struct admission_way){items, tpm}));
    close_desk(&a);
}

/* Over workers and endpoints; each tenant has its own. */
static void test_calls_under_way(void **state)
{
    struct desk a, b;
    open_desk(&a, *state);
    open_desk(&b, *state);
    struct port_grant one = take(&a, "two", FREE, 9000), two = take(&b, "two", FEW, 0);
    stays_refused(&a, "two", FREE, 0, 2);
    stays_refused(&b, "two", TPM, 0, 2);
    (void)take(&b, "both", FREE, 0);
    (void)take(&b, "tpm", FREE, 0);
    admission_settle(b.admission, &two, none, true);
    two = take(&a, "two", FREE, 0);
    stays_refused(&b, "two", FREE, 0, 2);
    admission_forgo(a.admission, &two); /* not sent */
    two = take(&b, "two", FREE, 0);
    admission_leave(a.admission); /* its calls run on: `one` */
    stays_refused(&b, "two", FREE, 0, 2);
    admission_settle(b.admission, &two, none, true);
    (void)one;
    (void)take(&b, "two", FREE, 0);
    close_desk(&a);
    close_desk(&b);
}

/* Reserved by estimate, settled by use, once each at endpoint and tenant. */
static void test_tokens(void **state)
{
    struct desk a, b;
    open_desk(&a, *state);
    open_desk(&b, *state);
    struct port_grant g = take(&a, "tpm", TPM, 5000);
    assert_int_equal(g.own.taken[LIMITS_TOKENS], 1000); /* more than all: alone */
    assert_int_equal(g.there.taken[LIMITS_TOKENS], 2000);
    stays_refused(&b, "tpm", FREE, 10, 2);
    admission_forgo(a.admission, &g);
    g = take(&b, "tpm", TPM, 600);
    stays_refused(&a, "tpm", FREE, 401, 2);
    admission_settle(b.admission, &g, (struct admission_tokens){40, 60}, true);
    stays_refused(&a, "tpm", FREE, 901, 2);
    g = take(&a, "tpm", FREE, 900);
    stays_refused(&b, "tpm", FREE, 1, 2);
    assert_int_equal(g.there.gate, 0);
    (void)take(&b, NULL, TPM, 1900); /* of the endpoint only 100 are used */
    close_desk(&a);
    close_desk(&b);
}

/* Somebody else takes the last of a lease while a tenant that was refused asks again.
 */
static bool another_goes(struct desk *d)
{
    struct port_grant held = take(d, "two", FREE, 0), first, last, g;
    stays_refused(d, "two", FREE, 0, 2);
    while (!try(d, NULL, FEW, 0, 2, &first))
        wait_room(d);
    admission_settle(d->admission, &held, none, true); /* so it is asked at once */
    assert_false(try(d, "two", FEW, 0, 1, &g));
    bool ok = try(d, NULL, FEW, 0, 1, &last);
    admission_forgo(d->admission, &first);
    admission_forgo(d->admission, &last);
    return ok;
}

/* A tenant without room asks nothing of an endpoint, and holds nobody up there. */
static void test_a_refused_tenant(void **state)
{
    struct partition *p = *state;
    struct desk a, b;
    open_desk(&a, p);
    open_desk(&b, p);
    (void)take(&a, "both", FREE, 0);
    stays_refused(&a, "both", FEW, 0, 3);
    assert_string_equal(keys(p, "bk:{k:*"), "[]");
    assert_string_equal(keys(p, "bk:{t:both}:lease:held"),
                        "['bk:{t:both}:lease:held']");
    (void)take(&b, "two", FREE, 0);
    bool ok = false; /* a machine that stops for 100 ms takes leases and places away */
    for (int i = 0; i < 20 && !ok; i++)
        ok = another_goes(&a);
    assert_true(ok);
    close_desk(&a);
    close_desk(&b);
}

/* Or others would have every lease of the endpoint while this one asks for its own. */
static void test_its_place_at_the_endpoint_is_kept(void **state)
{
    struct desk a;
    struct port_grant g;
    open_desk(&a, *state);
    assert_false(try(&a, NULL, FEW, 0, 3, &g));
    wait_room(&a);
    assert_true(try(&a, NULL, FEW, 0, 1, &g));
    assert_false(try(&a, "two", FEW, 0, 1, &g));
    assert_false(try(&a, "both", FEW, 0, 1, &g));
    assert_true(try(&a, NULL, FEW, 0, 1, &g)); /* of three one is left */
    assert_false(try(&a, NULL, FEW, 0, 1, &g));
    wait_room(&a);
    assert_true(try(&a, "two", FEW, 0, 1, &g));
    assert_true(g.there.gate && g.own.gate && g.there.gate != g.own.gate);
    close_desk(&a);
}

/* What its endpoint has no room for leaves the tenant's room to others. */
static void test_a_full_endpoint(void **state)
{
    struct desk a, b;
    open_desk(&a, *state);
    open_desk(&b, *state);
    (void)take(&a, NULL, FEW, 0);
    (void)take(&b, NULL, FEW, 0);
    (void)take(&b, NULL, FEW, 0);
    stays_refused(&a, "both", FEW, 0, 2);
    struct port_grant g = take(&b, "both", FREE, 0);
    stays_refused(&a, "both", FREE, 0, 2);
    admission_settle(b.admission, &g, none, true);
    (void)take(&a, "both", FREE, 0);
    close_desk(&a);
    close_desk(&b);
}

static void test_leave_gets_old(void **state)
{
    struct desk a;
    open_desk(&a, *state);
    struct port_grant g = take(&a, "two", FREE, 0);
    assert_true(admission_is_fresh(&g));
    g.own.until_ms = clock_boot_ms();
    assert_false(admission_is_fresh(&g));
    close_desk(&a);
}

/* A second request of a call under way is one more of its tenant. */
static void test_asked_twice(void **state)
{
    struct desk a;
    struct targets *targets = NULL;
    struct port_grant first, again;
    open_desk(&a, *state);
    struct targets_options o = {
        .loop = a.loop, .endpoints = &list, .admission = a.admission};
    assert_int_equal(targets_new(&o, &targets), ERR_OK);
    first = take(&a, "both", FREE, 100);
    assert_false(targets_admit_again(targets, &first, items, none, &again));
    wait_room(&a);
    assert_false(targets_admit_again(targets, &first, items, none, &again));
    wait_room(&a);
    first = take(&a, "two", FREE, 0);
    while (!targets_admit_again(targets, &first, items, none, &again))
        wait_room(&a);
    assert_int_equal(again.own.gate, first.own.gate);
    stays_refused(&a, "two", FREE, 0, 2);
    targets_forgo(targets, &again);
    (void)take(&a, "two", FREE, 0);
    targets_free(targets);
    close_desk(&a);
}

/* Without a Redis of its own, as `barker doctor` has it. */
static void test_without_a_queue(void **state)
{
    struct partition *p = *state;
    struct desk a;
    open_desk(&a, p);
    admission_free(a.admission);
    struct admission_options o = {
        .loop = p->loop, .endpoints = &list, .config = a.config};
    assert_int_equal(admission_new(&o, &a.admission), ERR_OK);
    assert_int_equal(admission_tenant(a.admission, "two"), 0);
    close_desk(&a);
}

#define TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, partition_start, partition_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_without_limits_nobody_is_asked),
                                       TEST(test_calls_under_way),
                                       TEST(test_tokens),
                                       TEST(test_a_refused_tenant),
                                       TEST(test_its_place_at_the_endpoint_is_kept),
                                       TEST(test_a_full_endpoint),
                                       TEST(test_leave_gets_old),
                                       TEST(test_asked_twice),
                                       TEST(test_without_a_queue)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
