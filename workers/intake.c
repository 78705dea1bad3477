/* intake.c: peek → judge → admit or refuse, and again.
 *
 * All entries of a peek are answered at once, each by a script that removes it with its
 * effect. Nothing is retried here: after a failure the next kick finds the entry again,
 * or not, if it was removed after all. */
#include "workers/intake.h"
#include "campaigns/checks/pointer.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/utf8.h"
#include "queues/inbox.h"
#include "workers/birth.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEEK_MAX 16
#define ENTRY_ID_MAX 48
#define FULL_MS 1000 /* until the next look whether Redis has room again */
#define SPEC_ARENA_BYTES ((size_t)4 << 20)

/* The reply of inbox_peek, one row. */
enum row {
    ROW_ENTRY,
    ROW_SIZE,
    ROW_TEXT,
    ROW_WHOLE,
    ROW_FIELDS,
    ROW_UNKNOWN,
};

/* An entry under way; kept for the refusal that may follow. */
struct intake_slot {
    char entry[ENTRY_ID_MAX], id[SPEC_ID_MAX + 1];
    char *raw; /* owns; the first INBOX_KEPT_MAX bytes */
    size_t raw_len;
    int64_t size_bytes;
    char sha256[HASH_SHA256_HEX];
};

struct intake {
    struct queue *queue;                /* borrows */
    const struct channel_set *channels; /* borrows */
    struct llm *llm;                    /* borrows; NULL = prices are not judged */
    struct zones *zones;                /* borrows */
    char worker[64];
    bool busy;
    int64_t full_until_ms;              /* Redis has no room for more; 0 = it has */
    struct intake_slot slots[PEEK_MAX]; /* the ticket is the index */
    int open;
    enum err failed;
};

static void peek(struct intake *i);

/* The names that are there are part of the message. */
static enum err check_endpoint(const struct llm *llm, const struct spec *s,
                               struct err_detail *d)
{
    char names[160] = "";
    size_t used = 0;
    const char *name = llm_endpoint_at(llm, 0);
    if (!*s->llm_endpoint || !llm_is_ready(llm))
        return ERR_OK;
    for (size_t i = 0; name; name = llm_endpoint_at(llm, ++i)) {
        if (!llm_endpoint_chats(llm, i))
            continue;
        if (strcmp(name, s->llm_endpoint) == 0)
            return ERR_OK;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, " %s", name);
    }
    return err_set(d, ERR_BAD_VALUE, "/llm/endpoint",
                   "there is no endpoint %.63s; there are:%s", s->llm_endpoint, names);
}

/* What calls without a price cost would count for nothing, whatever else bounds them.
 */
static enum err check_tenant(const struct llm *llm, const struct spec *s, bool known,
                             struct err_detail *d)
{
    const struct config_tenant *t = config_tenant_find(llm_config(llm), s->tenant);
    if (known || !t || t->usd_per_day_nano < 0)
        return ERR_OK;
    return err_set(d, ERR_PRICE_UNKNOWN, "/tenant",
                   "usd_per_day of tenant %s needs a price for the model", s->tenant);
}

/* Asked again, a spec may be judged otherwise. */
static bool passes(enum err e)
{
    return e == ERR_BUSY || e == ERR_NOMEM;
}

static enum err check_zone(struct zones *zones, const struct spec *s,
                           struct err_detail *d)
{
    struct err_detail why = {.code = ERR_OK};
    if (!zones || !s->repeat.cron || zones_find(zones, s->repeat.zone, &why))
        return ERR_OK;
    if (passes(why.code) || why.code == ERR_IO) /* nothing is wrong with the spec */
        return err_set(d, why.code, "/repeat/zone", "%s", why.message);
    return err_set(d, ERR_BAD_VALUE, "/repeat/zone",
                   "there is no time zone %s here: a name of IANA, as Europe/Berlin",
                   s->repeat.zone);
}

enum err intake_judge(const char *text, size_t n, const struct channel_set *channels,
                      const struct llm *llm, struct zones *zones, struct arena *arena,
                      struct spec *out, struct err_detail *d)
{
    enum err e = spec_parse(text, n, channels, arena, out, d);
    if (e)
        return e;
    e = check_zone(zones, out, d);
    if (e)
        spec_fini(out);
    if (e || !llm)
        return e;
    bool known = llm_price_known(llm, out->llm_endpoint, out->llm_model);
    e = check_endpoint(llm, out, d);
    e = e ? e : spec_check_price(out, known, d);
    e = e ? e : check_tenant(llm, out, known, d);
    if (e)
        spec_fini(out);
    return e;
}

