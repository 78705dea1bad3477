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

/* What goes out has tokens, what comes back and is kept has what they stand for. */
static void personal_data_stays_here(void **state)
{
    struct world *w = *state;
    struct engine *e = NULL;
    enum engine_verdict verdict;
    bool direct;
    world_spec(w, "\"approval\":\"none\",\"brand\":{\"never\":[\"old@shop.example\"]},"
                  "\"input\":{\"prompt\":\"Ask ann@shop.example, 13800138000\"}");
    world_step(w);
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    const char *user = engine_ask(e, 0)->user;
    assert_ptr_equal(strstr(user, "Ask [[email_1]], [[phone_1]]\n\n"), user);
    assert_non_null(strstr(user, "[[email_1]] (16), [[phone_1]] (11)"));
    const char *made_up = "Ask [[email_1]] or [[email_2]]",
               *never = "Ask [[email_1]], not old@shop.example",
               *good = "Ask [[email_1]], [[phone_1]]";
    assert_int_equal(engine_reply(e, 0, made_up, strlen(made_up), 1, &verdict), ERR_OK);
    assert_int_equal(verdict, ENGINE_REASK);
    assert_non_null(strstr(engine_objection(e, 0), "[[email_2]] stands for nothing"));
    assert_string_equal(engine_refused_text(e, 0), made_up); /* as it came */
    assert_string_equal(w->c->audit[0].what, "masked");
    assert_string_equal(w->c->audit[0].value[0], "12"); /* 2 in each of 6 prompts */
    assert_string_equal(w->c->audit[1].what, "reask");
    assert_string_equal(w->c->audit[1].value[1], engine_objection(e, 0));
    assert_int_equal(engine_reply(e, 1, never, strlen(never), 1, &verdict), ERR_OK);
    assert_string_equal(engine_objection(e, 1),
                        "The text contains \"[[email_2]]\", which must never appear.");
    assert_int_equal(engine_reply(e, 0, good, strlen(good), 1, &verdict), ERR_OK);
    for (int i = 0; i < engine_count(e); i++)
        engine_fail(e, i, ERR_DEADLINE);
    assert_int_equal(engine_finish(e, &w->next), ERR_OK);
    assert_string_equal(w->c->variants[0].text, "Ask ann@shop.example, 13800138000");
    engine_fini(e);
}

/* Limits are held by what is shown, not by what was written. */
static void limits_count_what_is_restored(void **state)
{
    struct world *w = *state;
    struct engine *e = NULL;
    enum engine_verdict verdict;
    bool direct;
    world_spec(w, "\"approval\":\"none\",\"channel\":[\"sms\"],\"facts\":{\"mail\":"
                  "\"the.whole.customer.service@shop.example\"},"
                  "\"input\":{\"brief\":\"b\",\"n\":1}");
    world_step(w);
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    assert_null(strchr(engine_ask(e, 0)->user, '@'));
    char reply[300];
    snprintf(reply, sizeof reply, "{\"text\":\"%0130d [[email_1]]\"}", 7);
    assert_int_equal(engine_reply(e, 0, reply, strlen(reply), 1, &verdict), ERR_OK);
    assert_int_equal(verdict, ENGINE_REASK);
    assert_non_null(strstr(engine_objection(e, 0), "segments"));
    snprintf(reply, sizeof reply, "{\"text\":\"%0120d [[email_1]]\"}", 7);
    assert_int_equal(engine_reply(e, 0, reply, strlen(reply), 1, &verdict), ERR_OK);
    assert_int_equal(verdict, ENGINE_SETTLED);
    assert_int_equal(engine_finish(e, &w->next), ERR_OK);
    assert_int_equal(strlen(w->c->variants[0].text), 160);
    engine_fini(e);
}

