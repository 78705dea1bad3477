/* breaker.c: see breaker.h. */
#include "workers/llm/breaker.h"
#include <string.h>

#define SLOT_MS 3000 /* ten of them: 30 s */
#define CALLS_MIN 5
#define UNSENT_MIN 3
#define UNSENT_MS 1000
#define OPEN_MS 5000
#define OPEN_MAX_MS 60000
#define LOCKED_MS 300000
#define DOUBLINGS_MAX 4

enum verdict { NONE, GOOD, FAILED, LOCKED };

static enum verdict verdict_of(enum err code, bool is_probe)
{
    switch (code) {
    case ERR_OK:
        return GOOD;
    case ERR_MONEY:
    case ERR_AUTH:
        return LOCKED;
    case ERR_OVERLOAD:
    case ERR_SERVER:
    case ERR_UNSENT:
    case ERR_UNKNOWN_OUTCOME:
    case ERR_TRUNCATED:
    case ERR_DEADLINE:
        return FAILED;
    case ERR_RATE: /* it is there again, and has its own opinion of the call */
    case ERR_CONCURRENCY:
    case ERR_BAD_REQUEST:
    case ERR_CONTENT:
    case ERR_BAD_OUTPUT:
        return is_probe ? GOOD : NONE;
    default:
        return NONE;
    }
}

int64_t breaker_free_ms(const struct breaker *b)
{
    return b->state == BREAKER_CLOSED ? 0
           : b->state == BREAKER_OPEN ? b->until_ms
                                      : INT64_MAX;
}

static void change(struct breaker *b, enum breaker_state state)
{
    b->state = state;
    b->turn++;
}

struct breaker_leave breaker_enter(struct breaker *b)
{
    check(b->state != BREAKER_PROBING);
    bool is_probe = b->state == BREAKER_OPEN;
    if (is_probe)
        change(b, BREAKER_PROBING);
    return (struct breaker_leave){.turn = b->turn, .is_probe = is_probe};
}

static void shut(struct breaker *b)
{
    change(b, BREAKER_CLOSED);
    b->in_a_row = 0;
    b->unsent = 0;
    memset(b->slots, 0, sizeof b->slots);
}

static void open_for(struct breaker *b, enum err cause, int64_t ms, int64_t now_ms,
                     struct rng *dice)
{
    b->cause = cause;
    b->until_ms = now_ms + ms + (int64_t)rng_below(dice, (uint64_t)ms / 5 + 1);
    change(b, BREAKER_OPEN);
}

static void open_failed(struct breaker *b, enum err cause, int64_t hint_ms,
                        int64_t now_ms, struct rng *dice)
{
    unsigned doublings = b->in_a_row < DOUBLINGS_MAX ? b->in_a_row : DOUBLINGS_MAX;
    int64_t ms = (int64_t)OPEN_MS << doublings;
    ms = ms > OPEN_MAX_MS ? OPEN_MAX_MS : ms;
    ms = hint_ms > LOCKED_MS ? LOCKED_MS : hint_ms > ms ? hint_ms : ms;
    b->in_a_row++;
    b->unsent = 0;
    open_for(b, cause, ms, now_ms, dice);
}

static void count(struct breaker *b, bool failed, int64_t now_ms)
{
    int64_t number = now_ms / SLOT_MS;
    int i = (int)(number % BREAKER_SLOTS);
    if (b->slots[i].number != number) {
        b->slots[i].number = number;
        b->slots[i].calls = b->slots[i].failures = 0;
    }
    b->slots[i].calls++;
    b->slots[i].failures += failed;
}

/* Of the last 30 s. */
static int calls_of(const struct breaker *b, int64_t now_ms, int *failures)
{
    int calls = 0;
    *failures = 0;
    for (int i = 0; i < BREAKER_SLOTS; i++) {
        if (b->slots[i].number <= now_ms / SLOT_MS - BREAKER_SLOTS)
            continue;
        calls += b->slots[i].calls;
        *failures += b->slots[i].failures;
    }
    return calls;
}

static bool is_bad(const struct breaker *b, int64_t now_ms)
{
    int failures, calls = calls_of(b, now_ms, &failures);
    return calls >= CALLS_MIN && 2 * failures >= calls;
}

/* Nobody there: neither a bad prompt nor a moment without network does this. */
static bool is_gone(struct breaker *b, enum err code, int64_t now_ms)
{
    if (code != ERR_UNSENT)
        b->unsent = 0;
    else if (b->unsent++ == 0)
        b->unsent_ms = now_ms;
    return b->unsent >= UNSENT_MIN && now_ms - b->unsent_ms >= UNSENT_MS;
}

void breaker_suspect(struct breaker *b, int64_t now_ms)
{
    int failures;
    if (b->state != BREAKER_CLOSED || calls_of(b, now_ms, &failures) > 0)
        return;
    b->cause = ERR_OK;
    b->until_ms = 0;
    change(b, BREAKER_OPEN);
}

static bool settle_probe(struct breaker *b, enum verdict v, enum err code,
                         int64_t hint_ms, int64_t now_ms, struct rng *dice)
{
    bool was_told = b->cause != ERR_OK; /* else suspected only */
    bool news = v == GOOD     ? was_told
                : v == FAILED ? !was_told
                              : v == LOCKED && b->cause != code;
    if (v == GOOD)
        shut(b);
    else if (v == FAILED)
        open_failed(b, code, hint_ms, now_ms, dice);
    else if (v == LOCKED)
        open_for(b, code, LOCKED_MS, now_ms, dice);
    else
        change(b, BREAKER_OPEN); /* until_ms has passed: the next one is the probe */
    return news;
}

bool breaker_settle(struct breaker *b, struct breaker_leave leave, enum err code,
                    int64_t hint_ms, int64_t now_ms, struct rng *dice)
{
    enum verdict v = verdict_of(code, leave.is_probe);
    bool locked = b->cause == ERR_MONEY || b->cause == ERR_AUTH;
    if (b->state == BREAKER_OPEN && v == LOCKED && !locked) {
        open_for(b, code, LOCKED_MS, now_ms, dice);
        return true;
    }
    if (leave.turn != b->turn)
        return false;
    if (leave.is_probe)
        return settle_probe(b, v, code, hint_ms, now_ms, dice);
    if (v == LOCKED) {
        open_for(b, code, LOCKED_MS, now_ms, dice);
        return true;
    }
    if (v == NONE) {
        if (code != ERR_CANCELLED)
            b->unsent = 0; /* somebody is there, who says so */
        return false;
    }
    count(b, v == FAILED, now_ms);
    bool gone = is_gone(b, code, now_ms);
    if (v != FAILED || (!gone && !is_bad(b, now_ms)))
        return false;
    open_failed(b, code, hint_ms, now_ms, dice);
    return true;
}

void breaker_forgo(struct breaker *b, struct breaker_leave leave)
{
    if (leave.is_probe && leave.turn == b->turn)
        change(b, BREAKER_OPEN);
}
