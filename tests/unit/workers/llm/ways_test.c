/* ways_test.c: which targets a call may go to for the money there is, and what of it
 * waits for its money. */
#include "workers/llm/ways.h"
#include "tests/unit/workers/llm/llm_fixture.h"

#define WAY "base_url = http://127.0.0.1:9/"
#define THREE                                                                          \
    "[endpoint a]\nmodel = ma\nfallback = b, c\nprice_in = 2\nprice_out = 2\n" WAY     \
    "a\nhedge = true\n"                                                                \
    "[endpoint b]\nmodel = mb\nprice_in = 10\nprice_out = 10\n" WAY "b\n"              \
    "[endpoint c]\nmodel = mc\nprice_in = 1\nprice_out = 1\n" WAY "c\n"
enum { A = 1, B, C };

struct desk {
    struct fixture f; /* its llm makes no call */
    struct endpoints list;
    struct ask ask;
    struct port_call call;
    int64_t unit; /* what it costs at one dollar a million */
};

static void open_desk(struct desk *d, const char *ini)
{
    struct err_detail e = {0};
    *d = (struct desk){.ask = plain_ask()};
    fixture_server(&d->f, NULL, 0);
    if (fixture_llm(&d->f, ini, WAIT_MS, &e))
        fail_msg("%s: %s", e.path, e.message);
    assert_int_equal(endpoints_init(&d->list, d->f.config, &e), ERR_OK);
    d->call = call_of(&d->ask);
    d->unit = 1000 * endpoints_estimate(&d->list, &d->call).tokens;
}

static void close_desk(struct desk *d)
{
    endpoints_fini(&d->list);
    fixture_stop(&d->f);
}

/* "ac": the targets in their order; "A": that one for one request only. */
static const char *ways_of(struct desk *d, int64_t below)
{
    static char names[WAYS_MAX + 1];
    struct ways w;
    d->call.below_nano = below;
    ways_list(&d->list, &d->call, &w);
    for (size_t i = 0; i < w.count; i++) {
        char name = w.items[i].endpoint->config->name[0];
        names[i] = (char)(w.items[i].single ? name - 'a' + 'A' : name);
    }
    names[w.count] = '\0';
    assert_int_equal(w.refused, w.count ? ERR_OK : ERR_OVER_BUDGET);
    return names;
}

static void test_what_is_too_dear(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, THREE);
    assert_string_equal(ways_of(&d, 0), "abc");
    assert_string_equal(ways_of(&d, 10 * d.unit + 1), "abc");
    assert_string_equal(ways_of(&d, 10 * d.unit), "ac");
    assert_string_equal(ways_of(&d, 2 * d.unit), "c"); /* not its own, but another */
    assert_string_equal(ways_of(&d, d.unit), "");
    close_desk(&d);
}

static void test_for_one_where_not_for_two(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, THREE);
    d.call.may_hedge = true;
    assert_string_equal(ways_of(&d, 11 * d.unit), "abc");
    assert_string_equal(ways_of(&d, 4 * d.unit), "Ac");
    assert_string_equal(ways_of(&d, 2 * d.unit), "c");
    close_desk(&d);
}

/* A tenant's money: nothing is taken before it is at hand. */
static void test_it_waits_for_what_is_not_at_hand(void **state)
{
    (void)state;
    struct desk d;
    struct port_grant g;
    open_desk(&d, THREE);
    d.call.has_budget = d.call.has_purse = true;
    d.call.below_nano = 20 * d.unit;
    d.call.at_hand_nano = 2 * d.unit - 1;
    assert_false(llm_admit(d.f.llm, &d.call, 1, &g));
    assert_int_equal(g.refused, ERR_OK);
    assert_int_equal(g.most_nano, 2 * d.unit);
    d.call.at_hand_nano++;
    assert_true(llm_admit(d.f.llm, &d.call, 1, &g));
    assert_int_equal(g.target, A);
    assert_int_equal(g.most_nano, 2 * d.unit);
    assert_true(g.has_cheaper);
    d.call.below_nano = 2 * d.unit;
    assert_true(llm_admit(d.f.llm, &d.call, 1, &g));
    assert_int_equal(g.target, C);
    assert_false(g.has_cheaper);
    d.call.below_nano = 1;
    assert_false(llm_admit(d.f.llm, &d.call, 1, &g));
    assert_int_equal(g.refused, ERR_OVER_BUDGET);
    assert_int_equal(g.most_nano, d.unit);
    close_desk(&d);
}

static void test_without_a_price(void **state)
{
    (void)state;
    struct desk d;
    struct port_grant g;
    open_desk(&d, "[endpoint a]\nmodel = ma\nfallback = b\n" WAY "a\n"
                  "[endpoint b]\nmodel = mb\nprice_in = 1\nprice_out = 1\n" WAY "b\n");
    d.call.has_budget = d.call.has_purse = true;
    d.call.below_nano = d.call.at_hand_nano = 20 * d.unit;
    assert_false(llm_admit(d.f.llm, &d.call, 1, &g));
    assert_int_equal(g.refused, ERR_PRICE_UNKNOWN);
    d.call.has_purse = false; /* it is bounded by other means */
    assert_true(llm_admit(d.f.llm, &d.call, 1, &g));
    assert_int_equal(g.target, A);
    close_desk(&d);
}

/* As after a change of the configuration: it was admitted with a price. */
static void test_money_alone_needs_a_price(void **state)
{
    (void)state;
    struct desk d;
    struct ways w;
    open_desk(&d, "[endpoint a]\nmodel = unheard-of\n" WAY "a\n");
    ways_list(&d.list, &d.call, &w);
    assert_true(w.count == 1 && w.refused == ERR_OK);
    d.call.has_budget = d.call.needs_price = true;
    ways_list(&d.list, &d.call, &w);
    assert_true(w.count == 0 && w.refused == ERR_PRICE_UNKNOWN);
    close_desk(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_too_dear),
        cmocka_unit_test(test_for_one_where_not_for_two),
        cmocka_unit_test(test_it_waits_for_what_is_not_at_hand),
        cmocka_unit_test(test_without_a_price),
        cmocka_unit_test(test_money_alone_needs_a_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
