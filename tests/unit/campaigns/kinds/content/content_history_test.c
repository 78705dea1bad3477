/* content_history_test.c: what the next prompts learn of winners and losers. */
#include "campaigns/kinds/content/content.h"
#include "campaigns/kinds/content/content_history.h"
#include "tests/unit/campaigns/content_fixture.h"

/* A variant as ranked: its rate lies within a tenth to both sides. */
static void add(struct world *w, const char *text, double rate, int64_t impressions,
                enum variant_state s)
{
    struct variant *v = campaign_add_variant(w->c, 0, text);
    assert_non_null(v);
    v->state = s;
    v->impressions = impressions;
    v->rate = rate;
    v->rate_lo = 0.9 * rate;
    v->rate_hi = 1.1 * rate;
}

static void test_lines(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":6}");
    add(w, "as ever", 0.020, 900, VARIANT_CONTROL);
    add(w, "far better", 0.031, 900, VARIANT_LIVE);
    add(w, "a little better", 0.021, 900, VARIANT_LIVE);
    add(w, "worse", 0.015, 100, VARIANT_RETIRED);
    add(w, "hardly seen", 0.090, 99, VARIANT_LIVE);
    add(w, "rejected", 0.080, 900, VARIANT_REJECTED);
    assert_int_equal(content_memo_set_text(w->c, "control", 0, "v1"), ERR_OK);
    assert_int_equal(content_history_write(w->c, 0), ERR_OK);
    assert_string_equal(content_memo_text(w->c, "history", 0),
                        "- (-30..-20 %, sure) worse\n"
                        "- (control) as ever\n"
                        "- (+0..+10 %, not sure) a little better\n"
                        "- (+50..+60 %, sure) far better\n");
}

/* The two worst as contrast, the eight best. */
static void test_at_most_ten(void **state)
{
    struct world *w = *state;
    char text[32];
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":6}");
    for (int i = 0; i < 14; i++) {
        snprintf(text, sizeof text, "text %d.", i);
        add(w, text, 0.01 + 0.001 * i, 900, VARIANT_LIVE);
    }
    assert_int_equal(content_history_write(w->c, 0), ERR_OK);
    const char *history = content_memo_text(w->c, "history", 0);
    for (int i = 0; i < 14; i++) {
        snprintf(text, sizeof text, "text %d.", i);
        assert_int_equal(strstr(history, text) != NULL, i < 2 || i >= 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_lines),
        world_test(test_at_most_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
