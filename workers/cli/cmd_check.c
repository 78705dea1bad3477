/* cmd_check.c: the verdict on a spec file, and the spec text for enqueue. */
#include "workers/cli/cmd_check.h"
#include "core/base/json_out.h"
#include "core/base/log.h"
#include "core/io/file.h"
#include "queues/inbox.h"
#include "workers/channels.h"
#include "workers/cli/suggest.h"
#include "workers/intake.h"
#include <stdio.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)64 << 20)
#define OUT_MAX_BYTES ((size_t)1 << 20)
#define FIELDS_MAX 64

static void put_finding(struct json_out *w, const char *code, const char *pointer,
                        const char *message)
{
    json_out_open(w, '{');
    json_out_kstr(w, "code", code);
    json_out_kstr(w, "pointer", pointer);
    json_out_kstr(w, "message", message);
    json_out_close(w, '}');
}

static void put_json(struct buf *out, const struct spec *s, const struct err_detail *d)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kbool(&w, "ok", d == NULL);
    json_out_key(&w, "errors");
    json_out_open(&w, '[');
    if (d)
        put_finding(&w, err_code(d->code), d->path, d->message);
    json_out_close(&w, ']');
    json_out_key(&w, "warnings");
    json_out_open(&w, '[');
    for (int i = 0; !d && i < s->warning_count; i++)
        put_finding(&w, "warning", s->warning[i].path, s->warning[i].message);
    json_out_close(&w, ']');
    json_out_close(&w, '}');
    buf_append_char(out, '\n');
}

static int report(struct cli *c, const struct spec *s, const struct err_detail *d)
{
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    if (cli_is_json(c)) {
        put_json(&out, s, d);
    } else if (d) {
        buf_printf(&out, "%s %s %s\n", err_code(d->code), *d->path ? d->path : "/",
                   d->message);
    } else {
        for (int i = 0; i < s->warning_count; i++)
            buf_printf(&out, "warning %s %s\n", s->warning[i].path,
                       s->warning[i].message);
        buf_append_str(&out, "ok\n");
    }
    return cli_print(c, &out);
}

/* What judges a spec: the channels, and the endpoints of this configuration. */
struct bench {
    struct loop *loop;
    struct llm *llm; /* NULL: no endpoints here, the workers judge them */
    struct channel_set *channels;
    struct arena arena;
};

/* A configuration that workers would refuse says nothing about the spec. */
static void open_llm(struct cli *c, struct bench *b)
{
    struct err_detail d = {.path = ""};
    const struct llm_options o = {.config = c->config};
    log_init(LOG_WARN, "check"); /* that a key is missing matters to workers only */
    if (loop_new(&b->loop))
        return;
    if (llm_new(b->loop, &o, &b->llm, &d)) {
        cli_note(c, "price and endpoint are not judged here: %s%s%s", d.path,
                 *d.path ? ": " : "", d.message);
        b->llm = NULL;
    } else if (!llm_is_ready(b->llm)) {
        llm_free(b->llm);
        b->llm = NULL;
    }
}

static void close_bench(struct bench *b)
{
    llm_free(b->llm);
    if (b->loop)
        loop_free(b->loop);
    channel_set_free(b->channels);
    arena_fini(&b->arena);
}

/* "/chanel" → "no such field; did you mean channel?" */
static void add_suggestion(struct err_detail *d)
{
    const char *names[FIELDS_MAX];
    size_t n = 0, used = strlen(d->message);
    if (d->code != ERR_UNKNOWN_FIELD || *d->path != '/' || strchr(d->path + 1, '/'))
        return;
    while (n < FIELDS_MAX && spec_field_at(n)) {
        names[n] = spec_field_at(n);
        n++;
    }
    const char *near = suggest_name(d->path + 1, names, n);
    if (near)
        (void)snprintf(d->message + used, sizeof d->message - used,
                       "; did you mean %s?", near);
}

static void warn_of_price(const struct bench *b, struct spec *s)
{
    if (!b->llm || s->budget_usd_nano < 0 || s->warning_count == SPEC_WARNINGS_MAX ||
        llm_price_known(b->llm, s->llm_endpoint, s->llm_model))
        return;
    s->warning[s->warning_count++] = (struct spec_warning){
        "/budget/usd", "the model has no known price: only calls or tokens bound it"};
}

/* d is filled when the verdict is against it; its code is ERR_OK otherwise. */
static enum err judge(const struct config *c, const struct buf *text,
                      struct check_verdict *v, struct spec *s, struct bench *b)
{
    v->detail = (struct err_detail){.code = ERR_OK};
    enum err e = channels_load(c, &b->channels, &v->detail);
    if (!e)
        e = intake_judge(buf_str(text), text->len, b->channels, b->llm, &b->arena, s,
                         &v->detail);
    v->detail.code = e;
    add_suggestion(&v->detail);
    if (!e)
        warn_of_price(b, s);
    return e;
}

int check_read(const struct cli *c, const char *path, struct buf *text)
{
    struct err_detail d;
    return file_read(path, text, &d) ? cli_refuse(c, &d) : CLI_OK;
}

int check_refuse(const struct cli *c, const struct err_detail *d)
{
    if (cli_is_json(c))
        (void)cli_refuse(c, d);
    else
        cli_error(c, d->code, "%s %s %s", err_code(d->code), *d->path ? d->path : "/",
                  d->message);
    return CLI_BAD_INPUT;
}

static int note_warnings(const struct cli *c, const struct spec *s)
{
    for (int i = 0; i < s->warning_count; i++)
        cli_note(c, "warning %s %s", s->warning[i].path, s->warning[i].message);
    return CLI_OK;
}

int check_judge(struct cli *c, const struct buf *text, struct check_verdict *v,
                bool quiet_when_good)
{
    struct bench b = {.llm = NULL};
    struct spec s;
    int rc = CLI_OK;
    memset(&s, 0, sizeof s);
    memset(v, 0, sizeof *v);
    arena_init(&b.arena, ARENA_MAX_BYTES);
    open_llm(c, &b);
    enum err e = judge(c->config, text, v, &s, &b);
    if (e && quiet_when_good) {
        rc = check_refuse(c, &v->detail);
    } else if (e) {
        rc = report(c, NULL, &v->detail);
        rc = rc ? rc : CLI_BAD_INPUT;
    } else {
        memcpy(v->id, s.id, sizeof v->id);
        rc = quiet_when_good ? note_warnings(c, &s) : report(c, &s, NULL);
        spec_fini(&s);
    }
    close_bench(&b);
    return rc;
}

int cmd_check(struct cli *c)
{
    struct check_verdict v;
    struct buf text;
    buf_init(&text, INBOX_SPEC_MAX);
    int rc = check_read(c, cli_word(c, 0), &text);
    if (!rc)
        rc = check_judge(c, &text, &v, false);
    buf_fini(&text);
    return rc;
}
