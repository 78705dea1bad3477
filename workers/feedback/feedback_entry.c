/* feedback_entry.c: reading stream entries. */
#include "workers/feedback/feedback_entry.h"
#include "campaigns/formats/format_reader.h"
#include "campaigns/spec.h"
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "workers/users/pseudonym.h"
#include "workers/users/user_fields.h"
#include <stdio.h>
#include <string.h>

#define ID_BYTES (SPEC_ID_MAX + 1 + 4 * FORMAT_ID_MAX)

static const struct json_limits entry_limits = {.max_bytes = EVENTS_ENTRY_MAX,
                                                .max_depth = 32};

struct entry_reader {
    const char *secret;
    struct arena *arena;
    struct feedback_entry *out;
};

/* Campaign and id with a NUL between, so that no other pair gives the same bytes. */
static uint64_t hash_id(const struct format_event *e)
{
    char bytes[ID_BYTES];
    size_t n = strlen(e->campaign) + 1, m = strlen(e->id);
    if (!m)
        return 0;
    check(n + m <= sizeof bytes); /* format_check_event bounds both */
    memcpy(bytes, e->campaign, n);
    memcpy(bytes + n, e->id, m);
    uint64_t hash = hash_fast(bytes, n + m, 0);
    return hash ? hash : 1; /* 0 says that there is no id */
}

/* Only these bring money: a cart or a csat score has a value too. */
static bool is_revenue(const char *type)
{
    return strcmp(type, "conversion") == 0 || strcmp(type, "refund") == 0;
}

static const char *name_user(struct entry_reader *r, const char *user)
{
    char name[PSEUDONYM_SIZE];
    if (!user[0])
        return "";
    pseudonym_of(r->secret, user, name);
    return arena_strdup(r->arena, name);
}

static enum err keep_event(struct entry_reader *r, const struct format_event *e)
{
    struct events_item *item = &r->out->items[r->out->count];
    *item = (struct events_item){
        .campaign = arena_strdup(r->arena, e->campaign),
        .variant = arena_strdup(r->arena, e->variant),
        .type = arena_strdup(r->arena, e->type),
        .count = e->count,
        .value_micro = is_revenue(e->type) ? e->value_micro : 0,
        .currency = arena_strdup(r->arena, e->currency),
        .id_hash = hash_id(e),
        .ts_ms = e->ts_ms,
        .epoch = e->epoch,
        .ts_fixed = e->ts_fixed,
        .user = name_user(r, e->user),
    };
    if (!item->campaign || !item->variant || !item->type || !item->currency ||
        !item->user)
        return ERR_NOMEM;
    r->out->count++;
    return ERR_OK;
}

/* Bytes as they came, NULs too. */
static char *copy_raw(struct arena *a, const char *raw, size_t n)
{
    char *copy = arena_alloc(a, n + 1);
    if (copy && n)
        memcpy(copy, raw, n);
    return copy;
}

/* The text of a value without its users; cut where it grows too long. */
static char *copy_masked(struct arena *a, const struct json *j, size_t *n)
{
    struct buf text;
    buf_init(&text, 2 * EVENTS_ENTRY_MAX);
    char *copy = user_fields_print(j, &text) == ERR_NOMEM
                     ? NULL
                     : copy_raw(a, buf_str(&text), text.len);
    *n = text.len;
    buf_fini(&text);
    return copy;
}

/* Nothing of the entry is taken. */
static enum err refuse_whole(struct entry_reader *r, const struct err_detail *why,
                             const char *raw, size_t n)
{
    struct feedback_refusal *refusal = &r->out->refused[0];
    r->out->count = 0;
    r->out->refused_count = 1;
    r->out->whole = true;
    refusal->why = *why;
    refusal->raw = copy_raw(r->arena, raw, n);
    refusal->raw_len = n;
    return refusal->raw ? ERR_OK : ERR_NOMEM;
}

/* One event of many. */
static enum err refuse_one(struct entry_reader *r, const struct json *j,
                           const struct err_detail *d)
{
    struct feedback_refusal *refusal = &r->out->refused[r->out->refused_count];
    refusal->why = *d;
    refusal->raw = copy_masked(r->arena, j, &refusal->raw_len);
    if (!refusal->raw)
        return ERR_NOMEM;
    r->out->refused_count++;
    return ERR_OK;
}

