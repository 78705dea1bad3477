/* content_test.c: a content campaign from its spec to its first live variants: what is
 * asked, what is kept, what reviewers decide. */
#include "tests/unit/campaigns/content_fixture.h"

static void test_prompt(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"input\":{\"prompt\":\"Write a slogan\"}");
    world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    assert_int_equal(w->asks, 6); /* no call for angles */
    assert_string_equal(w->last_user, "Write a slogan");
    assert_int_equal(w->c->state, CAMPAIGN_LIVE);
    assert_int_equal(w->c->variant_count, 6);
    assert_int_equal(count_state(w, VARIANT_CONTROL), 1);
    assert_int_equal(count_state(w, VARIANT_LIVE), 5);
    assert_int_equal(w->c->variants[0].state, VARIANT_CONTROL);
    assert_string_equal(w->c->variants[0].reason, "control_generated");
    assert_int_equal(w->c->variants[0].usd_nano, 10);
    assert_int_equal(w->c->progress, 100);
    double sum = 0;
    for (int i = 0; i < 6; i++)
        sum += w->c->variants[i].weight;
    assert_true(sum > 0.999 && sum < 1.001);
    assert_int_equal(w->c->placements[0].epoch, 1);
    assert_false(w->c->placements[0].evidence);
}

static enum err say_and_note(struct world *w, const struct ask *ask, struct buf *reply)
{
    static const char *const angles[] = {"warmth", "weight"};
    if (!is_angles(ask)) {
        assert_string_equal(ask->note, angles[ask->tag[1] % 2]);
        assert_non_null(strstr(ask->user, ask->note));
        assert_non_null(strstr(ask->user, "129"));
        assert_non_null(strstr(ask->system, "cheap"));
        assert_non_null(strstr(ask->schema, "\"subject\""));
        assert_true(ask->max_tokens > 100);
    }
    return say_fresh(w, ask, reply);
}

static void test_brief(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"channel\":[\"email.subject\"],\"facts\":{\"price\":129},"
                  "\"brand\":{\"never\":[\"cheap\"]},\"input\":{\"brief\":\"A sale\","
                  "\"n\":4}");
    w->say = say_and_note;
    world_run(w);
    is_waiting(w, "review", WAKE_MAIL);
    assert_int_equal(w->asks, 5); /* one for angles */
    assert_int_equal(w->c->state, CAMPAIGN_REVIEW);
    assert_int_equal(count_state(w, VARIANT_PENDING), 4);
    assert_string_equal(w->c->variants[1].angle, "weight");
}

/* The same asks in the same order, however often it is planned (crash and replay). */
static void test_deterministic(void **state)
{
    struct world *w = *state;
    struct engine *first = NULL, *second = NULL;
    bool direct;
    world_spec(w, "\"input\":{\"brief\":\"A sale\",\"n\":4}");
    world_step(w);
    assert_string_equal(w->c->stage, "generate");
    assert_int_equal(engine_begin(w->c, &first, &direct, &w->next), ERR_OK);
    assert_int_equal(engine_begin(w->c, &second, &direct, &w->next), ERR_OK);
    assert_int_equal(engine_count(first), 4);
    assert_int_equal(engine_count(second), 4);
    for (int i = 0; i < 4; i++) {
        const struct ask *a = engine_ask(first, i), *b = engine_ask(second, i);
        assert_string_equal(a->user, b->user);
        assert_string_equal(a->system, b->system);
        assert_true(a->seed == b->seed);
        assert_true(i == 0 || a->seed != engine_ask(first, i - 1)->seed);
    }
    engine_fini(first);
    engine_fini(second);
}

static enum err say_same(struct world *w, const struct ask *ask, struct buf *reply)
{
    (void)w;
    buf_append_str(reply, ask->schema ? "{\"text\":\"Warm, and light!\"}"
                                      : "Warm, and light!");
    return ERR_OK;
}

