/* purse_test.c: a tenant's money, held by two workers on a Redis of the test's own. */
#include "tests/unit/workers/live/purse_fixture.h"

static void test_without_a_limit_nobody_is_asked(void **state)
{
    struct partition *p = *state;
    struct desk a;
    struct port_grant g = {0};
    open_desk(&a, p);
    assert_false(purses_limit(a.purses, "elsewhere"));
    assert_int_equal(purses_check(a.purses, "elsewhere", -1, 1), ERR_OK);
    purses_take(a.purses, "elsewhere", USD, &g);
    assert_int_equal(purses_check(a.purses, T, 0, 1), ERR_OK); /* free of charge */
    purses_take(a.purses, T, 0, &g);
    assert_int_equal(g.purse, 0);
    purses_forgo(a.purses, &g);
    purses_settle(a.purses, &g, 1);
    assert_string_equal(ask(p, "DBSIZE"), "0");
    close_desk(&a, *state);
}

static void test_what_needs_no_answer(void **state)
{
    struct desk a;
    open_desk(&a, *state);
    assert_int_equal(purses_check(a.purses, T, -1, 1), ERR_PRICE_UNKNOWN);
    assert_int_equal(purses_check(a.purses, T, USD + 1, 1), ERR_OVER_BUDGET);
    assert_int_equal(purses_check(a.purses, "none", 1, 1), ERR_OVER_BUDGET);
    assert_int_equal(purses_check(a.purses, "rich", INT64_MAX, 1), ERR_OVER_BUDGET);
    close_desk(&a, *state);
}

static void test_two_workers_share_a_dollar(void **state)
{
    struct partition *p = *state;
    struct desk a, b;
    struct port_grant held[10];
    open_desk(&a, p);
    open_desk(&b, p);
    for (int i = 0; i < 10; i++)
        held[i] = take(i % 2 ? &a : &b, T, 10 * CENT);
    stays_open(&a, 10 * CENT, 3); /* it may come back */
    for (int i = 0; i < 9; i++)
        purses_settle(i % 2 ? a.purses : b.purses, &held[i], 10 * CENT);
    stays_open(&b, 10 * CENT, 2);
    purses_settle(a.purses, &held[9], 7 * CENT);
    assert_int_equal(decide(&b, T, 10 * CENT, 1), ERR_OVER_BUDGET);
    struct port_grant g = take(&b, T, 3 * CENT);
    purses_settle(b.purses, &g, 3 * CENT);
    assert_int_equal(decide(&a, T, 1, 1), ERR_OVER_BUDGET);
    wait_book(p, "usd", "'1'");
    wait_book(p, "usd_held", "'0'");
    close_desk(&a, *state);
    close_desk(&b, *state);
}

/* As after ten seconds without Redis: the first to ask finds all others silent. */
static void fall_silent(struct partition *p, const char *held)
{
    static const char age[] =
        "local key = redis.call('KEYS', 'bk:{t:*')[1] "
        "local flat = redis.call('HGETALL', key) "
        "for i = 1, #flat, 2 do "
        "  local spent, held, n, at = string.match(flat[i + 1], "
        "                                          '^(%d+) (%d+) (%d+) (%d+)$') "
        "  if held == ARGV[1] then "
        "    redis.call('HSET', key, flat[i], spent .. ' ' .. held .. ' ' .. n .. ' ' "
        ".. "
        "               string.format('%.0f', at - 20000)) "
        "  end "
        "end "
        "return 1";
    assert_string_equal(ask(p, "EVAL", age, "0", held), "1");
}

static void test_a_silent_worker_may_speak_again(void **state)
{
    struct partition *p = *state;
    struct desk a, b;
    open_desk(&a, p);
    open_desk(&b, p);
    struct port_grant big = take(&b, T, 80 * CENT);
    wait_book(p, "usd_held", "'0.8'");
    fall_silent(p, "800000000");
    stays_open(&a, 30 * CENT, 2); /* it is not over because nobody has spoken yet */
    purses_settle(b.purses, &big, 5 * CENT);
    struct port_grant g = take(&a, T, 30 * CENT);
    purses_settle(a.purses, &g, 30 * CENT);
    assert_int_equal(decide(&a, T, 70 * CENT, 1), ERR_OVER_BUDGET); /* spent is spent */
    close_desk(&a, *state);
    close_desk(&b, *state);
}

