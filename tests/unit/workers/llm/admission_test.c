/* admission_test.c: leave to call, by two workers on a Redis of the test's own. */
#include "workers/llm/admission.h"
#include "core/base/clock.h"
#include "tests/unit/queues/queue_fixture.h"

struct desk { /* one worker */
    struct admission *admission;
    struct loop *loop;
    bool room;
};
static const struct config_endpoint configs[] = {
    {.name = "free", .base_url = "http://a"},
    {.name = "rpm", .base_url = "http://a", .rpm = 60},
    {.name = "tpm", .base_url = "http://a", .tpm = 1000},
    {.name = "two", .base_url = "http://a", .max_in_flight = 2},
    {.name = "wide", .base_url = "http://a", .tpm = 1000000}};
enum { FREE, RPM, TPM, TWO, WIDE, COUNT };
static struct endpoint items[COUNT];
static const struct endpoints list = {.items = items, .count = COUNT};

static void on_room(void *arg)
{
    struct desk *d = arg;
    d->room = true;
}

static struct desk *open_desk(struct desk *d, struct partition *p)
{
    for (int i = 0; i < COUNT; i++)
        items[i].config = &configs[i];
    *d = (struct desk){.loop = p->loop};
    struct admission_options o = {.loop = p->loop,
                                  .queue = &p->queue,
                                  .endpoints = &list,
                                  .timeout_ms = 60000,
                                  .on_room = on_room,
                                  .room_arg = d};
    assert_int_equal(admission_new(&o, &d->admission), ERR_OK);
    return d;
}

static bool try(struct desk *d, int endpoint, int64_t tokens, struct port_grant *out)
{
    return admission_take(d->admission, &items[endpoint], tokens, 1, out);
}

/* Until there is leave, as the runner does: asks when it is told to. */
static struct port_grant take(struct desk *d, int endpoint, int64_t tokens)
{
    struct port_grant g;
    for (int asked = 0; !try(d, endpoint, tokens, &g); asked++) {
        assert_int_equal(g.gate, 0);
        assert_true(asked < 200);
        d->room = false;
        assert_int_equal(loop_run_until(d->loop, &d->room, WAIT_MS), ERR_OK);
    }
    return g;
}

/* So many answers of Redis go by without leave. */
static void stays_refused(struct desk *d, int endpoint, int64_t tokens, int times)
{
    struct port_grant g;
    for (int i = 0; i < times; i++) {
        d->room = false;
        assert_false(try(d, endpoint, tokens, &g));
        assert_int_equal(loop_run_until(d->loop, &d->room, WAIT_MS), ERR_OK);
    }
}

static void test_without_limits_nobody_is_asked(void **state)
{
    struct partition *p = *state;
    struct desk a;
    struct port_grant g;
    open_desk(&a, p);
    for (int i = 0; i < 100; i++) {
        assert_true(try(&a, FREE, 1000000, &g));
        assert_int_equal(g.gate, 0);
    }
    admission_forgo(a.admission, &g);
    admission_settle(a.admission, &g, 1, true);
    assert_string_equal(call(p, redis_do(p->redis, THEN(p), "DBSIZE", NULL)), "0");
    admission_free(a.admission);
}

static void test_a_closed_endpoint(void **state)
{
    struct desk a, b;
    struct port_grant g;
    open_desk(&a, *state);
    open_desk(&b, *state);
    admission_close(a.admission, &items[FREE], 300);
    admission_close(a.admission, &items[FREE], 1); /* never opened early */
    assert_false(try(&a, FREE, 1, &g));
    assert_true(try(&b, FREE, 1, &g)); /* nothing is shared without limits */
    admission_forgo(a.admission, (struct port_grant[]){take(&a, RPM, 0)});
    (void)take(&a, FREE, 1);
    admission_close(a.admission, &items[RPM], 1400); /* and the others hear of it */
    stays_refused(&b, RPM, 0, 2);
    int64_t left_ms = admission_closed_ms(b.admission, &items[RPM]) - clock_mono_ms();
    assert_in_range(left_ms, 1, 1400);
    (void)take(&b, RPM, 0);
    assert_true(admission_closed_ms(b.admission, &items[RPM]) <= clock_mono_ms());
    admission_free(a.admission);
    admission_free(b.admission);
}