static void test_duplicates(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"input\":{\"prompt\":\"p\",\"n\":3}");
    w->say = say_same;
    world_run(w);
    assert_int_equal(w->c->variant_count, 1);
    /* three tries: 3 asks, then the 2 that are missing, twice */
    assert_int_equal(w->asks, 7);
    assert_int_equal(w->c->rejected, 6);
    assert_int_equal(count_audit(w, "refused", "reason", "duplicate"), 6);
    assert_string_equal(w->c->stage, "review"); /* n was given: not only a prompt */
}

/* Told apart by case, spaces and punctuation only: the same text. */
static enum err say_near(struct world *w, const struct ask *ask, struct buf *reply)
{
    (void)ask;
    buf_append_str(reply, w->said ? "  warm and LIGHT" : "Warm, and light!");
    return ERR_OK;
}

/* One word is another: neither the same nor far apart. */
static enum err say_alike(struct world *w, const struct ask *ask, struct buf *reply)
{
    (void)ask;
    buf_append_str(reply, w->said ? "Warm gloves for every winter day"
                                  : "Warm gloves for every winter walk");
    return ERR_OK;
}

static void test_min_distance(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"min_distance\":0.5,\"input\":{\"prompt\":\"p\",\"n\":2}");
    w->say = say_alike;
    world_run(w);
    assert_int_equal(w->c->variant_count, 1);
    assert_int_equal(count_audit(w, "refused", "reason", "duplicate"), 3);
}

static void test_any_distance(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"min_distance\":0.05,\"input\":{\"prompt\":\"p\",\"n\":2}");
    w->say = say_alike;
    world_run(w);
    assert_int_equal(w->c->variant_count, 2);
}

static void test_near_duplicates(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"min_distance\":0,\"approval\":\"none\","
                  "\"input\":{\"prompt\":\"p\",\"n\":2}");
    w->say = say_near;
    world_run(w);
    assert_int_equal(w->c->variant_count, 1);
}

static enum err say_long(struct world *w, const struct ask *ask, struct buf *reply)
{
    (void)ask;
    buf_append_str(reply, "{\"text\":\"");
    for (int i = 0; i < 161 + w->said; i++)
        buf_append_char(reply, 'a');
    return buf_append_str(reply, "\"}");
}

static void test_limit(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"channel\":[\"sms\"],\"input\":{\"brief\":\"b\",\"n\":1}");
    w->say = say_long;
    world_run(w);
    assert_int_equal(w->next.type, NEXT_FAIL);
    assert_int_equal(w->next.code, ERR_BAD_OUTPUT);
    assert_int_equal(w->asks, 3);
    assert_int_equal(w->reasked, 3); /* each is sent back once */
    assert_non_null(strstr(w->objection, "segments"));
    assert_int_equal(count_audit(w, "refused", "reason", "bad_model_output"), 3);
    assert_int_equal(w->c->variant_count, 0);
}

static enum err say_banned(struct world *w, const struct ask *ask, struct buf *reply)
{
    if (w->said > 0)
        return say_fresh(w, ask, reply);
    return buf_append_str(reply, "{\"text\":\"So CHEAP, so good\"}");
}

static void test_banned(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"brand\":{\"never\":[\"cheap\"]},"
                  "\"input\":{\"brief\":\"b\",\"n\":1}");
    w->say = say_banned;
    world_run(w);
    assert_int_equal(w->reasked, 1);
    assert_non_null(strstr(w->objection, "cheap"));
    assert_int_equal(w->c->variant_count, 1);
    assert_int_equal(w->c->variants[0].usd_nano, 20); /* the refused one was paid too */
}

static const char *odd;

static enum err say_broken(struct world *w, const struct ask *ask, struct buf *reply)
{
    if (w->said % 2 == 0)
        return buf_append_str(reply, odd);
    return say_fresh(w, ask, reply);
}

/* It is told what was wrong, and asked once more. */
static void reasks(struct world *w, const char *said, const char *objection)
{
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":1}");
    odd = said;
    w->say = say_broken;
    world_run(w);
    is_waiting(w, "review", WAKE_MAIL);
    assert_int_equal(w->reasked, 1);
    assert_non_null(strstr(w->objection, objection));
    assert_int_equal(w->c->variant_count, 1);
}

