/* content_live_test.c: a content campaign that is served: ranking, retirement, the next
 * round, and the ends of budget, rounds and horizon. */
#include "tests/unit/campaigns/content_fixture.h"

#define LIVE "\"approval\":\"none\","
#define FOUR "\"input\":{\"brief\":\"b\",\"n\":4}"

/* The counts of v<number> as the applier would have written them. */
static void count(struct world *w, int number, int64_t impressions, int64_t clicks)
{
    w->c->variants[number - 1].impressions = impressions;
    w->c->variants[number - 1].clicks = clicks;
}

/* v2 wins, v4 loses; batch 1, 2, … of evidence. */
static void count_batch(struct world *w, int batch)
{
    count(w, 1, 2000 * batch, 60 * batch);
    count(w, 2, 2000 * batch, 120 * batch);
    count(w, 3, 2000 * batch, 100 * batch);
    count(w, 4, 2000 * batch, 4 * batch);
}

static struct world *go_live(void **state, const char *rest)
{
    struct world *w = *state;
    world_spec(w, rest);
    world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    return w;
}

static const struct variant *variant(const struct world *w, int number)
{
    assert_true(number <= w->c->variant_count);
    return &w->c->variants[number - 1];
}

static void test_ranking(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    count_batch(w, 1);
    count(w, 3, 2000, 115); /* close enough to get more than the floor */
    world_run(w);
    const struct campaign_placement *p = &w->c->placements[0];
    assert_true(p->evidence);
    assert_int_equal(p->leader, 1);
    assert_true(p->lift > 0.1 && p->lift_lo < p->lift && p->lift < p->lift_hi);
    assert_int_equal(p->epoch, 2);
    assert_true(p->reallocated);
    assert_true(variant(w, 2)->weight > variant(w, 3)->weight);
    assert_true(variant(w, 3)->weight > variant(w, 4)->weight);
    assert_true(variant(w, 2)->p_best > 0.5);
    assert_true(variant(w, 2)->rate_lo < 0.06 && variant(w, 2)->rate_hi > 0.05);
    double sum = 0;
    for (int i = 1; i <= 4; i++)
        sum += variant(w, i)->weight;
    assert_true(sum > 0.999 && sum < 1.001);
    assert_int_equal(count_state(w, VARIANT_RETIRED), 0); /* one batch is not enough */
}

/* Waking up without news moves nothing: no new epoch, no second losing batch. */
static void test_no_news(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    assert_false(w->c->placements[0].evidence);
    assert_true(variant(w, 1)->weight == variant(w, 4)->weight);
    count_batch(w, 1);
    for (int i = 0; i < 4; i++)
        world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    assert_int_equal(w->c->placements[0].epoch, 2);
    assert_int_equal(count_state(w, VARIANT_RETIRED), 0);
    assert_int_equal(w->c->round, 1);
}

static void test_loser_is_replaced(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    int asks = w->asks;
    count_batch(w, 1);
    world_run(w);
    count_batch(w, 2);
    world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    assert_int_equal(variant(w, 4)->state, VARIANT_RETIRED);
    assert_true(variant(w, 4)->weight == 0);
    assert_non_null(strstr(variant(w, 4)->reason, "retired"));
    assert_int_equal(count_audit(w, "retire", "variant", "v4"), 1);
    assert_int_equal(w->asks, asks + 1);
    assert_int_equal(w->c->round, 2);
    const struct variant *child = variant(w, 5);
    assert_int_equal(child->state, VARIANT_LIVE);
    assert_int_equal(child->round, 2);
    assert_string_equal(child->parent, "v2");
    assert_string_equal(child->reason, "regenerated from what won");
    assert_true(child->prior_mean > 0 && child->prior_weight > 0);
    assert_true(child->weight > 0);
    /* the prompt shows what won and what lost */
    assert_non_null(strstr(w->last_user, variant(w, 2)->text));
    assert_non_null(strstr(w->last_user, variant(w, 4)->text));
    assert_int_equal(variant(w, 1)->state, VARIANT_CONTROL);
}

static void test_child_needs_review(void **state)
{
    struct world *w = *state;
    world_spec(w, FOUR);
    world_run(w);
    mail(w, MAIL_APPROVE, "all", "");
    world_run(w);
    for (int batch = 1; batch <= 2; batch++) {
        count_batch(w, batch);
        world_run(w);
    }
    assert_int_equal(variant(w, 5)->state, VARIANT_PENDING);
    assert_true(variant(w, 5)->weight == 0);
    assert_int_equal(w->c->state, CAMPAIGN_LIVE); /* the others go on */
    mail(w, MAIL_APPROVE, "v5", "");
    world_run(w);
    assert_int_equal(variant(w, 5)->state, VARIANT_LIVE);
    assert_true(variant(w, 5)->weight > 0);
}

static void test_control_stays(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    for (int batch = 1; batch <= 4; batch++) {
        count_batch(w, batch);
        count(w, 1, 2000 * batch, 0);
        count(w, 4, 2000 * batch, 120 * batch);
        world_run(w);
    }
    assert_int_equal(variant(w, 1)->state, VARIANT_CONTROL);
    assert_int_equal(count_audit(w, "retire", "variant", "v1"), 0);
}