/* The last word was said too soon; who asks again hears of it. */
static void test_a_refusal_is_looked_at_again(void **state)
{
    struct partition *p = *state;
    struct desk a, b;
    int turns = 0;
    open_desk(&a, p);
    open_desk(&b, p);
    struct port_grant big = take(&b, T, 80 * CENT);
    wait_book(p, "usd_held", "'0.8'");
    fall_silent(p, "800000000");
    enum err e = ERR_BUSY;
    while (e == ERR_BUSY) {
        fall_silent(p, "800000000"); /* and stays so */
        e = purses_check(a.purses, T, 30 * CENT, 1);
        turn(p, &turns);
    }
    assert_int_equal(e, ERR_OVER_BUDGET);
    purses_settle(b.purses, &big, 5 * CENT);
    for (turns = 0; e != ERR_OK;) {
        e = purses_check(a.purses, T, 30 * CENT, 1);
        turn(p, &turns);
    }
    close_desk(&a, *state);
    close_desk(&b, *state);
}

static void test_a_call_not_begun_costs_nothing(void **state)
{
    struct partition *p = *state;
    struct desk a, b;
    open_desk(&a, p);
    open_desk(&b, p);
    struct port_grant g = take(&a, T, USD);
    stays_open(&b, 1, 2);
    stays_open(&a, 1, 2);
    purses_forgo(a.purses, &g);
    g = take(&b, T, USD); /* comes over by itself */
    purses_settle(b.purses, &g, 0);
    g = take(&a, T, USD);
    purses_settle(a.purses, &g, 30 * CENT);
    g = take(&b, T, 70 * CENT);
    close_desk(&a, *state);
    close_desk(&b, *state);
}

static void test_a_worker_that_leaves_holds_nothing(void **state)
{
    struct partition *p = *state;
    struct desk a, b;
    open_desk(&a, p);
    open_desk(&b, p);
    struct port_grant g = take(&a, T, 60 * CENT);
    purses_settle(a.purses, &g, 50 * CENT);
    assert_int_equal(decide(&a, T, 50 * CENT, 1), ERR_OK); /* at hand when it leaves */
    purses_leave(a.purses);
    assert_int_equal(purses_check(a.purses, T, 1, 1), ERR_BUSY);
    wait_book(p, "usd", "'0.5'");
    wait_book(p, "usd_held", "'0'");
    g = take(&b, T, 50 * CENT);
    assert_int_equal(decide(&b, T, 51 * CENT, 1), ERR_OVER_BUDGET);
    close_desk(&a, *state);
    close_desk(&b, *state);
}

static void test_more_than_the_most(void **state)
{
    struct partition *p = *state;
    struct desk a;
    open_desk(&a, p);
    struct port_grant g = take(&a, T, 60 * CENT), h = take(&a, T, 40 * CENT);
    purses_settle(a.purses, &g, 75 * CENT);
    assert_int_equal(decide(&a, T, 26 * CENT, 1), ERR_OVER_BUDGET);
    purses_settle(a.purses, &h, 0);
    g = take(&a, T, 25 * CENT);
    purses_settle(a.purses, &g, 30 * CENT);
    wait_book(p, "usd", "'1.05'");
    close_desk(&a, *state);
}

static int64_t scripts_run(struct partition *p)
{
    const char *text = ask(p, "INFO", "commandstats");
    const char *at = strstr(text, "cmdstat_evalsha:calls=");
    return at ? strtoll(at + strlen("cmdstat_evalsha:calls="), NULL, 10) : 0;
}

