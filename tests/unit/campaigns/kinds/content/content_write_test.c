/* content_write_test.c: how gaps are filled, and which texts are too much alike. */
#include "tests/unit/campaigns/content_fixture.h"

static enum err say_same(struct world *w, const struct ask *ask, struct buf *reply)
{
    (void)w;
    return buf_append_str(reply, ask->schema ? "{\"text\":\"Warm\"}" : "Warm");
}

/* A control is given once, however often its round has to ask again. */
static void a_given_control_comes_once(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"control\":\"Shoes for every road\",\"approval\":\"none\","
                  "\"input\":{\"brief\":\"b\",\"n\":3,\"angles\":[\"a\"]}");
    w->say = say_same;
    world_run(w);
    assert_int_equal(w->asks, 7); /* 3, then the 2 that are missing, twice */
    assert_int_equal(w->c->variant_count, 2);
    assert_int_equal(count_state(w, VARIANT_CONTROL), 1);
}

/* Texts compete within their placement: another one may say the same. */
static void placements_may_say_the_same(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"segments\":[{\"id\":\"a\"},"
                  "{\"id\":\"b\"}],\"approval\":\"none\","
                  "\"input\":{\"prompt\":\"p\",\"n\":1}");
    w->say = say_same;
    world_run(w);
    assert_true(w->c->placement_count > 1);
    assert_int_equal(w->c->variant_count, w->c->placement_count);
}

/* Asked again with the same seed a model would repeat itself. */
static void a_retry_has_a_seed_of_its_own(void **state)
{
    struct world *w = *state;
    struct engine *e = NULL;
    bool direct;
    uint64_t seeds[2];
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":1,\"angles\":[\"a\"]}");
    world_step(w);
    assert_string_equal(w->c->stage, "generate");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
        assert_int_equal(engine_count(e), 1);
        seeds[i] = engine_ask(e, 0)->seed;
        engine_fini(e);
        w->c->iteration++;
    }
    assert_true(seeds[0] != seeds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_given_control_comes_once),
        world_test(placements_may_say_the_same),
        world_test(a_retry_has_a_seed_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
