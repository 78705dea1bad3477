/* Twins that end at nearly the same time: which one counts, and that both are paid for.
 */
#include "workers/llm/hedger.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    struct loop *loop;
    struct hedger *hedger;
    struct llm_call *first, *second;
    struct llm_call *cancelled[4];
    int cancels;
    bool turned;
};

static void on_cancel(void *arg, struct llm_call *c)
{
    struct fixture *f = arg;
    assert_true(f->cancels < 4);
    f->cancelled[f->cancels++] = c;
}

static void start(struct fixture *f)
{
    *f = (struct fixture){.cancels = 0};
    assert_int_equal(loop_new(&f->loop), ERR_OK);
    struct hedger_options o = {.loop = f->loop, .cancel = on_cancel, .arg = f};
    assert_int_equal(hedger_new(&o, &f->hedger), ERR_OK);
    f->first = llm_call_new();
    assert_non_null(f->first);
    f->second = f->first->twin = llm_call_twin(f->first);
    assert_non_null(f->second);
}

static void stop(struct fixture *f)
{
    llm_call_free(f->first); /* and its twin */
    hedger_free(f->hedger);
    loop_free(f->loop);
}

static void on_turn(void *arg)
{
    ((struct fixture *)arg)->turned = true;
}

/* What was deferred before is done. */
static void end_turn(struct fixture *f)
{
    f->turned = false;
    assert_int_equal(loop_defer(f->loop, on_turn, f), ERR_OK);
    assert_int_equal(loop_run_until(f->loop, &f->turned, 10000), ERR_OK);
}

static struct llm_call *end(struct fixture *f, struct llm_call *c, enum err code)
{
    c->result = (struct port_call_result){
        .code = code, .sent = true, .text = c->is_hedge ? "second" : "first"};
    c->result.tokens_out = c->is_hedge ? 10 : 1;
    c->result.usd_nano = c->is_hedge ? 1000 : 100;
    return hedger_end(f->hedger, c);
}

/* Settled as the first one, with the cost of both. */
static void expect(struct fixture *f, const struct llm_call *settled, const char *text,
                   enum err code)
{
    assert_ptr_equal(settled, f->first);
    assert_int_equal(settled->result.code, code);
    assert_string_equal(settled->result.text, text);
    assert_int_equal(settled->result.tokens_out, 11);
    assert_int_equal(settled->result.usd_nano, 1100);
    assert_true(settled->result.hedged);
}

/* One begins, and the other one is to be closed at the end of the turn: it ends before
 * that with an answer, and the one that began is cut. */
static void the_answer_of_a_loser_counts(void **state)
{
    (void)state;
    for (int began = 0; began < 2; began++) {
        struct fixture f;
        start(&f);
        struct llm_call *cut = began ? f.second : f.first;
        hedger_began(f.hedger, cut);
        assert_null(end(&f, cut->twin, ERR_OK));
        struct llm_call *settled = end(&f, cut, ERR_UNKNOWN_OUTCOME);
        expect(&f, settled, began ? "first" : "second", ERR_OK);
        end_turn(&f);
        assert_int_equal(f.cancels, 0);
        stop(&f);
    }
}

/* The one that began is cut first: the other one goes on. */
static void a_loser_gets_its_chance_back(void **state)
{
    (void)state;
    for (int began = 0; began < 2; began++) {
        struct fixture f;
        start(&f);
        struct llm_call *cut = began ? f.second : f.first;
        hedger_began(f.hedger, cut);
        assert_null(end(&f, cut, ERR_UNKNOWN_OUTCOME));
        end_turn(&f);
        assert_int_equal(f.cancels, 0);
        hedger_began(f.hedger, cut->twin);
        struct llm_call *settled = end(&f, cut->twin, ERR_OK);
        expect(&f, settled, began ? "first" : "second", ERR_OK);
        end_turn(&f);
        assert_int_equal(f.cancels, 0);
        stop(&f);
    }
}

/* It was closed before: what failed then is the result. */
static void a_closed_loser_is_no_result(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    hedger_began(f.hedger, f.second);
    end_turn(&f);
    assert_int_equal(f.cancels, 1);
    assert_ptr_equal(f.cancelled[0], f.first);
    assert_null(end(&f, f.second, ERR_UNKNOWN_OUTCOME));
    expect(&f, end(&f, f.first, ERR_CANCELLED), "second", ERR_UNKNOWN_OUTCOME);
    stop(&f);
}

static void of_two_answers_that_which_began(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    hedger_began(f.hedger, f.second);
    assert_null(end(&f, f.first, ERR_OK));
    expect(&f, end(&f, f.second, ERR_OK), "second", ERR_OK);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_of_a_loser_counts),
        cmocka_unit_test(a_loser_gets_its_chance_back),
        cmocka_unit_test(a_closed_loser_is_no_result),
        cmocka_unit_test(of_two_answers_that_which_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