static enum err read_events(struct entry_reader *r, struct format_reader *reader,
                            struct err_detail *d)
{
    struct format_event event;
    struct err_detail why;
    enum err e = ERR_OK;
    for (int n = 0; !e && format_reader_next(reader, &event, &why); n++) {
        if (n == EVENTS_BATCH_MAX)
            return err_set(d, ERR_LIMIT, "", "at most %d events in one entry",
                           EVENTS_BATCH_MAX);
        if (why.code == ERR_NOMEM)
            e = ERR_NOMEM;
        else if (why.code)
            e = refuse_one(r, reader->at, &why);
        else
            e = keep_event(r, &event);
    }
    return e;
}

/* d says why if nothing of it is taken. */
static enum err read_root(struct entry_reader *r, const struct json *root,
                          struct err_detail *d)
{
    struct format_reader reader;
    format_reader_init(&reader, root, r->arena);
    enum err e = read_events(r, &reader, d);
    format_reader_fini(&reader);
    if (e || r->out->count)
        return e;
    if (!r->out->refused_count)
        return err_set(d, ERR_MISSING, "", "there is no event in it");
    *d = r->out->refused[0].why;
    return d->code;
}

/* root NULL: nobody can tell where a user stands in it. */
static enum err refuse_text(struct entry_reader *r, const struct err_detail *why,
                            const struct json *root, const char *text, size_t n)
{
    if (root && user_fields_any(root)) {
        text = copy_masked(r->arena, root, &n);
        if (!text)
            return ERR_NOMEM;
    }
    return refuse_whole(r, why, text, n);
}

static enum err read_json(struct entry_reader *r, const char *text, size_t n)
{
    struct err_detail d = {.code = ERR_OK};
    struct json *root = NULL;
    enum err e = json_parse(text, n, &entry_limits, &root, &d);
    if (!e)
        e = read_root(r, root, &d);
    if (e && e != ERR_NOMEM)
        e = refuse_text(r, &d, root, text, n);
    json_free(root);
    return e;
}

/* As it was sent, users blanked: XADD … field value field value. */
static enum err refuse_words(struct entry_reader *r, const struct redis_arg *words,
                             size_t count, const struct err_detail *why)
{
    struct buf text;
    buf_init(&text, 2 * EVENTS_ENTRY_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_append(&text, i ? " " : "", i ? 1 : 0);
        if (i % 2 && user_fields_is(words[i - 1].at, words[i - 1].len))
            buf_append_str(&text, USER_FIELDS_BLANK);
        else
            buf_append(&text, words[i].at, words[i].len);
    }
    enum err e = buf_status(&text) == ERR_NOMEM
                     ? ERR_NOMEM
                     : refuse_whole(r, why, buf_str(&text), text.len);
    buf_fini(&text);
    return e;
}

static bool is_word(const struct redis_arg *word, const char *text)
{
    return word->len == strlen(text) && memcmp(word->at, text, word->len) == 0;
}

static enum err read_words(struct entry_reader *r, const struct redis_arg *words,
                           size_t count)
{
    struct format_pair pairs[FEEDBACK_WORDS_MAX / 2] = {{.name = ""}};
    struct format_event event;
    struct err_detail d = {.code = ERR_OK};
    for (size_t i = 0; i < count / 2; i++)
        pairs[i] = (struct format_pair){.name = words[2 * i].at,
                                        .text = words[2 * i + 1].at,
                                        .name_len = words[2 * i].len,
                                        .text_len = words[2 * i + 1].len};
    enum err e = format_read_pairs(pairs, count / 2, &event, &d);
    return e ? refuse_words(r, words, count, &d) : keep_event(r, &event);
}

enum err feedback_entry_read(const struct redis_arg *words, size_t count,
                             const char *secret, struct arena *a,
                             struct feedback_entry *out)
{
    struct entry_reader r = {.secret = secret, .arena = a, .out = out};
    out->count = out->refused_count = 0;
    out->whole = false;
    if (count == 2 && is_word(&words[0], "e"))
        return read_json(&r, words[1].at, words[1].len);
    if (count > FEEDBACK_WORDS_MAX)
        count = FEEDBACK_WORDS_MAX;
    return read_words(&r, words, count);
}
