/* cmd_enqueue.c: sends a spec and waits for its campaign, if anybody works. */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/json_out.h"
#include "queues/health.h"
#include "queues/inbox.h"
#include "workers/cli/cmd_check.h"
#include "workers/cli/entry.h"
#include "workers/cli/view.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 10000

struct enqueue {
    struct session session;
    struct buf text;
    struct entry entry;
    char id[SPEC_ID_MAX + 1], sha256[HASH_SHA256_HEX];
    char state[VIEW_WORD_MAX]; /* of a campaign that was there before; "" = none was */
    bool refused;
    char code[64], pointer[192], message[300];
};

static int send_spec(struct enqueue *q)
{
    struct session *s = &q->session;
    struct key key = keys_of(&s->queue.keys, q->entry.stream);
    struct session_call call = {.session = s, .take = entry_take, .arg = &q->entry};
    const struct redis_arg argv[] = {redis_text("XADD"), redis_text(key.name),
                                     redis_text("*"), redis_text("spec"),
                                     redis_bytes(buf_str(&q->text), q->text.len)};
    int rc = session_end(&call,
                         redis_command(s->redis, argv, 5, 0, session_settle, &call, 0));
    if (!rc && !*q->id)
        (void)snprintf(q->id, sizeof q->id, "c-%s", q->entry.id);
    return rc;
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
    return session_end(&call,
                       redis_do(s->redis, session_settle, &call, 0, "XRANGE", key.name,
                                q->entry.id, "+", "COUNT", "200", NULL));
}

static int wait_for_campaign(struct enqueue *q)
{
    int64_t start_ms = clock_mono_ms();
    for (;;) {
        int rc = entry_look(&q->entry, &q->session);
        if (rc || !q->entry.waits)
            return rc ? rc : look_for_refusal(q);
        int64_t waited_ms = clock_mono_ms() - start_ms;
        if (waited_ms > WAIT_MS || entry_is_alone(&q->entry, waited_ms))
            return CLI_OK;
        session_sleep(&q->session, 25);
    }
}

/* The state of the campaign with this id, "" if there is none. */
static int read_state(struct enqueue *q)
{
    struct json *campaign = NULL;
    q->state[0] = '\0';
    if (!*q->id)
        return CLI_OK; /* it is named after its entry: nobody else has it */
    int rc = view_campaign(&q->session, q->id, true, &campaign);
    if (!rc)
        view_print_state(campaign, q->state);
    json_free(campaign);
    return rc == CLI_NOT_FOUND ? CLI_OK : rc;
}

/* "failed (unsent)" */
static bool is_ended(const char *state)
{
    return strncmp(state, "failed", 6) == 0 || strncmp(state, "cancelled", 9) == 0 ||
           strncmp(state, "over_budget", 11) == 0;
}

static void say_more(const struct cli *c, const struct enqueue *q)
{
    if (q->entry.waits && q->entry.workers)
        cli_note(c, "the workers are busy; the campaign waits in the inbox");
    else if (q->entry.waits)
        cli_note(c, "no worker is running; the campaign waits in the inbox: start "
                    "`barker up` or `barker worker`");
    else if (is_ended(q->state))
        cli_note(c, "already there, state %s; to try it again give it a new id",
                 q->state);
    else if (*q->state)
        cli_note(c, "already there, state %s", q->state);
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
    say_more(c, q);
    buf_init(&out, 4096);
    if (cli_is_json(c)) {
        json_out_init(&w, &out);
        json_out_open(&w, '{');
        json_out_kstr(&w, "id", q->id);
        json_out_kstr(&w, "entry", q->entry.id);
        json_out_kbool(&w, "taken", !q->entry.waits);
        json_out_kbool(&w, "existed", *q->state);
        json_out_close(&w, '}');
    } else {
        buf_append_str(&out, q->id);
    }
    buf_append_char(&out, '\n');
    return cli_print(c, &out);
}

static enum err take_full(void *arg, const struct reply *r)
{
    (void)snprintf(arg, 8, "%.7s", reply_str(r, NULL));
    return ERR_OK;
}

/* What nobody would admit is not sent. */
static int check_room(struct enqueue *q)
{
    char percent[8] = "";
    struct session *s = &q->session;
    struct session_call call = {.session = s, .take = take_full, .arg = percent};
    int rc = session_end(&call, health_full(&s->queue, session_settle, &call, 0));
    if (rc || !*percent)
        return rc;
    cli_error(s->cli, ERR_BUSY,
              "Redis uses %s %% of its maxmemory: no campaign is admitted until it has "
              "room again, and this one was not sent",
              percent);
    return CLI_FAILED;
}

static int run(struct cli *c, struct enqueue *q)
{
    int rc = read_state(q);
    bool existed = *q->state;
    if (!rc && !existed)
        rc = check_room(q);
    rc = rc ? rc : send_spec(q);
    rc = rc ? rc : wait_for_campaign(q);
    if (!rc && existed)
        rc = read_state(q);
    return rc ? rc : report(c, q);
}

int cmd_enqueue(struct cli *c)
{
    struct enqueue *q = calloc(1, sizeof *q);
    struct check_verdict v;
    if (!q) {
        cli_error(c, ERR_NOMEM, "%s", err_meaning(ERR_NOMEM));
        return CLI_FAILED;
    }
    q->entry.stream = "inbox";
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
        rc = run(c, q);
        session_close(&q->session);
    }
    buf_fini(&q->text);
    free(q);
    return rc;
}
