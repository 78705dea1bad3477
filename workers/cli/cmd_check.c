/* cmd_check.c: the verdict on a spec file, and the spec text for enqueue. */
#include "workers/cli/cmd_check.h"
#include "core/base/json_out.h"
#include "core/io/file.h"
#include "queues/inbox.h"
#include "workers/cli/judgement.h"
#include <string.h>

#define OUT_MAX_BYTES ((size_t)1 << 20)

static void put_finding(struct json_out *w, const char *code, const char *pointer,
                        const char *message)
{
    json_out_open(w, '{');
    json_out_kstr(w, "code", code);
    json_out_kstr(w, "pointer", pointer);
    json_out_kstr(w, "message", message);
    json_out_close(w, '}');
}

static void put_json(struct buf *out, const struct judgement *j)
{
    struct json_out w;
    const struct spec *s = &j->spec;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kbool(&w, "ok", !j->detail.code);
    json_out_key(&w, "errors");
    json_out_open(&w, '[');
    for (int i = 0; i < j->errors.count; i++)
        put_finding(&w, err_code(j->errors.item[i].code), j->errors.item[i].path,
                    j->errors.item[i].message);
    json_out_close(&w, ']');
    json_out_key(&w, "warnings");
    json_out_open(&w, '[');
    for (int i = 0; !j->detail.code && i < s->warning_count; i++)
        put_finding(&w, "warning", s->warning[i].path, s->warning[i].message);
    json_out_close(&w, ']');
    json_out_close(&w, '}');
    buf_append_char(out, '\n');
}

static void put_text(struct buf *out, const struct judgement *j)
{
    const struct spec *s = &j->spec;
    for (int i = 0; i < j->errors.count; i++) {
        const struct err_detail *d = &j->errors.item[i];
        buf_printf(out, "%s %s %s\n", err_code(d->code), *d->path ? d->path : "/",
                   d->message);
    }
    if (j->detail.code)
        return;
    for (int i = 0; i < s->warning_count; i++)
        buf_printf(out, "warning %s %s\n", s->warning[i].path, s->warning[i].message);
    buf_append_str(out, "ok\n");
}

static int report(struct cli *c, const struct judgement *j)
{
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    if (cli_is_json(c))
        put_json(&out, j);
    else
        put_text(&out, j);
    return cli_print(c, &out);
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

int check_then(struct cli *c, check_show_fn show)
{
    struct judgement j;
    struct buf text;
    buf_init(&text, INBOX_SPEC_MAX);
    int rc = check_read(c, cli_word(c, 0), &text);
    if (!rc) {
        enum err e = judgement_open(&j, c, &text);
        rc = e ? check_refuse(c, &j.detail) : show(c, &j);
        judgement_close(&j);
    }
    buf_fini(&text);
    return rc;
}

int check_judge(struct cli *c, const struct buf *text, struct check_verdict *v,
                bool quiet_when_good)
{
    struct judgement j;
    int rc = CLI_OK;
    memset(v, 0, sizeof *v);
    enum err e = judgement_open(&j, c, text);
    v->detail = j.detail;
    if (e && quiet_when_good) {
        rc = check_refuse(c, &j.detail);
    } else if (e) {
        rc = report(c, &j);
        rc = rc ? rc : CLI_BAD_INPUT;
    } else {
        memcpy(v->id, j.spec.id, sizeof v->id);
        rc = quiet_when_good ? note_warnings(c, &j.spec) : report(c, &j);
    }
    judgement_close(&j);
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
