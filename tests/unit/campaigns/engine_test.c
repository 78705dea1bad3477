/* engine_test.c: an ask is settled once, whatever comes after. */
#include "tests/unit/campaigns/content_fixture.h"

static void settled_is_settled(void **state)
{
    struct world *w = *state;
    struct engine *e = NULL;
    enum engine_verdict verdict;
    bool direct;
    world_spec(w, "\"approval\":\"none\",\"input\":{\"prompt\":\"p\",\"n\":2}");
    world_step(w);
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    assert_int_equal(engine_count(e), 2);
    assert_int_equal(engine_open(e), 2);
    assert_int_equal(engine_reply(e, 0, "One", 3, 10, &verdict), ERR_OK);
    assert_int_equal(engine_open(e), 1);
    engine_fail(e, 0, ERR_DEADLINE); /* late: the reply stands */
    assert_int_equal(engine_reply(e, 0, "Two", 3, 10, &verdict), ERR_OK);
    assert_int_equal(engine_open(e), 1);
    engine_fail(e, 1, ERR_DEADLINE);
    assert_int_equal(engine_open(e), 0);
    assert_int_equal(engine_finish(e, &w->next), ERR_OK);
    assert_int_equal(w->c->variant_count, 1);
    assert_string_equal(w->c->variants[0].text, "One");
    assert_int_equal(w->c->variants[0].usd_nano, 10);
    engine_fini(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(settled_is_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