static void sent_as_it_is_if_the_spec_says_so(void **state)
{
    struct world *w = *state;
    struct engine *e = NULL;
    enum engine_verdict verdict;
    bool direct;
    world_spec(w, "\"approval\":\"none\",\"llm\":{\"pii\":\"send\"},"
                  "\"input\":{\"prompt\":\"Ask ann@shop.example\",\"n\":1}");
    world_step(w);
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    assert_string_equal(engine_ask(e, 0)->user, "Ask ann@shop.example");
    assert_int_equal(engine_reply(e, 0, "[[email_1]]", 11, 1, &verdict), ERR_OK);
    assert_int_equal(verdict, ENGINE_SETTLED);
    engine_fini(e);
}

/* Neither is told of tokens, and neither is asked twice. */
static enum err others_plan(struct campaign *c, struct ask_list *asks)
{
    (void)c;
    for (int i = 0; i < 3; i++) {
        struct ask *ask = ask_add(asks, i < 2 ? ASK_EMBED : ASK_MODERATE);
        assert_non_null(ask);
        ask->user = "Ask ann@shop.example";
        ask->dimensions = i == 1 ? 2 : 0;
    }
    return ERR_OK;
}

static enum err others_finish(struct campaign *c, const struct answers *a,
                              struct next *next)
{
    (void)c;
    assert_string_equal(json_str(a->items[0].reply, ""), "AACAPw==");
    assert_int_equal(a->items[1].code, ERR_BAD_OUTPUT);
    assert_true(json_bool(json_get(a->items[2].reply, "flagged"), false));
    next_done(next);
    return ERR_OK;
}

static const struct kind *kind_of_asks(void)
{
    static const struct stage stages[] = {{"others", others_plan, NULL, others_finish},
                                          {NULL, NULL, NULL, NULL}};
    static const struct kind kind = {.name = "others", .stages = stages};
    return &kind;
}

static void embeddings_and_verdicts(void **state)
{
    struct world *w = *state;
    struct engine *e = NULL;
    enum engine_verdict verdict;
    bool direct;
    static const char moderated[] = "{\"flagged\":true,\"categories\":[\"x\"]}";
    world_spec(w, "\"input\":{\"prompt\":\"p\"}");
    w->c->kind = kind_of_asks();
    w->c->stage = "others";
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    for (int i = 0; i < 3; i++)
        assert_string_equal(engine_ask(e, i)->user, "Ask [[email_1]]");
    assert_int_equal(engine_reply(e, 0, "AACAPw==", 8, 1, &verdict), ERR_OK);
    assert_int_equal(engine_reply(e, 1, "AACAPw==", 8, 1, &verdict), ERR_OK);
    assert_int_equal(verdict, ENGINE_SETTLED);
    assert_int_equal(engine_reply(e, 2, moderated, sizeof moderated - 1, 1, &verdict),
                     ERR_OK);
    assert_int_equal(engine_open(e), 0);
    assert_int_equal(engine_finish(e, &w->next), ERR_OK);
    engine_fini(e);
}

/* What has come stays, nothing more is asked for, whatever the stage wants next. */
static void late_is_the_last_iteration(void **state)
{
    struct world *w = *state;
    struct engine *e = NULL;
    enum engine_verdict verdict;
    bool direct;
    world_spec(w, "\"approval\":\"none\",\"input\":{\"prompt\":\"p\",\"n\":2}");
    world_step(w);
    w->c->paused_from = w->c->state;
    w->c->state = CAMPAIGN_PAUSED;
    mail(w, MAIL_DEADLINE, "", "");
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    assert_false(direct);
    assert_true(w->c->is_late && w->c->state == w->c->paused_from);
    assert_int_equal(w->c->mail_count, 0);
    assert_int_equal(engine_reply(e, 0, "One", 3, 10, &verdict), ERR_OK);
    engine_close(e, ERR_DEADLINE);
    assert_int_equal(engine_open(e), 0);
    assert_int_equal(engine_finish(e, &w->next), ERR_OK);
    assert_true(w->next.type == NEXT_FAIL && w->next.code == ERR_DEADLINE);
    assert_int_equal(w->c->variant_count, 1);
    engine_fini(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(settled_is_settled),
        world_test(personal_data_stays_here),
        world_test(limits_count_what_is_restored),
        world_test(sent_as_it_is_if_the_spec_says_so),
        world_test(embeddings_and_verdicts),
        world_test(late_is_the_last_iteration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
