/* sim_batch.c: states over time. */
#include "tests/llmsim/sim_batch.h"
#include "core/base/hash.h"
#include "core/base/json_out.h"
#include "core/base/rng.h"
#include <stdlib.h>
#include <string.h>

#define STEP_LINES 400
#define VALIDATION_PART 10 /* of the time of a batch goes into its validation */
#define PROBLEMS_MAX_BYTES 65536
#define METADATA_MAX_BYTES 16384
#define SALT_ORDER UINT64_C(0x6f72646572)
#define SALT_INVALID UINT64_C(0x696e76616c6964)

struct sim_batch *sim_batch_new(uint64_t number, bool is_messages, struct buf *input,
                                int64_t now_ms)
{
    struct sim_batch *b = calloc(1, sizeof(*b));
    if (!b) {
        return NULL;
    }
    list_init(&b->node);
    b->number = number;
    b->is_messages = is_messages;
    b->input = *input;
    buf_init(input, input->max_bytes);
    buf_init(&b->output, SIM_BATCH_RESULT_MAX_BYTES);
    buf_init(&b->errors, SIM_BATCH_RESULT_MAX_BYTES);
    buf_init(&b->problems, PROBLEMS_MAX_BYTES);
    buf_init(&b->metadata, METADATA_MAX_BYTES);
    b->at_ms[SIM_BATCH_VALIDATING] = now_ms;
    return b;
}

void sim_batch_free(struct sim_batch *b)
{
    list_remove(&b->node);
    buf_fini(&b->input);
    buf_fini(&b->output);
    buf_fini(&b->errors);
    buf_fini(&b->problems);
    buf_fini(&b->metadata);
    free(b->starts);
    free(b->order);
    free(b);
}

bool sim_batch_ended(const struct sim_batch *b)
{
    return b->state == SIM_BATCH_COMPLETED || b->state == SIM_BATCH_FAILED ||
           b->state == SIM_BATCH_EXPIRED || b->state == SIM_BATCH_CANCELLED;
}

/* What it held to work with goes when it has ended. */
static void enter(struct sim_batch *b, enum sim_batch_state state, int64_t now_ms)
{
    b->state = state;
    b->at_ms[state] = now_ms;
    if (sim_batch_ended(b)) {
        buf_fini(&b->input);
        free(b->starts);
        free(b->order);
        b->starts = b->order = NULL;
    }
}

static enum err find_lines(struct sim_batch *b)
{
    const char *text = buf_str(&b->input);
    uint32_t room = 0;
    for (size_t at = 0; at < b->input.len;) {
        size_t n = strcspn(text + at, "\n");
        bool blank = strspn(text + at, " \t\r") >= n;
        if (!blank && b->lines == SIM_BATCH_LINES_MAX) {
            return ERR_LIMIT;
        }
        if (!blank && b->lines == room) {
            room = room ? room * 2 : 64;
            uint32_t *more = realloc(b->starts, room * sizeof(*more));
            if (!more) {
                return ERR_NOMEM;
            }
            b->starts = more;
        }
        if (!blank) {
            b->starts[b->lines++] = (uint32_t)at;
        }
        at += n + 1;
    }
    return b->lines ? ERR_OK : ERR_MISSING;
}

const char *sim_batch_line(const struct sim_batch *b, uint32_t line, size_t *n)
{
    const char *at = buf_str(&b->input) + b->starts[line];
    *n = strcspn(at, "\n");
    return at;
}

static void add_problem(struct sim_batch *b, const char *code, const char *message,
                        int64_t line)
{
    struct json_out w;
    if (b->problems.len > PROBLEMS_MAX_BYTES / 2) {
        return;
    }
    (void)buf_append_str(&b->problems, b->problems.len ? "," : "");
    json_out_init(&w, &b->problems);
    json_out_open(&w, '{');
    json_out_kstr(&w, "code", code);
    json_out_kstr(&w, "message", message);
    json_out_key(&w, "param");
    json_out_null(&w);
    json_out_key(&w, "line");
    line > 0 ? json_out_int(&w, line) : json_out_null(&w);
    json_out_close(&w, '}');
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static enum err check_lines(struct sim_batch *b, uint64_t *hashes, struct err_detail *d)
{
    struct err_detail first = {0};
    for (uint32_t i = 0; i < b->lines; i++) {
        struct err_detail one = {0};
        if (sim_batch_check_line(b, i, &hashes[i], &one) != ERR_OK) {
            add_problem(b, one.path, one.message, (int64_t)i + 1);
            first = first.code == ERR_OK ? one : first;
        }
    }
    qsort(hashes, b->lines, sizeof(*hashes), by_hash);
    for (uint32_t i = 1; first.code == ERR_OK && i < b->lines; i++) {
        if (hashes[i] == hashes[i - 1]) {
            add_problem(b, "duplicate_custom_id", "A custom_id stands twice.", 0);
            (void)err_set(&first, ERR_BAD_REQUEST, "duplicate_custom_id",
                          "a custom_id stands twice");
        }
    }
    *d = first;
    return first.code;
}

enum err sim_batch_validate(struct sim_batch *b, struct err_detail *d)
{
    enum err e = find_lines(b);
    if (e != ERR_OK) {
        const char *code = e == ERR_MISSING ? "empty_file" : "too_many_tasks";
        add_problem(b, code, "The batch has no lines, or too many.", 0);
        return err_set(d, ERR_BAD_REQUEST, code, "no lines, or too many");
    }
    uint64_t *hashes = calloc(b->lines, sizeof(*hashes));
    b->order = calloc(b->lines, sizeof(*b->order));
    if (!hashes || !b->order) {
        free(hashes);
        return err_set(d, ERR_NOMEM, "server_error", "no memory");
    }
    for (uint32_t i = 0; i < b->lines; i++) {
        b->order[i] = i;
    }
    e = check_lines(b, hashes, d);
    free(hashes);
    return e;
}

/* Never that of the input, if there are two lines at least. */
static void shuffle(struct sim_batch *b, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed ^ hash_mix(b->number) ^ SALT_ORDER);
    for (uint32_t i = 0; i < b->lines; i++) {
        uint32_t k = (uint32_t)rng_below(&r, i + 1);
        b->order[i] = b->order[k];
        b->order[k] = i;
    }
    if (b->order[0] == 0) {
        b->order[0] = b->order[b->lines - 1];
        b->order[b->lines - 1] = 0;
    }
}

