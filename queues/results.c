/* results.c: the list of operations that lua/commit.lua applies.
 *
 * An operation is a letter and its words; a record is a letter, its name if it has one,
 * the number of fields, then field, value, … The number is written last, over a place
 * held open in fixed width. */
#include "queues/results.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESULTS_BYTES_MAX ((size_t)16 << 20)
#define COMMITS_BYTES_MAX (RESULTS_BYTES_MAX + 4096)
#define COUNT_WIDTH 4
#define FIELDS_MAX 500 /* what Lua's unpack() surely takes, twice over */

void results_init(struct results *w)
{
    args_init(&w->args, RESULTS_BYTES_MAX);
    w->count_at = 0;
}

void results_fini(struct results *w)
{
    args_fini(&w->args);
}

/* count_at is the argument number of the open record's count, 0 = none is open: a
 * letter always stands before it. */
static void open_record(struct results *w, const char *letter, const char *name)
{
    args_str(&w->args, letter);
    if (name)
        args_str(&w->args, name);
    w->count_at = w->args.count;
    args_str(&w->args, "0000");
}

static void close_record(struct results *w)
{
    w->count_at = 0;
}

static void count_field(struct results *w)
{
    struct args *a = &w->args;
    if (a->failed)
        return;
    check(w->count_at > 0);
    size_t fields = (a->count - w->count_at - 1) / 2;
    if (fields > FIELDS_MAX) {
        a->failed = ERR_LIMIT;
        return;
    }
    char text[24];
    snprintf(text, sizeof text, "%0*zu", COUNT_WIDTH, fields);
    memcpy(a->bytes.data + a->ends[w->count_at - 1], text, COUNT_WIDTH);
}

static struct args *whole(struct results *w, const char *letter)
{
    close_record(w);
    args_str(&w->args, letter);
    return &w->args;
}

void results_campaign(struct results *w)
{
    open_record(w, "C", NULL);
}

void results_variant(struct results *w, const char *vid)
{
    open_record(w, "V", vid);
}

void results_placement(struct results *w, const char *placement)
{
    open_record(w, "P", placement);
}

void results_audit(struct results *w)
{
    open_record(w, "A", NULL);
}

void results_series(struct results *w)
{
    open_record(w, "S", NULL);
}

void results_inputs(struct results *w, bool decided)
{
    open_record(w, "I", decided ? "1" : "0");
}

void results_field(struct results *w, const char *name, const char *value)
{
    args_str(&w->args, name);
    args_str(&w->args, value);
    count_field(w);
}

void results_field_int(struct results *w, const char *name, int64_t n)
{
    args_str(&w->args, name);
    args_int(&w->args, n);
    count_field(w);
}

void results_field_num(struct results *w, const char *name, double n)
{
    args_str(&w->args, name);
    args_num(&w->args, n);
    count_field(w);
}

void results_rank(struct results *w, const char *placement, const char *vid,
                  double mean)
{
    struct args *a = whole(w, "R");
    args_str(a, placement);
    args_str(a, vid);
    args_num(a, mean);
}

void results_unrank(struct results *w, const char *placement, const char *vid)
{
    struct args *a = whole(w, "U");
    args_str(a, placement);
    args_str(a, vid);
}

void results_alloc(struct results *w, const char *placement, int64_t epoch,
                   const char *json)
{
    struct args *a = whole(w, "L");
    args_str(a, placement);
    args_int(a, epoch);
    args_str(a, json);
}

void results_document(struct results *w, const char *json, size_t n)
{
    args_add(whole(w, "D"), json, n);
}

void results_change(struct results *w, const char *what)
{
    args_str(whole(w, "H"), what);
}

void results_mail_done(struct results *w, int count)
{
    args_int(whole(w, "M"), count);
}

void results_rerank_every(struct results *w, int64_t events, int64_t ms)
{
    struct args *a = whole(w, "E");
    args_int(a, events);
    args_int(a, ms);
}

static struct args *add_checkpoint(struct results *w, const char *letter,
                                   const char *stage, int iteration, const char *text,
                                   size_t n)
{
    struct args *a = whole(w, letter);
    args_str(a, stage);
    args_int(a, iteration);
    args_add(a, text, n);
    return a;
}

void results_continue(struct results *w, const char *stage, int iteration,
                      const char *checkpoint, size_t n)
{
    add_checkpoint(w, "K", stage, iteration, checkpoint, n);
}

void results_wait(struct results *w, const char *stage, int iteration,
                  const char *checkpoint, size_t n, int wake_mask, int64_t until_ms)
{
    struct args *a = add_checkpoint(w, "W", stage, iteration, checkpoint, n);
    args_int(a, wake_mask);
    args_int(a, until_ms);
}

void results_done(struct results *w, const char *state, const char *error,
                  int64_t keep_ms)
{
    struct args *a = whole(w, "X");
    args_str(a, state);
    args_str(a, error);
    args_int(a, keep_ms);
}

/* The words of one commit, from argv[at] on. */
static void put_commit(struct args *a, const struct results_commit *c)
{
    args_int(a, (int64_t)c->results->args.count + 3);
    args_str(a, c->id);
    args_int(a, c->fence);
    args_int(a, c->progress);
    args_append(a, &c->results->args);
}

enum err results_commit(struct queue *q, const struct results_commit *list,
                        size_t count, queue_fn fn, void *arg, uint64_t ticket)
{
    struct args a;
    check(count > 0 && count <= RESULTS_COMMITS_MAX);
    args_init(&a, COMMITS_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        put_commit(&a, &list[i]);
    return queue_run(q, QUEUE_commit, &a, fn, arg, ticket);
}

enum err results_verdict(const struct reply *r, size_t i)
{
    const struct reply *one = reply_at(r, i);
    const char *word = reply_str(reply_at(one, 0), NULL);
    enum err e = queue_verdict(one);
    return e || strcmp(word, "ok") == 0 ? e : ERR_INTERNAL; /* not told is not done */
}
