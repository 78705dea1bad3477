/* cmd_channels.c: the channels that a spec can name, and what they refuse. */
#include "core/base/json_out.h"
#include "workers/channels.h"
#include "workers/cli/cli.h"
#include "workers/cli/table.h"
#include <inttypes.h>

#define OUT_MAX_BYTES ((size_t)1 << 20)
#define CELL_BYTES 200

static void put_limit(struct buf *out, const struct channel_field *f)
{
    if (f->max > 0)
        buf_printf(out, "at most %" PRId64 " %s", f->max, f->counter->unit);
    if (f->octets_max > 0)
        buf_printf(out, "%sat most %" PRId64 " bytes", out->len ? ", " : "",
                   f->octets_max);
    if (f->soft_max > 0)
        buf_printf(out, "%sbetter %" PRId64 "%s%s", out->len ? ", " : "", f->soft_max,
                   f->max > 0 ? "" : " ", f->max > 0 ? "" : f->counter->unit);
    if (f->min > 1)
        buf_printf(out, ", at least %" PRId64, f->min);
    if (f->short_max > 0)
        buf_printf(out, ", one of them %" PRId64, f->short_max);
    if (out->len == 0)
        buf_append_str(out, "no limit");
}

static void put_more(struct buf *out, const struct channel *c,
                     const struct channel_field *f)
{
    if (f->items_max > 0)
        buf_printf(out, "%" PRId64 " to %" PRId64 " texts; ", f->items_min,
                   f->items_max);
    if (f->min == 0)
        buf_append_str(out, "may be empty; ");
    for (int i = 0; i < f->slot_count; i++)
        buf_printf(out, "carries facts.%s%s; ", f->slots[i].fact,
                   f->slots[i].fallback ? " or a standard text" : "");
    if (f->single_line)
        buf_append_str(out, "one line; ");
    if (f->forbid[0])
        buf_printf(out, "none of \"%s\"; ", f->forbid);
    if (json_count(f->phrases) > 0)
        buf_printf(out, "%zu phrases refused; ", json_count(f->phrases));
    if (f->word_max > 0)
        buf_printf(out, "no word over %" PRId64 " times; ", f->word_max);
    if (c->octets_max > 0 && f == &c->fields[0])
        buf_printf(out, "all of it at most %" PRId64 " bytes as JSON; ", c->octets_max);
    if (c->images_needed && f == &c->fields[0])
        buf_append_str(out, "needs images; ");
    if (c->off)
        buf_printf(out, "off: %s; ", c->off);
    while (out->len > 0 &&
           (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == ';'))
        out->data[--out->len] = '\0';
}

static void add_field(struct table *t, const struct channel *c,
                      const struct channel_field *f)
{
    struct buf cell;
    buf_init(&cell, CELL_BYTES * 4);
    table_add(t, f == &c->fields[0] ? c->name : "");
    table_add(t, f->name);
    put_limit(&cell, f);
    table_add(t, buf_str(&cell));
    buf_clear(&cell);
    put_more(&cell, c, f);
    table_add(t, buf_str(&cell));
    buf_fini(&cell);
}

static enum err put_table(const struct channel_set *s, struct buf *out)
{
    static const char *const heads[] = {"CHANNEL", "FIELD", "LIMIT", "ALSO", NULL};
    const struct channel *c;
    struct table t;
    table_init(&t, heads);
    for (size_t i = 0; (c = channel_at(s, i)); i++)
        for (int k = 0; k < c->field_count; k++)
            add_field(&t, c, &c->fields[k]);
    enum err e = table_print(&t, out);
    table_fini(&t);
    return e;
}

static void put_json(const struct channel_set *s, struct buf *out)
{
    const struct channel *c;
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '[');
    for (size_t i = 0; (c = channel_at(s, i)); i++) {
        json_out_open(&w, '{');
        json_out_kstr(&w, "name", c->name);
        json_out_kbool(&w, "off", c->off != NULL);
        json_out_kbool(&w, "images_needed", c->images_needed);
        json_out_kint(&w, "octets_max", c->octets_max);
        json_out_key(&w, "fields");
        json_out_open(&w, '[');
        for (int k = 0; k < c->field_count; k++) {
            const struct channel_field *f = &c->fields[k];
            json_out_open(&w, '{');
            json_out_kstr(&w, "name", f->name);
            json_out_kstr(&w, "counter", f->counter->name);
            json_out_kint(&w, "min", f->min);
            json_out_kint(&w, "max", f->max);
            json_out_kint(&w, "soft_max", f->soft_max);
            json_out_kint(&w, "octets_max", f->octets_max);
            json_out_kint(&w, "items_min", f->items_min);
            json_out_kint(&w, "items_max", f->items_max);
            json_out_close(&w, '}');
        }
        json_out_close(&w, ']');
        json_out_close(&w, '}');
    }
    json_out_close(&w, ']');
    buf_append_char(out, '\n');
}

int cmd_channels(struct cli *c)
{
    struct channel_set *set = NULL;
    struct err_detail d = {.path = ""};
    if (channels_load(c->config, &set, &d)) {
        (void)cli_refuse(c, &d);
        return CLI_BAD_INPUT;
    }
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    if (cli_is_json(c))
        put_json(set, &out);
    else
        (void)put_table(set, &out); /* a failure stays with the buf */
    channel_set_free(set);
    return cli_print(c, &out);
}