static bool is_invalid(const struct sim_batch *b, const struct sim_batch_world *w)
{
    struct rng r;
    rng_seed(&r, w->faults->seed ^ hash_mix(b->number) ^ SALT_INVALID);
    return rng_unit(&r) < w->options->invalid;
}

static void begin(struct sim_batch *b, const struct sim_batch_world *w, int64_t now_ms)
{
    struct err_detail d = {0};
    bool bad = !b->order && sim_batch_validate(b, &d) != ERR_OK;
    if (!bad && is_invalid(b, w)) {
        add_problem(b, "invalid_json_line", "A line is not JSON (simulated).", 1);
        bad = true;
    }
    if (bad) {
        enter(b, SIM_BATCH_FAILED, now_ms);
        return;
    }
    b->stop = b->lines;
    if (w->options->expire < 1) {
        b->stop = (uint32_t)((double)b->lines * w->options->expire);
    }
    shuffle(b, w->faults->seed);
    enter(b, SIM_BATCH_IN_PROGRESS, now_ms);
}

/* The lines that were not done. */
static void give_up(struct sim_batch *b, bool expired)
{
    const char *why = !b->is_messages ? "batch_expired"
                      : expired       ? "expired"
                                      : "canceled";
    for (; b->done < b->lines; b->done++) {
        if (expired || b->is_messages) {
            sim_batch_skip_line(b, b->order[b->done], why);
        }
        expired ? b->expired++ : b->cancelled++;
    }
}

static void run(struct sim_batch *b, const struct sim_batch_world *w, int64_t now_ms)
{
    int64_t spent = now_ms - b->at_ms[SIM_BATCH_IN_PROGRESS], ms = w->options->ms;
    uint32_t due = b->stop;
    if (spent < ms) {
        due =
            (uint32_t)((double)b->stop * (double)(spent > 0 ? spent : 0) / (double)ms);
    }
    for (int i = 0; b->done < due && i < STEP_LINES; i++) {
        sim_batch_do_line(b, w, b->order[b->done++]);
    }
    if (b->done < b->stop || spent < ms) {
        return;
    }
    if (b->stop < b->lines) {
        give_up(b, true);
        enter(b, SIM_BATCH_EXPIRED, now_ms);
    } else {
        enter(b, b->is_messages ? SIM_BATCH_COMPLETED : SIM_BATCH_FINALIZING, now_ms);
    }
}

void sim_batch_cancel(struct sim_batch *b, int64_t now_ms)
{
    if (!sim_batch_ended(b) && b->state != SIM_BATCH_CANCELLING) {
        enter(b, SIM_BATCH_CANCELLING, now_ms);
    }
}

void sim_batch_step(struct sim_batch *b, const struct sim_batch_world *w,
                    int64_t now_ms)
{
    switch (b->state) {
    case SIM_BATCH_VALIDATING:
        if (b->is_messages || now_ms - b->at_ms[SIM_BATCH_VALIDATING] >=
                                  w->options->ms / VALIDATION_PART) {
            begin(b, w, now_ms);
        }
        break;
    case SIM_BATCH_IN_PROGRESS:
        run(b, w, now_ms);
        break;
    case SIM_BATCH_FINALIZING:
        enter(b, SIM_BATCH_COMPLETED, now_ms);
        break;
    case SIM_BATCH_CANCELLING:
        if (b->order) { /* else it had not begun */
            give_up(b, false);
        }
        enter(b, SIM_BATCH_CANCELLED, now_ms);
        break;
    default:
        break;
    }
}