enum err intake_new(struct queue *q, const struct channel_set *channels,
                    struct llm *llm, struct zones *zones, const char *worker,
                    struct intake **out)
{
    struct intake *i = calloc(1, sizeof *i);
    if (!i)
        return ERR_NOMEM;
    i->queue = q;
    i->channels = channels;
    i->llm = llm;
    i->zones = zones;
    snprintf(i->worker, sizeof i->worker, "%s", worker);
    *out = i;
    return ERR_OK;
}

static void drop_slots(struct intake *i)
{
    for (int k = 0; k < PEEK_MAX; k++) {
        free(i->slots[k].raw);
        i->slots[k] = (struct intake_slot){.raw = NULL};
    }
}

void intake_free(struct intake *i)
{
    if (!i)
        return;
    drop_slots(i);
    free(i);
}

bool intake_is_busy(const struct intake *i)
{
    return i->busy;
}

/* Ends this turn; what is left is found by the next kick. */
static void stop(struct intake *i)
{
    if (i->failed && i->failed != ERR_CANCELLED)
        log_event(LOG_WARN, "inbox.failed", "error", err_code(i->failed), NULL);
    drop_slots(i);
    i->busy = false;
}

/* The entry stays where it is. */
static enum err hold_back(struct intake *i)
{
    if (!i->full_until_ms)
        log_event(LOG_WARN, "inbox.full", "hint",
                  "Redis has used nine tenths of its maxmemory: nothing is admitted",
                  NULL);
    i->full_until_ms = clock_mono_ms() + FULL_MS;
    return ERR_CANCELLED;
}

static void settle_one(struct intake *i, enum err e)
{
    i->open--;
    i->failed = e ? e : i->failed;
    if (i->open)
        return;
    if (i->failed)
        stop(i);
    else
        peek(i);
}

static void on_refused(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    (void)ticket;
    (void)r;
    settle_one(arg, e);
}

static enum err refuse(struct intake *i, size_t index, const struct err_detail *d)
{
    const struct intake_slot *slot = &i->slots[index];
    struct inbox_refusal refusal = {.stream = "inbox",
                                    .entry = slot->entry,
                                    .code = err_code(d->code),
                                    .pointer = d->path,
                                    .message = d->message,
                                    .raw = slot->raw,
                                    .raw_len = slot->raw_len,
                                    .size_bytes = slot->size_bytes,
                                    .sha256 = slot->sha256};
    log_event(LOG_INFO, "inbox.refused", "entry", slot->entry, "code",
              err_code(d->code), "pointer", d->path, "message", d->message, NULL);
    return inbox_refuse(i->queue, &refusal, on_refused, i, index);
}

static void on_admitted(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct intake *i = arg;
    const struct intake_slot *slot = &i->slots[ticket];
    const char *outcome = reply_str(reply_at(r, 0), NULL);
    if (!e && strcmp(outcome, "conflict") == 0) {
        struct err_detail d;
        err_set(&d, ERR_ID_CONFLICT, "/id", "%s is a campaign with another spec",
                slot->id);
        e = refuse(i, ticket, &d);
        if (!e)
            return; /* on_refused settles it */
    } else if (!e && strcmp(outcome, "unusable") == 0) {
        struct err_detail d;
        err_set(&d, ERR_REDIS, "/id", "keys of %s are damaged: %.100s", slot->id,
                reply_str(reply_at(r, 1), NULL));
        e = refuse(i, ticket, &d);
        if (!e)
            return;
    } else if (!e && strcmp(outcome, "full") == 0) {
        e = hold_back(i);
    } else if (!e) {
        i->full_until_ms = 0;
        log_event(LOG_INFO, "inbox.admitted", "campaign", slot->id, "outcome", outcome,
                  NULL);
    }
    settle_one(i, e);
}

/* A spec without id is named after its entry: the same entry, the same campaign. */
static void name_campaign(struct intake_slot *slot, const struct spec *s)
{
    char made[ENTRY_ID_MAX + 2] = "c-";
    memcpy(made + 2, slot->entry, strlen(slot->entry) + 1);
    snprintf(slot->id, sizeof slot->id, "%s", s->id[0] ? s->id : made);
}