static void test_not_json(void **state)
{
    reasks(*state, "I am sorry, but here is some text.", "not the JSON");
}

static void test_garble(void **state)
{
    reasks(*state, "{\"text\":\"Warm \xef\xbf\xbd beanies\"}", "damaged");
}

static void test_control_given(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"control\":\"Warm, and light!\",\"approval\":\"none\","
                  "\"input\":{\"prompt\":\"p\",\"n\":2}");
    w->say = say_same;
    world_run(w);
    assert_int_equal(w->next.type, NEXT_FAIL); /* the control is no variant of ours */
    assert_int_equal(w->next.code, ERR_BAD_OUTPUT);
    world_stop(state);
    world_start(state);
    w = *state;
    world_spec(w, "\"control\":\"Warm, and light!\","
                  "\"input\":{\"brief\":\"b\",\"n\":2}");
    world_run(w);
    assert_int_equal(w->c->variant_count, 3);
    assert_string_equal(w->c->variants[0].text, "Warm, and light!");
    assert_string_equal(w->c->variants[0].reason, "control_given");
    assert_int_equal(w->c->variants[0].state, VARIANT_CONTROL);
    assert_int_equal(count_state(w, VARIANT_PENDING), 2);
}

static void test_approve(void **state)
{
    struct world *w = *state;
    world_spec(w,
               "\"brand\":{\"never\":[\"cheap\"]},\"input\":{\"brief\":\"b\",\"n\":3}");
    world_run(w);
    mail(w, MAIL_APPROVE, "v2", "");
    mail(w, MAIL_APPROVE, "v3", "Dirt cheap");
    mail(w, MAIL_REJECT, "v1", "");
    mail(w, MAIL_APPROVE, "v99", "");
    world_run(w);
    is_waiting(w, "review", WAKE_MAIL); /* v3 still waits: its edit was refused */
    assert_int_equal(count_audit(w, "edit_refused", "variant", "v3"), 1);
    assert_int_equal(count_audit(w, "review_unknown_variant", "variant", "v99"), 1);
    mail(w, MAIL_APPROVE, "v3", "Warm as toast");
    world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    assert_int_equal(w->c->variants[0].state, VARIANT_REJECTED);
    assert_int_equal(w->c->variants[1].state, VARIANT_CONTROL); /* in place of v1 */
    assert_int_equal(w->c->variants[2].state, VARIANT_LIVE);
    assert_string_equal(w->c->variants[2].text, "Warm as toast");
    assert_string_equal(w->c->variants[2].reviewer, "ann");
    assert_int_equal(count_audit(w, "approve", "by", "ann"), 2);
    assert_int_equal(count_audit(w, "reject", "variant", "v1"), 1);
    assert_true(w->c->variants[0].weight == 0);
    assert_int_equal(w->c->mail_count, 0);
}

static void test_approve_all(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":3}");
    world_run(w);
    mail(w, MAIL_APPROVE, "all", "");
    world_run(w);
    is_waiting(w, "live", WAKE_MAIL | WAKE_EVENTS);
    assert_int_equal(w->c->variants[0].state, VARIANT_CONTROL);
    assert_int_equal(count_state(w, VARIANT_LIVE), 2);
}

/* A model that writes for a channel with a signature. */
static enum err say_banned_once(struct world *w, const struct ask *ask,
                                struct buf *reply)
{
    if (w->said != 0)
        return say_fresh(w, ask, reply);
    buf_append_str(reply, "{\"text\":\"最佳\"}");
    return ERR_OK;
}

