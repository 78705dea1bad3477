/* spawn_live.c: the spec of a child is judged as one from the inbox, and admitted in
 * the slot of its parent. Said twice, by a worker whose job was taken meanwhile, it is
 * the same child. */
#include "workers/live/spawn_live.h"
#include "core/base/hash.h"
#include "core/base/json_out.h"
#include "core/base/log.h"
#include "workers/birth.h"
#include "workers/intake.h"
#include "workers/live/ports_live_state.h"
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)4 << 20)

/* Strings of `from` that must outlive the spec. */
static enum err keep(struct store_op *op, const struct inbox_admission *from)
{
    struct arena *a = &op->words;
    struct inbox_admission *m = &op->admission;
    char sha[HASH_SHA256_HEX];
    hash_sha256_hex(buf_str(&op->record), op->record.len, sha);
    *m = *from;
    m->tenant = arena_strdup(a, from->tenant);
    m->kind = arena_strdup(a, from->kind);
    m->spec = buf_str(&op->record);
    m->spec_len = op->record.len;
    m->spec_sha256 = arena_strdup(a, sha);
    m->id = op->child;
    m->parent = op->campaign;
    m->parent_fence = op->fence;
    return a->failed ? ERR_NOMEM : ERR_OK;
}

static enum err judge(struct store_op *op, struct err_detail *d)
{
    const struct ports_live *p = op->owner;
    struct arena arena;
    struct spec *spec = malloc(sizeof *spec);
    if (!spec)
        return ERR_NOMEM;
    arena_init(&arena, ARENA_MAX_BYTES);
    enum err e = intake_judge(buf_str(&op->record), op->record.len, p->channels, p->llm,
                              p->zones, &arena, spec, d);
    if (!e) {
        struct inbox_admission admission = birth_admission(spec, p->llm);
        e = keep(op, &admission);
        spec_fini(spec);
    }
    arena_fini(&arena);
    free(spec);
    return e;
}

enum err spawn_live(void *self, const char *parent, int64_t fence,
                    const struct ask *ask, port_read_fn fn, void *arg, uint64_t ticket)
{
    struct err_detail d = {.code = ERR_OK};
    struct store_op *op = store_op_new(self, STORE_SPAWN, parent, fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.read = fn;
    enum err e = strlen(ask->key) < sizeof op->child ? ERR_OK : ERR_BAD_ID;
    if (!e) {
        memcpy(op->child, ask->key, strlen(ask->key) + 1);
        buf_append_str(&op->record, ask->user);
        e = buf_status(&op->record);
    }
    if (!e)
        e = judge(op, &d);
    if (!e)
        return store_op_start(op);
    log_event(LOG_WARN, "child.refused", "campaign", parent, "child", ask->key, "code",
              err_code(e), "pointer", d.path, "message", d.message, NULL);
    store_op_free(op);
    return e;
}

void spawn_live_end(struct store_op *op, enum err e, const struct reply *r)
{
    const char *outcome = reply_str(reply_at(r, 0), NULL);
    struct buf text;
    struct json_out w;
    if (!e)
        e = strcmp(outcome, "conflict") == 0   ? ERR_ID_CONFLICT
            : strcmp(outcome, "full") == 0     ? ERR_BUSY
            : strcmp(outcome, "unusable") == 0 ? ERR_REDIS
                                               : ERR_OK;
    buf_init(&text, 1024);
    json_out_init(&w, &text);
    json_out_open(&w, '{');
    json_out_kstr(&w, "id", op->child);
    json_out_kstr(&w, "outcome", outcome);
    json_out_close(&w, '}');
    op->fn.read(op->arg, op->ticket, e, e ? NULL : buf_str(&text), e ? 0 : text.len);
    buf_fini(&text);
}
