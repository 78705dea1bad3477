/* campaign_mail_test.c: what is kept of orders and reviews, and how much. */
#include "tests/unit/campaigns/content_fixture.h"

#define MAIL_MAX 4096

static enum err send(struct world *w, enum campaign_mail_kind kind, const char *variant,
                     const char *by)
{
    struct campaign_mail m = {
        .kind = kind, .variant = variant, .by = by, .text = "", .via = "cli"};
    return campaign_add_mail(w->c, &m);
}

static void the_same_verdict_is_kept_once(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"input\":{\"prompt\":\"p\"}");
    assert_int_equal(send(w, MAIL_APPROVE, "v1", "ann"), ERR_OK);
    assert_int_equal(send(w, MAIL_REJECT, "v1", "ann"), ERR_OK);
    assert_int_equal(send(w, MAIL_APPROVE, "v2", "ann"), ERR_OK);
    assert_int_equal(send(w, MAIL_APPROVE, "v1", "bob"), ERR_OK);
    assert_int_equal(w->c->mail_count, 3);
    assert_string_equal(w->c->mail[0].by, "bob");
    assert_int_equal(send(w, MAIL_PAUSE, "", "ann"),
                     ERR_OK); /* orders keep their turn */
    assert_int_equal(send(w, MAIL_RESUME, "", "ann"), ERR_OK);
    assert_int_equal(send(w, MAIL_PAUSE, "", "ann"), ERR_OK);
    assert_int_equal(w->c->mail_count, 6);
}

static void reviews_are_bounded_and_orders_fit(void **state)
{
    struct world *w = *state;
    char id[16];
    world_spec(w, "\"input\":{\"prompt\":\"p\"}");
    for (int i = 0; i < MAIL_MAX; i++) {
        snprintf(id, sizeof id, "v%d", i);
        assert_int_equal(send(w, MAIL_APPROVE, id, "ann"), ERR_OK);
    }
    assert_int_equal(send(w, MAIL_APPROVE, "one more", "ann"), ERR_LIMIT);
    assert_int_equal(send(w, MAIL_APPROVE, "v0", "bob"), ERR_OK); /* takes no room */
    assert_int_equal(send(w, MAIL_RESUME, "", "ann"), ERR_OK);
    assert_int_equal(send(w, MAIL_CANCEL, "", "ann"), ERR_OK);
    assert_int_equal(w->c->mail_count, MAIL_MAX + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(the_same_verdict_is_kept_once),
        world_test(reviews_are_bounded_and_orders_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
