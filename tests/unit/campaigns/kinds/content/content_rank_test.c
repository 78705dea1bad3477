/* content_rank_test.c: what is told without evidence, what counts towards the horizon,
 * and what the spec's own limits change. */
#include "tests/unit/campaigns/content_fixture.h"

#define LIVE "\"approval\":\"none\","
#define FOUR "\"input\":{\"brief\":\"b\",\"n\":4}"

static struct world *go_live(void **state, const char *rest)
{
    struct world *w = *state;
    world_spec(w, rest);
    world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    return w;
}

static void count(struct world *w, int number, int64_t impressions, int64_t clicks)
{
    w->c->variants[number - 1].impressions = impressions;
    w->c->variants[number - 1].clicks = clicks;
}

/* v2 wins, v4 loses, for so many batches. */
static void run_batches(struct world *w, int batches)
{
    for (int batch = 1; batch <= batches; batch++) {
        count(w, 1, 2000 * batch, 60 * batch);
        count(w, 2, 2000 * batch, 120 * batch);
        count(w, 3, 2000 * batch, 100 * batch);
        count(w, 4, 2000 * batch, 4 * batch);
        world_run(w);
    }
}

static void no_lift_without_a_success(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    count(w, 1, 3000, 0);
    count(w, 2, 10, 0);
    world_run(w);
    const struct campaign_placement *p = &w->c->placements[0];
    assert_false(p->evidence);
    assert_true(p->lift == 0 && p->lift_lo == 0 && p->lift_hi == 0);
}

/* The traffic of a retired variant goes to the others in the same commit; what it used
 * up counts on. */
static void a_retired_one_leaves_its_traffic(void **state)
{
    struct world *w = go_live(state, LIVE "\"ranking\":{\"max_rounds\":1}," FOUR);
    run_batches(w, 2);
    assert_int_equal(w->c->variants[3].state, VARIANT_RETIRED);
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += w->c->variants[i].weight;
    assert_true(sum > 0.999 && sum < 1.001);
    assert_int_equal(w->c->placements[0].used, 4 * 4000);
    world_run(w);
    assert_int_equal(w->c->placements[0].used, 4 * 4000);
}

static void min_impressions_holds(void **state)
{
    struct world *w =
        go_live(state, LIVE "\"ranking\":{\"min_impressions\":5000}," FOUR);
    run_batches(w, 2);
    assert_int_equal(count_state(w, VARIANT_RETIRED), 0);
    run_batches(w, 4);
    assert_int_equal(w->c->variants[3].state, VARIANT_RETIRED);
}

static void every_placement_has_its_horizon(void **state)
{
    struct world *w = go_live(state, LIVE "\"channel\":[\"plain\",\"email.subject\"],"
                                          "\"ranking\":{\"horizon\":500}," FOUR);
    count(w, 1, 500, 5);
    world_run(w);
    assert_int_equal(w->next.type, NEXT_WAIT);
    for (int i = 0; i < w->c->variant_count; i++) {
        if (w->c->variants[i].placement == 1)
            w->c->variants[i].impressions = 125;
    }
    world_run(w);
    assert_int_equal(w->next.type, NEXT_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(no_lift_without_a_success),
        world_test(a_retired_one_leaves_its_traffic),
        world_test(min_impressions_holds),
        world_test(every_placement_has_its_horizon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
