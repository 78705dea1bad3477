/* feedback_batch.c: rows of the event stream become items and refusals. */
#include "workers/feedback/feedback_batch.h"
#include "core/base/hash.h"
#include "queues/inbox.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)16 << 20) /* a read is 4 MiB, kept twice at most */
#define HOUR_MS INT64_C(3600000)

void feedback_batch_init(struct feedback_batch *b, struct queue *q, const char *secret,
                         int window_h, feedback_settled_fn fn, void *arg)
{
    *b = (struct feedback_batch){
        .queue = q, .secret = secret, .fn = fn, .arg = arg, .window_h = window_h};
    arena_init(&b->arena, ARENA_BYTES);
}

void feedback_batch_fini(struct feedback_batch *b)
{
    arena_fini(&b->arena);
}

void feedback_batch_clear(struct feedback_batch *b, const char *cursor)
{
    arena_fini(&b->arena);
    b->count = b->late = b->ts_fixed = b->refusals = b->refusals_open = 0;
    b->failed = ERR_OK;
    b->entries = 0;
    b->last[0] = '\0';
    snprintf(b->cursor, sizeof b->cursor, "%s", cursor);
}

static void on_refused(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback_batch *b = arg;
    (void)ticket;
    (void)r;
    b->refusals_open--;
    b->failed = e ? e : b->failed;
    if (!b->refusals_open)
        b->fn(b->arg, b);
}

/* entry "" = one event of an entry that stays. */
static void refuse(struct feedback_batch *b, const char *entry, int64_t size,
                   const struct feedback_refusal *why)
{
    char sha256[HASH_SHA256_HEX];
    hash_sha256_hex(why->raw, why->raw_len, sha256);
    struct inbox_refusal refusal = {.stream = "events",
                                    .entry = entry,
                                    .code = err_code(why->why.code),
                                    .pointer = why->why.path,
                                    .message = why->why.message,
                                    .raw = why->raw,
                                    .raw_len = why->raw_len,
                                    .size_bytes = size,
                                    .sha256 = sha256};
    b->refusals++;
    enum err e = inbox_refuse(b->queue, &refusal, on_refused, b, 0);
    if (e)
        b->failed = e;
    else
        b->refusals_open++;
}

/* size < 0: as much as it has. */
static enum err read_entry(struct feedback_batch *b, const struct reply *fields,
                           int64_t *size)
{
    struct redis_arg words[FEEDBACK_WORDS_MAX + 2];
    size_t count = reply_count(fields);
    int64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        size_t n = 0;
        const char *at = reply_str(reply_at(fields, i), &n);
        bytes += (int64_t)n;
        if (i < sizeof words / sizeof *words)
            words[i] = (struct redis_arg){.at = at, .len = n};
    }
    *size = *size < 0 ? bytes : *size;
    if (reply_type(fields) != REPLY_ARRAY || bytes > EVENTS_ENTRY_MAX) {
        b->entry.count = 0;
        b->entry.refused_count = 1;
        b->entry.whole = true;
        b->entry.refused[0] = (struct feedback_refusal){.raw = ""};
        err_set(&b->entry.refused[0].why, ERR_LIMIT, "",
                "the entry has %lld bytes, at most %d are read", (long long)*size,
                EVENTS_ENTRY_MAX);
        return ERR_OK;
    }
    if (count > sizeof words / sizeof *words)
        count = sizeof words / sizeof *words;
    return feedback_entry_read(words, count, b->secret, &b->arena, &b->entry);
}

/* One that was older than the window when it was sent is not counted: its id may have
 * been forgotten. Times of the future are those of the sending. */
static void take_item(struct feedback_batch *b, const struct events_item *item,
                      int64_t sent_ms)
{
    if (item->ts_ms > 0 && item->ts_ms < sent_ms - b->window_h * HOUR_MS) {
        b->late++;
        return;
    }
    b->ts_fixed += item->ts_fixed;
    struct events_item *kept = &b->items[b->count++];
    *kept = *item;
    if (kept->ts_ms <= 0 || kept->ts_ms > sent_ms)
        kept->ts_ms = sent_ms;
}

/* Moves the entry that was read into the batch; false when it does not fit any more. */
static bool take_entry(struct feedback_batch *b, const char *id, int64_t size)
{
    const struct feedback_entry *entry = &b->entry;
    if (b->count + entry->count > EVENTS_BATCH_MAX || b->refusals >= EVENTS_BATCH_MAX)
        return false;
    for (int i = 0; i < entry->count; i++)
        take_item(b, &entry->items[i], strtoll(id, NULL, 10));
    for (int i = 0; i < entry->refused_count; i++) {
        const struct feedback_refusal *refusal = &entry->refused[i];
        refuse(b, entry->whole ? id : "",
               entry->whole ? size : (int64_t)refusal->raw_len, refusal);
    }
    snprintf(b->last, sizeof b->last, "%s", id);
    b->entries++;
    return true;
}

enum err feedback_batch_fill(struct feedback_batch *b, const struct reply *rows,
                             bool plain)
{
    for (size_t i = 0; i < reply_count(rows); i++) {
        const struct reply *row = reply_at(rows, i);
        const char *id = reply_str(reply_at(row, 0), NULL);
        int64_t size = plain ? -1 : reply_int(reply_at(row, 1));
        enum err e = read_entry(b, reply_at(row, plain ? 1 : 2), &size);
        if (e) /* the rest of it comes with the next read */
            return b->last[0] ? ERR_OK : e;
        if (!take_entry(b, id, size))
            return ERR_OK;
    }
    return ERR_OK;
}
