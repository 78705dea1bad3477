/* schedule_test.c: which times of a campaign that repeats make a run, by a clock that
 * is passed in. */
#include "campaigns/schedule.h"
#include "tests/unit/campaigns/content_fixture.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define START (INT64_C(20000) * DAY) /* a midnight in UTC */

static struct zone utc;
static const char *spawned; /* id of the last child; NULL: none was asked for */

static enum err say_child(struct world *w, const struct ask *ask, struct buf *reply)
{
    assert_int_equal(ask->type, ASK_SPAWN);
    assert_null(strstr(ask->user, "repeat"));
    assert_null(strstr(ask->user, "\"id\""));
    spawned = arena_strdup(&w->arena, ask->key);
    buf_append_str(reply, "{\"outcome\":\"admitted\"}");
    return ERR_OK;
}

static enum err say_no(struct world *w, const struct ask *ask, struct buf *reply)
{
    (void)w, (void)reply;
    spawned = ask->key;
    return ERR_ID_CONFLICT;
}

/* Daily at nine, and at its first rest. */
static struct world *daily(void **state, const char *more)
{
    struct world *w = *state;
    char rest[300];
    snprintf(rest, sizeof rest,
             "\"repeat\":{\"cron\":\"0 9 * * *\"%s},\"input\":{\"prompt\":\"p\"}",
             more);
    world_spec(w, rest);
    zone_init_utc(&utc);
    w->c->inputs.zone = &utc;
    w->say = say_child;
    w->c->now_ms = START;
    spawned = NULL;
    world_run(w);
    return w;
}

static const char *at(struct world *w, int64_t now_ms)
{
    w->c->now_ms = now_ms;
    spawned = NULL;
    world_run(w);
    return spawned ? spawned : "";
}

static void rests_until(const struct world *w, int64_t ms)
{
    assert_int_equal(w->next.type, NEXT_WAIT);
    assert_int_equal(w->next.until_ms, ms);
    assert_int_equal(schedule_view(w->c).next_ms, ms);
    assert_true(w->next.wake & WAKE_MAIL);
    assert_string_equal(w->c->waits_for, "repeat");
}

static void each_day_has_its_run(void **state)
{
    struct world *w = daily(state, "");
    rests_until(w, START + 9 * HOUR);
    assert_string_equal(at(w, START + 9 * HOUR), "con-1~1");
    rests_until(w, START + DAY + 9 * HOUR);
    assert_string_equal(at(w, START + DAY + 9 * HOUR + 5), "con-1~2");
    rests_until(w, START + 2 * DAY + 9 * HOUR);
    assert_int_equal(schedule_view(w->c).fired, 2);
}

static void a_letter_wakes_it_and_nothing_more(void **state)
{
    struct world *w = daily(state, "");
    assert_string_equal(at(w, START + HOUR), "");
    rests_until(w, START + 9 * HOUR);
    assert_int_equal(w->c->audit_count, 0);
}

static void of_what_was_missed_the_last_counts(void **state)
{
    struct world *w = daily(state, "");
    assert_string_equal(at(w, START + 3 * DAY + 20 * HOUR), "con-1~1"); /* 11 of 24 h */
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 1 && v.skipped == 3);
    rests_until(w, START + 4 * DAY + 9 * HOUR);
}

static void half_of_the_way_to_the_next_is_too_late(void **state)
{
    struct world *w = daily(state, "");
    assert_string_equal(at(w, START + 21 * HOUR), "con-1~1");
    assert_string_equal(at(w, START + DAY + 21 * HOUR + 1), "");
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 1 && v.skipped == 1 && v.failed == 0);
    rests_until(w, START + 2 * DAY + 9 * HOUR);
}

/* Decided, and then begun: whenever that is, and though the clock of Redis goes back.
 */
static void no_time_has_two_runs(void **state)
{
    struct world *w = daily(state, "");
    w->c->now_ms = START + 9 * HOUR;
    world_step(w);
    assert_int_equal(w->next.type, NEXT_GOTO);
    assert_null(spawned);
    assert_string_equal(at(w, START + 9 * HOUR - 1000), "con-1~1");
    rests_until(w, START + DAY + 9 * HOUR);
    assert_int_equal(schedule_view(w->c).fired, 1);
}