static enum err admit(struct intake *i, size_t index, const struct spec *s,
                      const char *text, size_t n)
{
    struct intake_slot *slot = &i->slots[index];
    struct inbox_admission admission = birth_admission(s, i->llm);
    name_campaign(slot, s);
    admission.entry = slot->entry;
    admission.id = slot->id;
    admission.spec = text;
    admission.spec_len = n;
    admission.spec_sha256 = slot->sha256;
    return inbox_admit(i->queue, &admission, on_admitted, i, index);
}

/* What is wrong with the entry itself, before its spec is read. */
static enum err judge_entry(const struct reply *row, struct err_detail *d)
{
    struct pointer at = {.len = 0};
    const struct reply *unknown = reply_at(row, ROW_UNKNOWN);
    if (!reply_int(reply_at(row, ROW_WHOLE)))
        return err_set(d, ERR_LIMIT, "", "%lld bytes, at most %d are read",
                       (long long)reply_int(reply_at(row, ROW_SIZE)), INBOX_SPEC_MAX);
    if (reply_type(unknown) == REPLY_NIL)
        return reply_int(reply_at(row, ROW_FIELDS)) == 1
                   ? ERR_OK
                   : err_set(d, ERR_DUPLICATE_KEY, "/spec", "the field is given twice");
    size_t n = 0;
    const char *name = reply_str(unknown, &n);
    if (utf8_invalid_at(name, n) != n || strlen(name) != n)
        return err_set(d, ERR_BAD_ENCODING, "", "a field name is not UTF-8 text");
    pointer_add_key(&at, name);
    return err_set(d, ERR_UNKNOWN_FIELD, at.text,
                   "an inbox entry has one field, spec, with the campaign's JSON");
}

static enum err keep_raw(struct intake_slot *slot, const struct reply *row)
{
    size_t n = 0;
    const char *text = reply_str(reply_at(row, ROW_TEXT), &n);
    slot->raw_len = n < INBOX_KEPT_MAX ? n : INBOX_KEPT_MAX;
    slot->raw = malloc(slot->raw_len + 1);
    if (!slot->raw)
        return ERR_NOMEM;
    memcpy(slot->raw, text, slot->raw_len);
    slot->raw[slot->raw_len] = '\0';
    slot->size_bytes = reply_int(reply_at(row, ROW_SIZE));
    snprintf(slot->entry, sizeof slot->entry, "%s",
             reply_str(reply_at(row, ROW_ENTRY), NULL));
    hash_sha256_hex(text, n, slot->sha256);
    return ERR_OK;
}

static enum err judge_spec(struct intake *i, size_t index, const struct reply *row)
{
    size_t n = 0;
    const char *text = reply_str(reply_at(row, ROW_TEXT), &n);
    struct err_detail d = {.code = ERR_OK};
    struct arena arena;
    struct spec *spec = malloc(sizeof *spec);
    if (!spec)
        return ERR_NOMEM;
    arena_init(&arena, SPEC_ARENA_BYTES);
    enum err e = intake_judge(text, n, i->channels, i->llm, i->zones, &arena, spec, &d);
    if (!e) {
        e = admit(i, index, spec, text, n);
        spec_fini(spec);
    } else if (!passes(e)) { /* else the entry stays */
        d.code = e;
        e = refuse(i, index, &d);
    }
    arena_fini(&arena);
    free(spec);
    return e;
}

static void take_entry(struct intake *i, size_t index, const struct reply *row)
{
    struct err_detail d = {.code = ERR_OK};
    enum err e = keep_raw(&i->slots[index], row);
    if (!e && judge_entry(row, &d))
        e = refuse(i, index, &d);
    else if (!e)
        e = judge_spec(i, index, row);
    if (e)
        i->failed = e;
    else
        i->open++; /* it settles later, never inside the call */
}

static void on_peek(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct intake *i = arg;
    (void)ticket;
    size_t n = reply_count(r) < PEEK_MAX ? reply_count(r) : PEEK_MAX;
    i->failed = e;
    for (size_t k = 0; k < n && !e; k++)
        take_entry(i, k, reply_at(r, k));
    if (!i->open)
        stop(i);
}

static void peek(struct intake *i)
{
    drop_slots(i);
    i->failed = ERR_OK;
    i->open = 0;
    enum err e = inbox_peek(i->queue, i->worker, PEEK_MAX, on_peek, i, 0);
    if (e) {
        i->failed = e;
        stop(i);
    }
}

void intake_kick(struct intake *i)
{
    if (i->busy || (i->full_until_ms && clock_mono_ms() < i->full_until_ms))
        return;
    i->busy = true;
    peek(i);
}
