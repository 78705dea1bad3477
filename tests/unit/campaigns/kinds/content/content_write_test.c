/* content_write_test.c: how gaps are filled, and which texts are too much alike. */
#include "tests/unit/campaigns/content_fixture.h"
#include "campaigns/checks/channel_text.h"
#include "campaigns/kinds/content/content.h"

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

/* The first ask of the stage `generate`, once. */
static struct ask_stop stop_of_first(struct world *w)
{
    struct engine *e = NULL;
    bool direct;
    while (strcmp(w->c->stage, "generate") != 0)
        world_step(w);
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    struct ask_stop stop = engine_ask(e, 0)->stop;
    engine_fini(e);
    return stop;
}

static void a_field_with_a_limit_may_be_stopped(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"channel\":[\"amazon.title\"],\"brand\":{\"never\":[\"cheap\"]},"
                  "\"input\":{\"brief\":\"b\",\"n\":1,\"angles\":[\"a\"]}");
    struct ask_stop stop = stop_of_first(w);
    assert_int_equal(stop.max_characters, 4 * 200 + 200);
    assert_int_equal(stop.banned_count, 0); /* a cut JSON has one objection, not two */
}

/* "sms" is limited to one segment: it is the characters that fit which count. */
static void a_limit_in_segments_is_one_of_characters(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"channel\":[\"sms\"],"
                  "\"input\":{\"brief\":\"b\",\"n\":1,\"angles\":[\"a\"]}");
    const struct spec_placement *p = w->c->placements[0].spec;
    int64_t room = channel_text_room(&p->channel->fields[0], NULL, p->locale);
    assert_true(room > 50);
    assert_int_equal(stop_of_first(w).max_characters, 4 * room + 200);
}

static void several_fields_are_not_stopped(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"channel\":[\"google.rsa\"],\"brand\":{\"never\":[\"cheap\"]},"
                  "\"input\":{\"brief\":\"b\",\"n\":1,\"angles\":[\"a\"]}");
    struct ask_stop stop = stop_of_first(w);
    assert_int_equal(stop.max_characters + stop.banned_count, 0);
}

static void a_bare_prompt_is_stopped_by_what_must_never_appear(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"brand\":{\"never\":[\"cheap\",\"best ever\"]},"
                  "\"input\":{\"prompt\":\"p\",\"n\":1}");
    struct ask_stop stop = stop_of_first(w);
    assert_int_equal(stop.max_characters, 0);
    assert_int_equal(stop.banned_count, 2);
    assert_string_equal(stop.banned[1], "best ever");
}

/* What a stop rule leaves is refused, and asked for once more. */
static enum err say_cut(struct world *w, const struct ask *ask, struct buf *reply)
{
    if (w->said % 2)
        return say_fresh(w, ask, reply);
    buf_append_str(reply, "{\"title\":\"");
    for (int i = 0; i < 1000; i++)
        buf_append_str(reply, "x");
    return buf_status(reply);
}

static void what_was_stopped_is_asked_for_once_more(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"channel\":[\"amazon.title\"],\"approval\":\"none\","
                  "\"input\":{\"brief\":\"b\",\"n\":2,\"angles\":[\"a\"]}");
    w->say = say_cut;
    world_run(w);
    assert_int_equal(w->c->variant_count, 2);
    assert_int_equal(w->reasked, 2);
}

/* Texts of several fields are JSON: what is damaged is escaped there. */
static void damage_is_found_in_each_field(void **state)
{
    struct world *w = *state;
    static const char *const texts[] = {
        "{\"headline\":[\"one\",\"two\",\"three\"],\"description\":[\"d\",\"e\"]}",
        "{\"headline\":[\"one\",\"two\",\"thr\\u001bee\"],\"description\":[\"d\",\"e\"]"
        "}"};
    world_spec(w, "\"channel\":[\"google.rsa\"],\"input\":{\"brief\":\"b\",\"n\":1}");
    for (int i = 0; i < 2; i++) {
        struct objection o = {.raised = false, .message = ""};
        assert_int_equal(content_judge_text(w->c->arena, w->c->spec,
                                            w->c->placements[0].spec->channel, texts[i],
                                            &o),
                         ERR_OK);
        assert_int_equal(o.raised, i == 1);
        assert_true(i == 0 || strstr(o.message, "damaged"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_given_control_comes_once),
        world_test(placements_may_say_the_same),
        world_test(a_retry_has_a_seed_of_its_own),
        world_test(a_field_with_a_limit_may_be_stopped),
        world_test(a_limit_in_segments_is_one_of_characters),
        world_test(several_fields_are_not_stopped),
        world_test(a_bare_prompt_is_stopped_by_what_must_never_appear),
        world_test(what_was_stopped_is_asked_for_once_more),
        world_test(damage_is_found_in_each_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
