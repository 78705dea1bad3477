/* content_fixture.h: a content campaign driven by the engine, without any I/O: replies
 * come from a function, counts and mail from the test. */
#ifndef BARKER_TESTS_CONTENT_FIXTURE_H
#define BARKER_TESTS_CONTENT_FIXTURE_H

#include "campaigns/engine.h"
#include "core/base/hash.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEPS_MAX 50 /* a campaign that never waits is a failure */

struct world;
/* Writes the reply of the model; or returns the error of the call. */
typedef enum err (*say_fn)(struct world *w, const struct ask *ask, struct buf *reply);

struct world {
    struct channel_set *channels;
    struct arena arena;
    struct spec spec;
    struct campaign *c;
    struct next next;
    say_fn say;
    int said, reasked,
        asks;             /* replies; of them after an objection; asks of all steps */
    char last_user[4096]; /* prompt of the last ask */
    char objection[512];  /* the last one */
};

/* Four words that no other number gives: far from every other text. */
static inline void fresh_text(int number, struct buf *out)
{
    uint64_t x = hash_mix((uint64_t)number + 1);
    for (int i = 0; i < 24; i++, x = hash_mix(x + 1))
        buf_append_char(out, i % 6 == 5 ? ' ' : (char)('a' + x % 26));
    buf_printf(out, "%d", number);
}

static inline bool is_angles(const struct ask *ask)
{
    return ask->schema_name && strcmp(ask->schema_name, "angles") == 0;
}

/* A model that does what it is asked for. */
static inline enum err say_fresh(struct world *w, const struct ask *ask,
                                 struct buf *reply)
{
    if (is_angles(ask)) {
        buf_append_str(reply, "{\"angles\":[\"warmth\",\"weight\"]}");
    } else if (ask->schema) {
        const struct spec_placement *p = w->c->placements[ask->tag[0]].spec;
        buf_printf(reply, "{\"%s\":\"", p->channel->fields[0].name);
        fresh_text(w->said, reply);
        buf_append_str(reply, "\"}");
    } else {
        fresh_text(w->said, reply);
    }
    return ERR_OK;
}

static inline int world_start(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err_detail d;
    assert_non_null(w);
    assert_int_equal(channel_set_new(NULL, &w->channels, &d), ERR_OK);
    arena_init(&w->arena, 16 << 20);
    w->say = say_fresh;
    *state = w;
    return 0;
}

static inline int world_stop(void **state)
{
    struct world *w = *state;
    if (w->c)
        campaign_fini(w->c);
    spec_fini(&w->spec);
    arena_fini(&w->arena);
    channel_set_free(w->channels);
    free(w);
    return 0;
}
#define world_test(f) cmocka_unit_test_setup_teardown(f, world_start, world_stop)

/* rest: what follows "kind" in the spec, with `input`. */
static inline void world_spec(struct world *w, const char *rest)
{
    char text[2000];
    struct err_detail d = {.message = ""};
    snprintf(text, sizeof text, "{\"kind\":\"content\",\"id\":\"con-1\",%s}", rest);
    enum err e = spec_parse(text, strlen(text), w->channels, &w->arena, &w->spec, &d);
    if (e)
        print_error("%s: %s %s\n", text, d.path, d.message);
    assert_int_equal(e, ERR_OK);
    w->c = campaign_new(&w->arena, &w->spec);
    assert_non_null(w->c);
    assert_int_equal(campaign_restore(w->c, "", 0, &d), ERR_OK);
}

static inline void world_answer(struct world *w, struct engine *e, int index)
{
    enum engine_verdict verdict = ENGINE_REASK;
    const struct ask *ask = engine_ask(e, index);
    snprintf(w->last_user, sizeof w->last_user, "%s", ask->user);
    w->asks++;
    while (verdict == ENGINE_REASK) {
        struct buf reply;
        buf_init(&reply, 64 << 10);
        enum err code = w->say(w, ask, &reply);
        w->said++;
        if (code) {
            engine_fail(e, index, code);
            verdict = ENGINE_SETTLED;
        } else {
            assert_int_equal(
                engine_reply(e, index, buf_str(&reply), reply.len, 10, &verdict),
                ERR_OK);
        }
        w->reasked += verdict == ENGINE_REASK;
        if (engine_objection(e, index)[0])
            snprintf(w->objection, sizeof w->objection, "%s",
                     engine_objection(e, index));
        buf_fini(&reply);
    }
    assert_true(engine_is_settled(e, index));
}

/* What a run finds after the commit of the one before: nothing is left to write. */
static inline void world_load(struct world *w)
{
    for (int i = 0; i < w->c->variant_count; i++)
        w->c->variants[i].is_new = w->c->variants[i].changed = false;
    for (int i = 0; i < w->c->placement_count; i++)
        w->c->placements[i].changed = w->c->placements[i].reallocated = false;
}

/* One iteration of one stage. */
static inline void world_step(struct world *w)
{
    struct engine *e = NULL;
    bool direct = false;
    world_load(w);
    assert_int_equal(engine_begin(w->c, &e, &direct, &w->next), ERR_OK);
    if (!direct) {
        for (int i = 0; i < engine_count(e); i++)
            world_answer(w, e, i);
        assert_int_equal(engine_open(e), 0);
        assert_int_equal(engine_finish(e, &w->next), ERR_OK);
        engine_fini(e);
    }
    if (w->next.type == NEXT_GOTO || w->next.type == NEXT_WAIT) {
        w->c->stage = w->next.stage;
        w->c->iteration = w->next.iteration;
    }
}

/* Until it waits or ends. */
static inline void world_run(struct world *w)
{
    int steps = 0;
    do {
        world_step(w);
        assert_true(++steps < STEPS_MAX);
    } while (w->next.type == NEXT_GOTO);
}

static inline void is_waiting(const struct world *w, const char *stage, int wake)
{
    assert_int_equal(w->next.type, NEXT_WAIT);
    assert_string_equal(w->next.stage, stage);
    assert_int_equal(w->next.wake, wake);
}

static inline void mail(struct world *w, enum campaign_mail_kind kind,
                        const char *variant, const char *text)
{
    struct campaign_mail m = {
        .kind = kind, .variant = variant, .by = "ann", .text = text, .via = "cli"};
    assert_int_equal(campaign_add_mail(w->c, &m), ERR_OK);
}

static inline int count_state(const struct world *w, enum variant_state s)
{
    int n = 0;
    for (int i = 0; i < w->c->variant_count; i++)
        n += w->c->variants[i].state == s;
    return n;
}

/* Audit lines of this name whose field has this value (field NULL: all). */
static inline int count_audit(const struct world *w, const char *what,
                              const char *field, const char *value)
{
    int n = 0;
    for (int i = 0; i < w->c->audit_count; i++) {
        const struct campaign_audit *a = &w->c->audit[i];
        bool found = !field;
        for (int k = 0; k < a->count && !found; k++)
            found = strcmp(a->field[k], field) == 0 && strcmp(a->value[k], value) == 0;
        n += found && strcmp(a->what, what) == 0;
    }
    return n;
}

#endif
