/* admission_test.c: leave to call, by two workers on a Redis of the test's own. */
#include "workers/llm/admission.h"
#include "core/base/clock.h"
#include "tests/fakes/suspended_clock.h"
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
    {.name = "wide", .base_url = "http://a", .tpm = 1000000},
    {.name = "apart", .base_url = "http://a", .itpm = 1000, .otpm = 300},
    {.name = "many", .base_url = "http://a", .rpm = 60000}};
enum { FREE, RPM, TPM, TWO, WIDE, APART, MANY, COUNT };
static struct endpoint items[COUNT];
static const struct endpoints list = {.items = items, .count = COUNT};

static struct admission_way to(int endpoint)
{
    return (struct admission_way){&items[endpoint], 0};
}

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
    const struct admission_tokens all = {.out = tokens};
    return admission_take(d->admission, to(endpoint), all, 1, out);
}

/* Until there is leave, as the runner does: asks when it is told to. */
static struct port_grant take(struct desk *d, int endpoint, int64_t tokens)
{
    struct port_grant g;
    for (int asked = 0; !try(d, endpoint, tokens, &g); asked++) {
        assert_int_equal(g.there.gate, 0);
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
        assert_int_equal(g.there.gate, 0);
    }
    admission_forgo(a.admission, &g);
    admission_settle(a.admission, &g, (struct admission_tokens){1, 0}, true);
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
    assert_int_equal(g.there.taken[LIMITS_TOKENS],
                     1000); /* more than all: it goes alone */
    stays_refused(&b, TPM, 10, 2);
    admission_forgo(a.admission, &g);
    g = take(&b, TPM, 1000);
    stays_refused(&a, TPM, 10, 2);
    admission_settle(b.admission, &g, (struct admission_tokens){4, 6}, true);
    stays_refused(&a, TPM, 991, 2);
    (void)take(&a, TPM, 990);
    admission_free(a.admission);
    admission_free(b.admission);
}

static void test_calls_under_way(void **state)
{
    struct desk a, b;
    const struct admission_tokens none = {0};
    open_desk(&a, *state);
    open_desk(&b, *state);
    struct port_grant one = take(&a, TWO, 1000), two = take(&b, TWO, 1000);
    stays_refused(&a, TWO, 0, 2);
    stays_refused(&b, TWO, 0, 2);
    admission_settle(b.admission, &two, (struct admission_tokens){.in = 1000}, true);
    two = take(&a, TWO, 0);
    stays_refused(&b, TWO, 0, 2);
    admission_settle(a.admission, &one, none, false);
    admission_settle(a.admission, &two, none, false);
    admission_leave(a.admission);
    assert_false(try(&a, TWO, 0, &one));
    one = take(&b, TWO, 0);
    two = take(&b, TWO, 0);
    admission_free(a.admission);
    admission_free(b.admission);
}

/* Tokens of prompts and of replies, each with a limit of its own. */
static void test_tokens_apart(void **state)
{
    struct desk a, b;
    open_desk(&a, *state);
    open_desk(&b, *state);
    assert_true(admission_counts_tokens(a.admission, to(APART)));
    assert_false(admission_counts_tokens(a.admission, to(RPM)));
    struct port_grant g = take(&a, APART, 250);
    assert_int_equal(g.there.taken[LIMITS_TOKENS] + g.there.taken[LIMITS_IN], 0);
    assert_int_equal(g.there.taken[LIMITS_OUT], 250);
    stays_refused(&b, APART, 51, 2);
    admission_settle(a.admission, &g, (struct admission_tokens){0, 100}, true);
    stays_refused(&b, APART, 201, 2);
    (void)take(&b, APART, 200);
    admission_free(a.admission);
    admission_free(b.admission);
}

static struct rates told(enum limits_kind kind, int64_t left, int64_t reset_ms)
{
    struct rates r;
    for (int i = 0; i < LIMITS_KINDS; i++)
        r.left[i] = r.reset_ms[i] = r.most[i] = -1;
    r.left[kind] = left;
    r.reset_ms[kind] = reset_ms;
    return r;
}

/* Another client uses the same key: nobody here sends what is no longer there. */
static void test_less_is_left_than_here(void **state)
{
    struct desk a, b;
    struct port_grant g;
    const struct admission_tokens none = {0};
    open_desk(&a, *state);
    open_desk(&b, *state);
    assert_false(admission_take(a.admission, to(MANY), none, 9, &g));
    a.room = false;
    assert_int_equal(loop_run_until(a.loop, &a.room, WAIT_MS), ERR_OK);
    assert_true(try(&a, MANY, 0, &g)); /* of nine */
    struct rates r = told(LIMITS_CALLS, 0, 1500);
    admission_settle(a.admission, &g, none, true);
    admission_hear(a.admission, &items[MANY], &g, &r, none);
    struct port_grant unused;
    assert_false(try(&a, MANY, 0, &unused)); /* though its lease is not used up */
    stays_refused(&a, MANY, 0, 2);
    stays_refused(&b, MANY, 0, 1);
    (void)take(&b, MANY, 0); /* the time has come */
    g = take(&a, MANY, 0);
    r = told(LIMITS_CALLS, 70000, 1500); /* more than ours: that stays */
    admission_settle(a.admission, &g, none, true);
    admission_hear(a.admission, &items[MANY], &g, &r, none);
    assert_true(try(&a, MANY, 0, &unused) || (take(&a, MANY, 0), true));
    admission_free(a.admission);
    admission_free(b.admission);
}