/* A worker died between the birth and its commit, and nobody was there for a day. */
static void no_time_loses_its_run(void **state)
{
    struct world *w = daily(state, "");
    w->c->now_ms = START + 9 * HOUR;
    world_step(w);
    assert_string_equal(at(w, START + DAY + 22 * HOUR), "con-1~1");
    rests_until(w, START + 2 * DAY + 9 * HOUR);
    assert_string_equal(at(w, START + 2 * DAY + 9 * HOUR), "con-1~2");
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 2 && v.failed == 0 && v.skipped == 1);
}

/* What has passed while a run was in coming is looked at as any time. */
static void no_time_is_lost_behind_another(void **state)
{
    struct world *w = daily(state, "");
    w->c->now_ms = START + 9 * HOUR;
    world_step(w);
    assert_string_equal(at(w, START + DAY + 10 * HOUR), "con-1~2");
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 2 && v.skipped == 0);
    rests_until(w, START + 2 * DAY + 9 * HOUR);
}

static enum err passing; /* what say_full() says */

static enum err say_full(struct world *w, const struct ask *ask, struct buf *reply)
{
    (void)w, (void)reply;
    spawned = ask->key;
    return passing;
}

static void waits_for_room(const struct world *w, int64_t until_ms)
{
    is_waiting(w, "fire", WAKE_TIME | WAKE_MAIL);
    assert_int_equal(w->next.until_ms, until_ms);
    assert_string_equal(w->c->waits_for, "room");
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 0 && v.failed == 0 && v.skipped == 0);
}

static void is_tried_again(struct world *w, enum err code)
{
    const int64_t nine = START + 9 * HOUR;
    passing = code;
    w->say = say_full;
    assert_string_equal(at(w, nine), "con-1~1");
    waits_for_room(w, nine + 5000);
    assert_string_equal(at(w, nine + 1000), ""); /* a letter */
    waits_for_room(w, nine + 5000);
    assert_string_equal(at(w, nine + 5000), "con-1~1");
    waits_for_room(w, nine + 15000);
    assert_int_equal(count_audit(w, "fire_waits", "code", err_code(code)), 1);
    w->say = say_child;
    assert_string_equal(at(w, nine + 15000), "con-1~1");
    assert_int_equal(w->next.type, NEXT_DONE); /* one time was wanted */
    assert_int_equal(schedule_view(w->c).fired, 1);
}

static void what_has_no_room_is_tried_again(void **state)
{
    static const enum err codes[] = {ERR_BUSY,  ERR_NOMEM, ERR_DEADLINE,
                                     ERR_REDIS, ERR_IO,    ERR_REDIS_DOWN};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        is_tried_again(daily(state, ",\"times\":1"), codes[i]);
        assert_int_equal(world_stop(state), 0);
        assert_int_equal(world_start(state), 0);
    }
}

/* Ever more rarely, and not in the evening. */
static void without_room_a_time_is_skipped_in_the_end(void **state)
{
    struct world *w = daily(state, ",\"times\":1");
    int64_t pause_ms = 0, now_ms = START + 9 * HOUR;
    passing = ERR_BUSY;
    w->say = say_full;
    for (int i = 0; i < 200 && now_ms < START + 21 * HOUR + 1; i++) {
        assert_string_equal(at(w, now_ms), "con-1~1");
        waits_for_room(w, w->next.until_ms);
        bool last = w->next.until_ms == START + 21 * HOUR + 1;
        assert_true(last || w->next.until_ms - now_ms >= pause_ms);
        pause_ms = w->next.until_ms - now_ms;
        assert_true(pause_ms <= 300000);
        now_ms = w->next.until_ms;
    }
    assert_string_equal(at(w, now_ms), "");
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 0 && v.failed == 0 && v.skipped == 1);
    rests_until(w, START + DAY + 9 * HOUR);
    assert_int_equal(count_audit(w, "fire_waits", NULL, NULL), 1);
    assert_int_equal(count_audit(w, "not_fired", "code", "expired"), 1);
    assert_int_equal(count_audit(w, "not_fired", "why", "busy"), 1);
    w->say = say_child;
    assert_string_equal(at(w, START + DAY + 9 * HOUR), "con-1~1");
    assert_int_equal(w->next.type, NEXT_DONE);
}

static void a_later_time_takes_the_place_of_one_without_room(void **state)
{
    struct world *w = daily(state, "");
    passing = ERR_BUSY;
    w->say = say_full;
    (void)at(w, START + 9 * HOUR);
    w->say = say_child;
    assert_string_equal(at(w, START + DAY + 10 * HOUR), "con-1~1");
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 1 && v.failed == 0 && v.skipped == 1);
    assert_int_equal(count_audit(w, "not_fired", "tries", "1"), 1);
    rests_until(w, START + 2 * DAY + 9 * HOUR);
}

