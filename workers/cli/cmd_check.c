/* cmd_check.c: the verdict on a spec file, and the spec text for enqueue. */
#include "workers/cli/cmd_check.h"
#include "core/base/json_out.h"
#include "core/io/file.h"
#include "queues/inbox.h"
#include "workers/intake.h"
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)64 << 20)
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
    return cli_print(&out);
}

/* d is filled when the verdict is against it; its code is ERR_OK otherwise. */
static enum err judge(const struct buf *text, struct check_verdict *v, struct spec *s,
                      struct arena *arena, struct channel_set **channels)
{
    v->detail = (struct err_detail){.code = ERR_OK};
    enum err e = channel_set_new(NULL, channels, &v->detail);
    if (!e)
        e = intake_judge(buf_str(text), text->len, *channels, NULL, arena, s,
                         &v->detail);
    v->detail.code = e;
    return e;
}

int check_read(const char *path, struct buf *text)
{
    struct err_detail d;
    return file_read(path, text, &d) ? cli_refuse(&d) : CLI_OK;
}

int check_judge(struct cli *c, const struct buf *text, struct check_verdict *v,
                bool quiet_when_good)
{
    struct channel_set *channels = NULL;
    struct arena arena;
    struct spec s;
    int rc = CLI_OK;
    memset(&s, 0, sizeof s);
    memset(v, 0, sizeof *v);
    arena_init(&arena, ARENA_MAX_BYTES);
    enum err e = judge(text, v, &s, &arena, &channels);
    if (e && quiet_when_good) {
        cli_error("%s %s %s", err_code(e), *v->detail.path ? v->detail.path : "/",
                  v->detail.message);
        rc = CLI_BAD_INPUT;
    } else if (e) {
        rc = report(c, NULL, &v->detail);
        rc = rc ? rc : CLI_BAD_INPUT;
    } else {
        memcpy(v->id, s.id, sizeof v->id);
        rc = quiet_when_good ? CLI_OK : report(c, &s, NULL);
        spec_fini(&s);
    }
    channel_set_free(channels);
    arena_fini(&arena);
    return rc;
}

int cmd_check(struct cli *c)
{
    struct check_verdict v;
    struct buf text;
    buf_init(&text, INBOX_SPEC_MAX);
    int rc = check_read(cli_word(c, 0), &text);
    if (!rc)
        rc = check_judge(c, &text, &v, false);
    buf_fini(&text);
    return rc;
}
