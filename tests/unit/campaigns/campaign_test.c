/* campaign_test.c: what a rate of a variant is per. */
#include "tests/unit/campaigns/content_fixture.h"

/* Two variants of one channel with these counts. */
static struct world *counted(void **state, const char *channel, int64_t delivered)
{
    struct world *w = *state;
    char rest[200];
    snprintf(rest, sizeof rest,
             "\"channel\":[\"%s\"],\"input\":{\"brief\":\"b\",\"n\":1}", channel);
    world_spec(w, rest);
    for (int i = 0; i < 2; i++) {
        struct variant *v = campaign_add_variant(w->c, 0, "t");
        assert_non_null(v);
        v->impressions = 1000;
        v->delivered = i ? 0 : delivered;
    }
    campaign_count_trials(w->c);
    return w;
}

static int64_t trials(const struct world *w, int i)
{
    return campaign_trials(w->c, &w->c->variants[i]);
}

/* A message that bounced was no trial; nor was one whose delivery nobody told yet. */
static void messages_count_what_was_delivered(void **state)
{
    const struct world *w = counted(state, "email.subject", 600);
    assert_int_equal(trials(w, 0), 600);
    assert_int_equal(trials(w, 1), 0);
    assert_int_equal(w->c->placements[0].used, 600);
}

static void without_such_events_impressions_count(void **state)
{
    const struct world *w = counted(state, "sms", 0);
    assert_int_equal(trials(w, 0), 1000);
    assert_int_equal(w->c->placements[0].used, 2000);
}

static void other_channels_count_impressions(void **state)
{
    const struct world *w = counted(state, "plain", 600);
    assert_int_equal(trials(w, 0), 1000);
    assert_int_equal(w->c->placements[0].used, 2000);
}

/* A variant whose hash is gone keeps its id, or the next one would have its events. */
static void ids_are_given_once(void **state)
{
    const struct world *w = counted(state, "plain", 0);
    assert_string_equal(w->c->variants[1].id, "v2");
    campaign_note_variant(w->c, "v1");
    campaign_note_variant(w->c, "of another make");
    campaign_note_variant(w->c, "v6");
    const struct variant *v = campaign_restore_variant(w->c, "v7", 0, "t");
    assert_non_null(v);
    assert_string_equal(v->id, "v7");
    assert_false(v->is_new);
    v = campaign_add_variant(w->c, 0, "t");
    assert_non_null(v);
    assert_string_equal(v->id, "v8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(messages_count_what_was_delivered),
        world_test(without_such_events_impressions_count),
        world_test(other_channels_count_impressions),
        world_test(ids_are_given_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