/* Made, though an error was heard: found among its children, and counted once. */
static void a_child_that_nobody_heard_of_is_found(void **state)
{
    struct world *w = daily(state, "");
    struct campaign_child children[] = {{"con-1~1", "queued"}};
    passing = ERR_REDIS;
    w->say = say_full;
    (void)at(w, START + 9 * HOUR);
    w->c->children = children;
    w->c->child_count = 1;
    w->say = say_child;
    assert_string_equal(at(w, START + 22 * HOUR), "");
    struct schedule_view v = schedule_view(w->c);
    assert_true(v.fired == 1 && v.skipped == 0);
    rests_until(w, START + DAY + 9 * HOUR);
    assert_string_equal(at(w, START + DAY + 9 * HOUR), "con-1~2");
}

static void the_last_time_can_be_too_late(void **state)
{
    char until[80];
    snprintf(until, sizeof until, ",\"until_ms\":%lld", (long long)(START + 9 * HOUR));
    struct world *w = daily(state, until);
    assert_string_equal(at(w, START + 20 * DAY), "");
    assert_int_equal(w->next.type, NEXT_DONE);
    assert_int_equal(schedule_view(w->c).skipped, 1);
}

static void it_ends_when_no_time_is_left(void **state)
{
    struct world *w = daily(state, ",\"times\":2");
    (void)at(w, START + 9 * HOUR);
    struct campaign_child children[] = {{"con-1~1", "done"}, {"con-1~2", "live"}};
    w->c->children = children;
    w->c->child_count = 2;
    assert_string_equal(at(w, START + DAY + 9 * HOUR), "con-1~2");
    assert_int_equal(w->next.type, NEXT_WAIT); /* for its children */
    assert_true(w->next.wake & WAKE_CHILDREN);
    assert_string_equal(w->c->waits_for, "children");
    assert_int_equal(schedule_view(w->c).open, 1);
    children[1].state = "cancelled";
    (void)at(w, START + DAY + 10 * HOUR);
    assert_int_equal(w->next.type, NEXT_DONE);
}

static void until_is_the_last_time(void **state)
{
    char until[80];
    snprintf(until, sizeof until, ",\"until_ms\":%lld",
             (long long)(START + DAY + 9 * HOUR));
    struct world *w = daily(state, until);
    assert_string_equal(at(w, START + 9 * HOUR), "con-1~1");
    assert_string_equal(at(w, START + DAY + 9 * HOUR), "con-1~2");
    assert_int_equal(w->next.type, NEXT_DONE);
}

static void a_run_that_cannot_be_made_is_told(void **state)
{
    struct world *w = daily(state, ",\"times\":2");
    w->say = say_no;
    assert_string_equal(at(w, START + 9 * HOUR), "con-1~1");
    assert_int_equal(schedule_view(w->c).failed, 1);
    assert_string_equal(w->c->audit[0].what, "not_fired");
    w->say = say_child;
    assert_string_equal(at(w, START + DAY + 9 * HOUR), "con-1~2");
    assert_int_equal(w->next.type, NEXT_DONE);
}

static void it_begins_after_not_before(void **state)
{
    struct world *w = *state;
    char rest[200];
    snprintf(rest, sizeof rest,
             "\"not_before_ms\":%lld,\"repeat\":{\"cron\":\"0 9 * * *\"},"
             "\"input\":{\"prompt\":\"p\"}",
             (long long)(START + 3 * DAY + 9 * HOUR));
    world_spec(w, rest);
    zone_init_utc(&utc);
    w->c->inputs.zone = &utc;
    w->c->now_ms = START;
    world_run(w);
    rests_until(w, START + 3 * DAY + 9 * HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(each_day_has_its_run),
        world_test(a_letter_wakes_it_and_nothing_more),
        world_test(of_what_was_missed_the_last_counts),
        world_test(half_of_the_way_to_the_next_is_too_late),
        world_test(no_time_has_two_runs),
        world_test(no_time_loses_its_run),
        world_test(no_time_is_lost_behind_another),
        world_test(what_has_no_room_is_tried_again),
        world_test(without_room_a_time_is_skipped_in_the_end),
        world_test(a_later_time_takes_the_place_of_one_without_room),
        world_test(a_child_that_nobody_heard_of_is_found),
        world_test(the_last_time_can_be_too_late),
        world_test(it_ends_when_no_time_is_left),
        world_test(until_is_the_last_time),
        world_test(a_run_that_cannot_be_made_is_told),
        world_test(it_begins_after_not_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