static void test_last_round(void **state)
{
    struct world *w = go_live(state, LIVE "\"ranking\":{\"max_rounds\":1}," FOUR);
    for (int batch = 1; batch <= 3; batch++) {
        count_batch(w, batch);
        world_run(w);
    }
    assert_int_equal(variant(w, 4)->state, VARIANT_RETIRED);
    assert_int_equal(w->c->variant_count, 4);
    assert_int_equal(w->c->round, 1);
}

static void test_horizon(void **state)
{
    struct world *w = go_live(state, LIVE "\"ranking\":{\"horizon\":8000}," FOUR);
    count(w, 2, 7999, 100);
    world_run(w);
    assert_int_equal(w->next.type, NEXT_WAIT);
    count(w, 2, 8000, 100);
    world_run(w);
    assert_int_equal(w->next.type, NEXT_DONE);
}

static void test_conversions(void **state)
{
    struct world *w = go_live(state, LIVE "\"metric\":\"conversion\"," FOUR);
    count_batch(w, 1);
    w->c->variants[2].conversions = 300;
    world_run(w);
    assert_int_equal(w->c->placements[0].leader, 2);
}

/* Only the placement with a loser is asked for more. */
static void test_placements(void **state)
{
    struct world *w =
        go_live(state, LIVE "\"channel\":[\"plain\",\"email.subject\"]," FOUR);
    assert_int_equal(w->c->variant_count, 8);
    int asks = w->asks;
    for (int batch = 1; batch <= 2; batch++) {
        for (int i = 0, seen = 0; i < 8; i++) {
            struct variant *v = &w->c->variants[i];
            if (v->placement != 1)
                continue;
            v->impressions = 2000 * batch;
            v->clicks = (++seen == 4 ? 2 : 100) * batch;
        }
        world_run(w);
    }
    assert_int_equal(w->asks, asks + 1);
    assert_int_equal(w->c->variant_count, 9);
    assert_int_equal(variant(w, 9)->placement, 1);
    assert_false(w->c->placements[0].evidence);
}

static enum err say_until_broke(struct world *w, const struct ask *ask,
                                struct buf *reply)
{
    return w->said < 3 ? say_fresh(w, ask, reply) : ERR_OVER_BUDGET;
}

static void test_over_budget_at_once(void **state)
{
    struct world *w = *state;
    world_spec(w, LIVE FOUR);
    w->say = say_until_broke; /* angles, two variants, then no more */
    world_run(w);
    assert_int_equal(w->next.type, NEXT_FAIL);
    assert_int_equal(w->next.code, ERR_OVER_BUDGET);
    assert_int_equal(w->c->variant_count, 2); /* what was paid for is kept */
    assert_int_equal(w->asks, 5);
    assert_int_equal(count_audit(w, "refused", "reason", "over_budget"), 2);
}

static void test_over_budget_later(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    w->say = say_until_broke;
    int asks = w->asks;
    for (int batch = 1; batch <= 5; batch++) {
        count_batch(w, batch);
        count(w, 3, 2000 * batch, (batch > 2 ? 1 : 100) * batch);
        world_run(w);
    }
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS); /* served on, without new ones */
    assert_int_equal(w->c->variant_count, 4);
    assert_int_equal(w->asks, asks + 1);
    assert_int_equal(count_state(w, VARIANT_RETIRED), 2);
}

/* What is saved is enough to go on from: a second worker decides the same. */
static void test_checkpoint(void **state)
{
    struct world *w = go_live(state, LIVE FOUR);
    struct buf text;
    struct err_detail d;
    count_batch(w, 1);
    world_run(w);
    buf_init(&text, 1 << 20);
    mail(w, MAIL_REJECT, "v3", "");
    assert_int_equal(campaign_save(w->c, w->c->stage, w->c->iteration, &text), ERR_OK);
    struct campaign *old = w->c, *fresh = campaign_new(&w->arena, &w->spec);
    assert_int_equal(campaign_restore(fresh, buf_str(&text), text.len, &d), ERR_OK);
    assert_string_equal(fresh->stage, "live");
    assert_int_equal(fresh->state, CAMPAIGN_LIVE);
    assert_int_equal(fresh->round, 1);
    assert_int_equal(fresh->mail_count, 1);
    fresh->variants = old->variants; /* these are records of their own */
    fresh->variant_count = fresh->variant_cap = old->variant_count;
    fresh->placements[0].epoch = old->placements[0].epoch;
    campaign_fini(old);
    w->c = fresh;
    count_batch(w, 2);
    world_run(w);
    assert_int_equal(variant(w, 3)->state, VARIANT_REJECTED);
    assert_int_equal(variant(w, 4)->state, VARIANT_RETIRED);
    assert_string_equal(variant(w, 5)->parent, "v2");
    assert_int_equal(campaign_restore(fresh, "{\"v\":2}", 7, &d), ERR_UNKNOWN_VERSION);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_ranking),           world_test(test_no_news),
        world_test(test_loser_is_replaced), world_test(test_child_needs_review),
        world_test(test_control_stays),     world_test(test_last_round),
        world_test(test_horizon),           world_test(test_conversions),
        world_test(test_placements),        world_test(test_over_budget_at_once),
        world_test(test_over_budget_later), world_test(test_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
