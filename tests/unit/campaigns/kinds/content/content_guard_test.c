/* content_guard_test.c: what stops a variant that sells, and shares that are not
 * served. */
#include "tests/unit/campaigns/content_fixture.h"

#define LIVE "\"approval\":\"none\","
#define FOUR "\"input\":{\"brief\":\"b\",\"n\":4}"

static struct world *go_live(void **state, const char *rest)
{
    struct world *w = *state;
    world_spec(w, rest);
    world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    for (int i = 0; i < 4; i++) {
        w->c->variants[i].impressions = w->c->variants[i].delivered = 5000;
        w->c->variants[i].clicks = 100;
    }
    world_run(w);
    return w;
}

static const char *line_of(const struct world *w, const char *what)
{
    for (int i = 0; i < w->c->audit_count; i++)
        if (strcmp(w->c->audit[i].what, what) == 0)
            return w->c->audit[i].value[w->c->audit[i].count - 1];
    return NULL;
}

/* At once, though it sells best; its traffic goes to the others. */
static void harm_is_paused(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    struct variant *v = &w->c->variants[2];
    v->clicks = 400;
    v->complaints = 100;
    w->c->variants[1].complaints = 1;
    world_run(w);
    assert_int_equal(w->c->variants[2].state, VARIANT_RETIRED);
    assert_true(w->c->variants[2].weight == 0);
    assert_true(strncmp(w->c->variants[2].reason, "paused: complaint rate 2", 24) == 0);
    assert_int_equal(w->c->variants[1].state, VARIANT_LIVE);
    assert_true(w->c->inputs.decided);
}

static void the_control_stays(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    w->c->variants[0].complaints = w->c->variants[0].unsubscribes = 1000;
    world_run(w);
    assert_int_equal(w->c->variants[0].state, VARIANT_CONTROL);
}

static void words_in_the_language_of_the_campaign(void **state)
{
    struct world *w = go_live(state, LIVE "\"locale\":\"zh-CN\"," FOUR);
    w->c->variants[3].unsubscribes = 500;
    world_run(w);
    assert_int_equal(w->c->variants[3].state, VARIANT_RETIRED);
    assert_null(strstr(w->c->variants[3].reason, "paused"));
}

static void first(struct world *w, int number, int64_t seen, double expected)
{
    w->c->variants[number - 1].first_impressions = seen;
    w->c->variants[number - 1].first_expected = expected;
}

/* One of four was served twice as often as its share. */
static void wrong_shares_freeze(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    int64_t epoch = w->c->placements[0].epoch;
    double weight = w->c->variants[1].weight;
    assert_true(w->c->placements[0].srm == 1);
    for (int i = 1; i <= 4; i++)
        first(w, i, i == 2 ? 1000 : 500, 625);
    w->c->variants[1].clicks = 900;
    w->c->variants[3].clicks = 0;
    world_run(w);
    assert_true(w->c->placements[0].srm < 0.001);
    assert_int_equal(w->c->placements[0].epoch, epoch);
    assert_true(w->c->variants[1].weight == weight);
    assert_true(w->c->variants[1].p_best > 0.99); /* it is still told */
    assert_string_equal(line_of(w, "srm"), "v2");
    world_run(w);
    int told = 0;
    for (int i = 0; i < w->c->audit_count; i++)
        told += strcmp(w->c->audit[i].what, "srm") == 0;
    assert_int_equal(told, 1);
    for (int i = 1; i <= 4; i++)
        first(w, i, 5000, 5000);
    world_run(w);
    assert_true(w->c->placements[0].srm == 1);
    assert_true(w->c->placements[0].epoch > epoch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(harm_is_paused),
        world_test(the_control_stays),
        world_test(words_in_the_language_of_the_campaign),
        world_test(wrong_shares_freeze),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