static void test_used_up_is_closed(void **state)
{
    struct desk a;
    struct port_grant g;
    const struct admission_tokens none = {0};
    open_desk(&a, *state);
    assert_true(try(&a, FREE, 1, &g));
    struct rates r = told(LIMITS_TOKENS, 1, 60000);
    admission_hear(a.admission, &items[FREE], &g, &r, none);
    assert_true(try(&a, FREE, 1, &g)); /* something is left */
    r = told(LIMITS_TOKENS, 0, 400);
    admission_hear(a.admission, &items[FREE], &g, &r, none);
    assert_false(try(&a, FREE, 1, &g));
    int64_t left_ms = admission_closed_ms(a.admission, &items[FREE]) - clock_mono_ms();
    assert_in_range(left_ms, 1, 400);
    (void)take(&a, FREE, 1);
    admission_free(a.admission);
}

/* Who is refused first is served first: nobody small slips by within the turn. */
static void test_first_in_line(void **state)
{
    struct desk a;
    struct port_grant g;
    open_desk(&a, *state);
    const struct admission_tokens tokens = {2000, 3000};
    assert_false(admission_take(a.admission, to(WIDE), tokens, 3, &g));
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
    assert_true(g.there.until_ms - clock_boot_ms() <= 1500);
    g.there.until_ms = clock_boot_ms();
    assert_false(admission_is_fresh(&g));
    admission_free(a.admission);
}

static void on_passed(void *arg)
{
    *(bool *)arg = true;
}

static void pass_time(struct loop *loop, int64_t ms)
{
    struct loop_timer *timer;
    bool passed = false;
    assert_int_equal(loop_timer_new(loop, on_passed, &passed, &timer), ERR_OK);
    loop_timer_start(timer, ms, 0);
    assert_int_equal(loop_run_until(loop, &passed, WAIT_MS), ERR_OK);
    loop_timer_free(timer);
}

/* What one worker has to tell cannot even be sent for a while. It has no more calls to
 * make; another one waits for what it gives back, and would for a minute. */
static void test_told_by_itself_later(void **state)
{
    struct partition *p = *state, deaf = *p;
    struct redis_options o = {.url = p->server.url_unix, .queue_max_bytes = 8};
    struct err_detail d = {0};
    struct redis *tiny;
    struct desk a, b;
    struct port_grant g;
    const struct admission_tokens none = {0};
    assert_int_equal(redis_open(p->loop, &o, &tiny, &d), ERR_OK);
    open_desk(&a, &deaf);
    open_desk(&b, p);
    struct port_grant one = take(&a, TWO, 0), two = take(&a, TWO, 0);
    stays_refused(&b, TWO, 0, 1);
    deaf.queue.redis = tiny;
    admission_settle(a.admission, &one, none, false);
    admission_settle(a.admission, &two, none, false);
    pass_time(p->loop, 300);
    deaf.queue.redis = p->redis;
    int asked = 0;
    for (; asked < 20 && !try(&b, TWO, 0, &g); asked++) {
        b.room = false;
        assert_int_equal(loop_run_until(b.loop, &b.room, WAIT_MS), ERR_OK);
    }
    assert_true(asked < 20);
    admission_free(a.admission);
    admission_free(b.admission);
    redis_free(tiny);
}

/* Its lease is of a minute ago, though its monotonic clock has hardly moved. */
static void test_a_machine_that_was_suspended(void **state)
{
    struct desk a;
    struct port_grant g, unused;
    const struct admission_tokens none = {0};
    open_desk(&a, *state);
    assert_false(admission_take(a.admission, to(MANY), none, 9, &g));
    a.room = false;
    assert_int_equal(loop_run_until(a.loop, &a.room, WAIT_MS), ERR_OK);
    assert_true(try(&a, MANY, 0, &g)); /* of nine */
    suspended_s += 60;
    assert_false(admission_is_fresh(&g));
    assert_false(try(&a, MANY, 0, &unused));
    admission_forgo(a.admission, &g);
    g = take(&a, MANY, 0);
    assert_true(admission_is_fresh(&g));
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
                                       TEST(test_tokens_apart),
                                       TEST(test_less_is_left_than_here),
                                       TEST(test_used_up_is_closed),
                                       TEST(test_first_in_line),
                                       TEST(test_leave_gets_old),
                                       TEST(test_told_by_itself_later),
                                       TEST(test_a_machine_that_was_suspended),
                                       TEST(test_freed_meanwhile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