static void test_what_is_not_used_goes_back(void **state)
{
    struct desk a, b;
    struct port_grant g;
    open_desk(&a, *state);
    open_desk(&b, *state);
    g = take(&a, TPM, 5000);
    assert_int_equal(g.tokens, 1000); /* more than all: it goes alone */
    stays_refused(&b, TPM, 10, 2);
    admission_forgo(a.admission, &g);
    g = take(&b, TPM, 1000);
    stays_refused(&a, TPM, 10, 2);
    admission_settle(b.admission, &g, 10, true);
    stays_refused(&a, TPM, 991, 2);
    (void)take(&a, TPM, 990);
    admission_free(a.admission);
    admission_free(b.admission);
}

static void test_calls_under_way(void **state)
{
    struct desk a, b;
    open_desk(&a, *state);
    open_desk(&b, *state);
    struct port_grant one = take(&a, TWO, 1000), two = take(&b, TWO, 1000);
    stays_refused(&a, TWO, 0, 2);
    stays_refused(&b, TWO, 0, 2);
    admission_settle(b.admission, &two, 1000, true);
    two = take(&a, TWO, 0);
    stays_refused(&b, TWO, 0, 2);
    admission_settle(a.admission, &one, 0, false);
    admission_settle(a.admission, &two, 0, false);
    admission_leave(a.admission);
    assert_false(try(&a, TWO, 0, &one));
    one = take(&b, TWO, 0);
    two = take(&b, TWO, 0);
    admission_free(a.admission);
    admission_free(b.admission);
}

/* Who is refused first is served first: nobody small slips by within the turn. */
static void test_first_in_line(void **state)
{
    struct desk a;
    struct port_grant g;
    open_desk(&a, *state);
    assert_false(admission_take(a.admission, &items[WIDE], 5000, 3, &g));
    assert_int_equal(loop_run_until(a.loop, &a.room, WAIT_MS), ERR_OK);
    assert_true(try(&a, WIDE, 5000, &g));
    assert_true(try(&a, WIDE, 4000, &g));
    assert_false(try(&a, WIDE, 7000, &g));
    assert_false(try(&a, WIDE, 10, &g)); /* there is room for it, but not its turn */
    admission_free(a.admission);
}

static void test_leave_gets_old(void **state)
{
    struct desk a;
    open_desk(&a, *state);
    struct port_grant g = take(&a, RPM, 0), none = {0};
    assert_true(admission_is_fresh(&g) && admission_is_fresh(&none));
    assert_true(g.until_ms - clock_mono_ms() <= 1500);
    g.until_ms = clock_mono_ms();
    assert_false(admission_is_fresh(&g));
    admission_free(a.admission);
}

/* Freed with a lease on its way, and with one to be asked for. */
static void test_freed_meanwhile(void **state)
{
    struct partition *p = *state;
    struct desk a, b;
    struct port_grant g;
    open_desk(&a, p);
    open_desk(&b, p);
    (void)take(&a, RPM, 0);
    assert_false(try(&a, TWO, 0, &g));
    assert_false(try(&b, TWO, 0, &g));
    admission_leave(a.admission);
    admission_free(a.admission);
    admission_free(b.admission);
    assert_string_equal(call(p, redis_do(p->redis, THEN(p), "PING", NULL)), "'PONG'");
}

#define TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, partition_start, partition_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_without_limits_nobody_is_asked),
                                       TEST(test_a_closed_endpoint),
                                       TEST(test_what_is_not_used_goes_back),
                                       TEST(test_calls_under_way),
                                       TEST(test_first_in_line),
                                       TEST(test_leave_gets_old),
                                       TEST(test_freed_meanwhile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
