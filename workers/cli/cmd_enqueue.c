/* cmd_enqueue.c: sends a spec and waits for its campaign, if anybody works. */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/json_out.h"
#include "queues/inbox.h"
#include "workers/cli/cmd_check.h"
#include "workers/cli/session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 10000
#define WAIT_FOR_WORKER_MS 1500 /* workers beat every second */
#define BEAT_OLDEST_MS 5000
#define ENTRY_MAX 48

struct enqueue {
    struct session session;
    struct buf text;
    char entry[ENTRY_MAX], id[SPEC_ID_MAX + 1], sha256[HASH_SHA256_HEX];
    bool in_inbox, found, refused;
    int64_t workers;
    char code[64], pointer[192], message[300];
};

static enum err take_entry(void *arg, const struct reply *r)
{
    struct enqueue *q = arg;
    int n = snprintf(q->entry, sizeof q->entry, "%s", reply_str(r, NULL));
    return n > 0 && (size_t)n < sizeof q->entry ? ERR_OK : ERR_INTERNAL;
}

static int send_spec(struct enqueue *q)
{
    struct session *s = &q->session;
    struct key key = keys_of(&s->queue.keys, "inbox");
    struct session_call call = {.session = s, .take = take_entry, .arg = q};
    const struct redis_arg argv[] = {redis_text("XADD"), redis_text(key.name),
                                     redis_text("*"), redis_text("spec"),
                                     redis_bytes(buf_str(&q->text), q->text.len)};
    int rc = session_end(&call,
                         redis_command(s->redis, argv, 5, 0, session_settle, &call, 0));
    if (!rc && !*q->id)
        (void)snprintf(q->id, sizeof q->id, "c-%s", q->entry);
    return rc;
}

static enum err take_length(void *arg, const struct reply *r)
{
    *(int64_t *)arg =
        reply_type(r) == REPLY_ARRAY ? (int64_t)reply_count(r) : reply_int(r);
    return ERR_OK;
}

static int ask_number(struct enqueue *q, int64_t *out, const char *command,
                      const struct key *key, const char *from, const char *to)
{
    struct session *s = &q->session;
    struct session_call call = {.session = s, .take = take_length, .arg = out};
    return session_end(&call, redis_do(s->redis, session_settle, &call, 0, command,
                                       key->name, from, to, NULL));
}

static void copy_field(const struct reply *fields, const char *name, char *out,
                       size_t size)
{
    (void)snprintf(out, size, "%s", reply_str(reply_get(fields, name), NULL));
}

/* An entry of `rejected` does not name ours; its hash does. */
static enum err take_refusal(void *arg, const struct reply *r)
{
    struct enqueue *q = arg;
    for (size_t i = 0; i < reply_count(r); i++) {
        const struct reply *fields = reply_at(reply_at(r, i), 1);
        if (strcmp(reply_str(reply_get(fields, "sha256"), NULL), q->sha256) != 0)
            continue;
        q->refused = true;
        copy_field(fields, "code", q->code, sizeof q->code);
        copy_field(fields, "pointer", q->pointer, sizeof q->pointer);
        copy_field(fields, "message", q->message, sizeof q->message);
    }
    return ERR_OK;
}

static int look_for_refusal(struct enqueue *q)
{
    struct session *s = &q->session;
    struct key key = keys_of(&s->queue.keys, "rejected");
    struct session_call call = {.session = s, .take = take_refusal, .arg = q};
    return session_end(&call, redis_do(s->redis, session_settle, &call, 0, "XRANGE",
                                       key.name, q->entry, "+", "COUNT", "200", NULL));
}

/* One look: is the entry still there, and if so, is there a worker at all? */
static int look(struct enqueue *q)
{
    char oldest[32];
    int64_t entries = 0;
    struct key inbox = keys_of(&q->session.queue.keys, "inbox");
    struct key beats = keys_of(&q->session.queue.keys, "hb");
    int64_t sent_ms = strtoll(q->entry, NULL, 10);
    (void)snprintf(oldest, sizeof oldest, "%lld",
                   (long long)(sent_ms - BEAT_OLDEST_MS));
    int rc = ask_number(q, &entries, "XRANGE", &inbox, q->entry, q->entry);
    q->in_inbox = entries > 0;
    if (!rc && q->in_inbox)
        rc = ask_number(q, &q->workers, "ZCOUNT", &beats, oldest, "+inf");
    return rc;
}

static int wait_for_campaign(struct enqueue *q)
{
    int64_t start_ms = clock_mono_ms();
    for (;;) {
        int rc = look(q);
        if (rc || !q->in_inbox)
            return rc ? rc : look_for_refusal(q);
        int64_t waited_ms = clock_mono_ms() - start_ms;
        if (waited_ms > WAIT_MS || (!q->workers && waited_ms > WAIT_FOR_WORKER_MS))
            return CLI_OK;
        session_sleep(&q->session, 25);
    }
}

static int report(struct cli *c, const struct enqueue *q)
{
    struct buf out;
    struct json_out w;
    if (q->refused) {
        struct err_detail d = {.path = ""};
        enum err e = err_from_code(q->code);
        err_set(&d, e == ERR_COUNT ? ERR_BAD_VALUE : e, q->pointer, "%s", q->message);
        return check_refuse(c, &d);
    }
    if (q->in_inbox)
        cli_note(c, "%s",
                 q->workers ? "the workers are busy; the campaign waits in the inbox"
                            : "no worker is running; the campaign waits in the inbox: "
                              "start `barker up` or `barker worker`");
    buf_init(&out, 4096);
    if (cli_is_json(c)) {
        json_out_init(&w, &out);
        json_out_open(&w, '{');
        json_out_kstr(&w, "id", q->id);
        json_out_kstr(&w, "entry", q->entry);
        json_out_kbool(&w, "taken", !q->in_inbox);
        json_out_close(&w, '}');
    } else {
        buf_append_str(&out, q->id);
    }
    buf_append_char(&out, '\n');
    return cli_print(c, &out);
}

int cmd_enqueue(struct cli *c)
{
    struct enqueue *q = calloc(1, sizeof *q);
    struct check_verdict v;
    if (!q) {
        cli_error(c, ERR_NOMEM, "%s", err_meaning(ERR_NOMEM));
        return CLI_FAILED;
    }
    buf_init(&q->text, INBOX_SPEC_MAX);
    int rc = check_read(c, cli_word(c, 0), &q->text);
    if (!rc)
        rc = check_judge(c, &q->text, &v, true);
    if (!rc) {
        memcpy(q->id, v.id, sizeof q->id);
        hash_sha256_hex(buf_str(&q->text), q->text.len, q->sha256);
        rc = session_open(&q->session, c, SESSION_WAIT_MS, false);
    }
    if (!rc) {
        rc = send_spec(q);
        rc = rc ? rc : wait_for_campaign(q);
        rc = rc ? rc : report(c, q);
        session_close(&q->session);
    }
    buf_fini(&q->text);
    free(q);
    return rc;
}