static void test_slots(void **state)
{
    struct world *w = *state;
    w->say = say_banned_once;
    world_spec(w, "\"channel\":[\"sms.zh-CN\"],\"control\":\"新品\","
                  "\"brand\":{\"never\":[\"最佳\"]},"
                  "\"facts\":{\"sign\":\"最佳牌\"},"
                  "\"input\":{\"brief\":\"b\",\"n\":2,\"angles\":[\"a\"]}");
    world_run(w);
    assert_non_null(strstr(w->objection, "最佳")); /* of the model, not of the sign */
    assert_int_equal(w->reasked, 1);
    assert_string_equal(w->c->variants[0].text, "【最佳牌】新品拒收请回复R");
    for (int i = 1; i < w->c->variant_count; i++) {
        const char *text = w->c->variants[i].text;
        assert_memory_equal(text, "【最佳牌】", strlen("【最佳牌】"));
        assert_non_null(strstr(text, "拒收请回复R"));
    }
    mail(w, MAIL_APPROVE, w->c->variants[1].id, "改过的");
    world_run(w);
    assert_string_equal(w->c->variants[1].text, "【最佳牌】改过的拒收请回复R");
    assert_int_equal(w->c->variants[1].state, VARIANT_LIVE);
}

static enum err say_rsa(struct world *w, const struct ask *ask, struct buf *reply)
{
    assert_true(ask->max_tokens > 1000); /* 20 would cut every reply */
    buf_printf(reply,
               w->said == 0 ? "{\"headline\":[\"a\"],\"description\":[],\"path\":[]}"
                            : "{\"headline\":[\"one %d\",\"two\",\"three\",\"two\"],"
                              "\"description\":[\"d\",\"e\"],\"path\":[]}",
               w->said * 7919);
    return ERR_OK;
}

static void test_fields(void **state)
{
    struct world *w = *state;
    w->say = say_rsa;
    world_spec(w, "\"channel\":[\"google.rsa\"],\"min_distance\":0,\"input\":{"
                  "\"brief\":\"b\",\"n\":1,\"max_tokens\":20,\"angles\":[\"a\"]}");
    world_run(w);
    /* the schema says what is missing before the channel does */
    assert_non_null(strstr(w->objection, "headline"));
    assert_string_equal(w->c->variants[0].text,
                        "{\"headline\":[\"one 7919\",\"two\",\"three\"],"
                        "\"description\":[\"d\",\"e\"],\"path\":[]}");
}

static void test_all_rejected(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":2}");
    world_run(w);
    mail(w, MAIL_REJECT, "all", "");
    world_run(w);
    assert_int_equal(w->next.type, NEXT_FAIL);
    assert_int_equal(w->next.code, ERR_ALL_REJECTED);
}

static void test_orders(void **state)
{
    struct world *w = *state;
    world_spec(w, "\"input\":{\"brief\":\"b\",\"n\":2}");
    world_run(w);
    mail(w, MAIL_PAUSE, "", "");
    mail(w, MAIL_APPROVE, "all", "");
    world_run(w);
    is_waiting(w, "review", WAKE_MAIL);
    assert_int_equal(w->c->state, CAMPAIGN_PAUSED);
    assert_int_equal(count_state(w, VARIANT_PENDING), 2); /* kept for later */
    assert_int_equal(w->c->mail_count, 1);
    mail(w, MAIL_RESUME, "", "");
    world_step(w);
    assert_int_equal(w->c->state, CAMPAIGN_REVIEW); /* readers are told where it is */
    world_run(w);
    assert_int_equal(w->c->state, CAMPAIGN_LIVE);
    assert_int_equal(count_state(w, VARIANT_PENDING), 0);
    mail(w, MAIL_CANCEL, "", "");
    world_run(w);
    assert_int_equal(w->next.type, NEXT_FAIL);
    assert_int_equal(w->next.code, ERR_CANCELLED);
    assert_int_equal(w->c->state, CAMPAIGN_CANCELLED);
    assert_int_equal(count_audit(w, "pause", "by", "ann"), 1);
    assert_int_equal(count_audit(w, "resume", "by", "ann"), 1);
    assert_int_equal(count_audit(w, "cancel", "by", "ann"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_prompt),          world_test(test_brief),
        world_test(test_deterministic),   world_test(test_duplicates),
        world_test(test_near_duplicates), world_test(test_limit),
        world_test(test_min_distance),    world_test(test_any_distance),
        world_test(test_banned),          world_test(test_not_json),
        world_test(test_control_given),   world_test(test_approve),
        world_test(test_approve_all),     world_test(test_all_rejected),
        world_test(test_slots),           world_test(test_fields),
        world_test(test_orders),          world_test(test_garble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
