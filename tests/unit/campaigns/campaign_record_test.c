/* campaign_record_test.c: what one worker saves, the next one reads. */
#include "tests/unit/campaigns/content_fixture.h"

static void everything_comes_back(void **state)
{
    struct world *w = *state;
    struct buf text;
    struct err_detail d;
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":2}");
    struct campaign *c = w->c, *back = campaign_new(&w->arena, &w->spec);
    assert_non_null(back);
    c->state = CAMPAIGN_PAUSED;
    c->paused_from = CAMPAIGN_REVIEW;
    c->round = 3;
    c->progress = 95;
    c->rejected = 7;
    mail(w, MAIL_APPROVE, "v1", "A new text");
    assert_int_equal(json_set_num(c->memo, "last", 203), ERR_OK);
    assert_int_equal(json_set_str(c->pins, "prompts", "abc"), ERR_OK);
    buf_init(&text, 1 << 20);
    assert_int_equal(campaign_save(c, "review", 42, &text), ERR_OK);
    assert_int_equal(campaign_restore(back, buf_str(&text), text.len, &d), ERR_OK);
    assert_string_equal(back->stage, "review");
    assert_int_equal(back->iteration, 42);
    assert_int_equal(back->state, CAMPAIGN_PAUSED);
    assert_int_equal(back->paused_from, CAMPAIGN_REVIEW);
    assert_int_equal(back->round, 3);
    assert_int_equal(back->progress, 95);
    assert_int_equal(back->rejected, 7);
    assert_int_equal(back->mail_count, 1);
    assert_int_equal(back->mail[0].kind, MAIL_APPROVE);
    assert_string_equal(back->mail[0].text, "A new text");
    assert_string_equal(back->mail[0].via, "cli");
    assert_int_equal(json_int(json_get(back->memo, "last"), 0), 203);
    assert_string_equal(json_str(json_get(back->pins, "prompts"), ""), "abc");
    buf_fini(&text);
    campaign_fini(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(everything_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