/* A busy tenant far from its limit does not ask for each call. */
static void test_few_asks(void **state)
{
    struct partition *p = *state;
    struct desk a;
    open_desk(&a, p);
    int64_t before = scripts_run(p), started = clock_mono_ms();
    for (int i = 0; i < 500; i++) {
        struct port_grant g = take(&a, "rich", 10 * CENT);
        purses_settle(a.purses, &g, 2 * CENT);
    }
    int64_t rounds = scripts_run(p) - before, ms = clock_mono_ms() - started;
    assert_true(rounds <= 20 + ms / 100);
    close_desk(&a, *state);
}

/* Calls of yesterday are paid from yesterday's money. */
static void test_at_midnight(void **state)
{
    struct partition *p = *state;
    struct desk a;
    open_desk(&a, p);
    struct port_grant g = take(&a, T, 60 * CENT);
    struct purse *mine = &a.purses->items[0];
    int64_t today = mine->today.day;
    mine->today.day--; /* as if it had been taken then */
    mine->until_ms = 0;
    (void)ask(p, "FLUSHALL");
    struct port_grant h = take(&a, T, USD);
    assert_int_equal(mine->today.day, today);
    assert_int_equal(mine->before.under_way, 60 * CENT);
    purses_settle(a.purses, &g, 55 * CENT);
    purses_settle(a.purses, &h, 95 * CENT);
    assert_int_equal(mine->before.spent, 55 * CENT);
    assert_int_equal(mine->today.spent, 95 * CENT);
    for (int i = 0; mine->before.told != 55 * CENT || mine->today.told != 95 * CENT;)
        turn(p, &i);
    assert_string_equal(ask(p, "DBSIZE"), "2"); /* a ledger each */
    g.purse_lease = 99;                         /* long over */
    purses_settle(a.purses, &g, USD);
    assert_int_equal(decide(&a, T, 5 * CENT, 1), ERR_OK);
    assert_int_equal(decide(&a, T, 6 * CENT, 1), ERR_OVER_BUDGET);
    close_desk(&a, *state);
}

/* Our clock runs ahead, Redis has the old day still: nothing is counted twice. */
static void test_just_before_midnight(void **state)
{
    struct partition *p = *state;
    struct desk a;
    open_desk(&a, p);
    struct port_grant g = take(&a, T, 30 * CENT);
    purses_settle(a.purses, &g, 20 * CENT);
    wait_book(p, "usd", "'0.2'");
    g = take(&a, T, 30 * CENT);
    a.purses->items[0].until_ms = 0;
    stays_open(&a, 51 * CENT, 2); /* of the other day 20 are spent, 30 may come back */
    struct port_grant h = take(&a, T, 40 * CENT);
    purses_settle(a.purses, &g, 30 * CENT);
    purses_settle(a.purses, &h, 40 * CENT);
    wait_book(p, "usd", "'0.9'");
    wait_book(p, "usd_held", "'0'");
    assert_int_equal(decide(&a, T, 11 * CENT, 1), ERR_OVER_BUDGET);
    close_desk(&a, p);
}

static void test_without_redis_nothing_is_granted(void **state)
{
    struct partition *p = *state;
    struct desk a;
    open_desk(&a, p);
    (void)ask(p, "CONFIG", "SET", "maxmemory", "1"); /* it refuses to write */
    stays_open(&a, CENT, 3);
    (void)ask(p, "CONFIG", "SET", "maxmemory", "0");
    (void)take(&a, T, CENT);
    close_desk(&a, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_without_a_limit_nobody_is_asked),
        queue_test(test_what_needs_no_answer),
        queue_test(test_two_workers_share_a_dollar),
        queue_test(test_a_silent_worker_may_speak_again),
        queue_test(test_a_refusal_is_looked_at_again),
        queue_test(test_a_call_not_begun_costs_nothing),
        queue_test(test_a_worker_that_leaves_holds_nothing),
        queue_test(test_more_than_the_most),
        queue_test(test_few_asks),
        queue_test(test_at_midnight),
        queue_test(test_just_before_midnight),
        queue_test(test_without_redis_nothing_is_granted),
    };
    return cmocka_run_group_tests(tests, read_config, forget_config);
}
