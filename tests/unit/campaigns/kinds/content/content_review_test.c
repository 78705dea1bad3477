/* content_review_test.c: what a verdict touches, and what it must leave alone. */
#include "tests/unit/campaigns/content_fixture.h"

#define THREE "\"input\":{\"brief\":\"b\",\"n\":3}"

static const struct variant *variant(const struct world *w, int number)
{
    assert_true(number <= w->c->variant_count);
    return &w->c->variants[number - 1];
}

static double weights(const struct world *w)
{
    double sum = 0;
    for (int i = 0; i < w->c->variant_count; i++)
        sum += w->c->variants[i].weight;
    return sum;
}

static void rejected_stays_rejected(void **state)
{
    struct world *w = *state;
    world_spec(w, THREE);
    world_run(w);
    mail(w, MAIL_REJECT, "v2", "");
    mail(w, MAIL_APPROVE, "v2", ""); /* by somebody who had not seen the first */
    mail(w, MAIL_APPROVE, "all", "");
    world_run(w);
    assert_int_equal(variant(w, 2)->state, VARIANT_REJECTED);
    assert_int_equal(count_audit(w, "approve", "variant", "v2"), 0);
    assert_int_equal(w->c->state, CAMPAIGN_LIVE);
}

/* "all" means all that wait. */
static void all_spares_what_serves(void **state)
{
    struct world *w = *state;
    world_spec(w, THREE);
    world_run(w);
    mail(w, MAIL_APPROVE, "v1", "");
    mail(w, MAIL_REJECT, "all", "");
    world_run(w);
    assert_int_equal(variant(w, 1)->state, VARIANT_CONTROL);
    assert_int_equal(count_state(w, VARIANT_REJECTED), 2);
    assert_true(variant(w, 1)->weight == 1);
}

static void every_placement_must_serve(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"channel\":[\"plain\",\"email.subject\"],"
                  "\"input\":{\"brief\":\"b\",\"n\":1}");
    world_run(w);
    assert_int_equal(variant(w, 2)->placement, 1);
    mail(w, MAIL_APPROVE, "v1", "");
    mail(w, MAIL_REJECT, "v2", "");
    world_run(w);
    assert_int_equal(w->next.type, NEXT_FAIL);
    assert_int_equal(w->next.code, ERR_ALL_REJECTED);
}

/* Whoever is rejected while it serves leaves the shares at once. */
static void a_live_one_leaves_at_once(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"approval\":\"none\"," THREE);
    world_run(w);
    int64_t epoch = w->c->placements[0].epoch;
    assert_true(variant(w, 3)->weight > 0.3);
    mail(w, MAIL_REJECT, "v3", "");
    world_run(w);
    assert_true(variant(w, 3)->weight == 0);
    assert_true(weights(w) > 0.999 && weights(w) < 1.001);
    assert_int_equal(w->c->placements[0].epoch, epoch + 1);
}

/* Even one whose share was next to nothing: a new epoch says that it is gone. */
static void a_small_share_leaves_at_once(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"approval\":\"none\"," THREE);
    world_run(w);
    int64_t epoch = w->c->placements[0].epoch;
    w->c->variants[0].weight = w->c->variants[1].weight = 0.5;
    w->c->variants[2].weight = 0;
    mail(w, MAIL_REJECT, "v3", "");
    world_run(w);
    assert_int_equal(w->c->placements[0].epoch, epoch + 1);
}

static void nobody_is_left(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"approval\":\"none\"," THREE);
    world_run(w);
    struct campaign_placement *p = &w->c->placements[0];
    int64_t epoch = p->epoch;
    mail(w, MAIL_REJECT, "v1", "");
    mail(w, MAIL_REJECT, "v2", "");
    mail(w, MAIL_REJECT, "v3", "");
    world_run(w);
    assert_int_equal(p->leader, -1);
    assert_true(p->changed);
    assert_int_equal(p->epoch, epoch + 1);
    assert_true(weights(w) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(rejected_stays_rejected),      world_test(all_spares_what_serves),
        world_test(every_placement_must_serve),   world_test(a_live_one_leaves_at_once),
        world_test(a_small_share_leaves_at_once), world_test(nobody_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
