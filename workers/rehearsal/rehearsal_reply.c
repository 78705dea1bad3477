/* rehearsal_reply.c: makes up values for a schema: words of random letters. */
#include "workers/rehearsal/rehearsal_reply.h"
#include "core/base/base64.h"
#include "core/base/json_out.h"
#include "core/base/rng.h"
#include <string.h>

#define WORD_LETTERS 9

struct writer {
    struct json_out out;
    struct rng rng;
    size_t letters; /* of a string */
};

static void put_value(struct writer *w, const struct json *schema);

/* Letters at random: no two texts are near each other. */
static void put_string(struct writer *w)
{
    char text[4096];
    size_t n = 0;
    for (; n < w->letters && n < sizeof text; n++)
        text[n] = n % (WORD_LETTERS + 1) == WORD_LETTERS
                      ? ' '
                      : (char)('a' + rng_below(&w->rng, 26));
    json_out_strn(&w->out, text, n);
}

static void put_array(struct writer *w, const struct json *schema)
{
    int64_t n = json_int(json_get(schema, "minItems"), 1);
    json_out_open(&w->out, '[');
    for (int64_t i = 0; i < n; i++)
        put_value(w, json_get(schema, "items"));
    json_out_close(&w->out, ']');
}

static void put_object(struct writer *w, const struct json *schema)
{
    json_out_open(&w->out, '{');
    json_each (member, json_get(schema, "properties")) {
        json_out_key(&w->out, json_key(member));
        put_value(w, member);
    }
    json_out_close(&w->out, '}');
}

static void put_value(struct writer *w, const struct json *schema)
{
    const struct json *choice = json_first(json_get(schema, "enum"));
    const char *type = json_str(json_get(schema, "type"), "string");
    if (choice)
        json_out_json(&w->out, choice);
    else if (strcmp(type, "object") == 0)
        put_object(w, schema);
    else if (strcmp(type, "array") == 0)
        put_array(w, schema);
    else if (strcmp(type, "boolean") == 0)
        json_out_bool(&w->out, true);
    else if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
        json_out_num(&w->out, json_num(json_get(schema, "minimum"), 0));
    else
        put_string(w);
}

static enum err write(const struct json *schema, uint64_t seed, size_t letters,
                      struct buf *out)
{
    struct writer w = {.letters = letters};
    buf_clear(out);
    json_out_init(&w.out, out);
    rng_seed(&w.rng, seed);
    if (schema)
        put_value(&w, schema);
    else
        put_string(&w);
    return buf_status(out);
}

static enum err judge(const struct campaign *c, const struct stage *stage,
                      const struct ask *ask, const struct buf *text,
                      struct objection *o)
{
    struct json *reply = NULL;
    struct err_detail d;
    enum err e = json_parse(buf_str(text), text->len, &json_limits_reply, &reply, &d);
    if (!e && stage->accept)
        e = stage->accept(c, ask, reply, o);
    json_free(reply);
    return e;
}

static enum err parse_schema(const struct ask *ask, struct json **out)
{
    struct err_detail d;
    *out = NULL;
    return ask->schema ? json_parse(ask->schema, strlen(ask->schema), &json_limits_spec,
                                    out, &d)
                       : ERR_OK;
}

/* Plain text is no JSON: the quotes of the string go. */
static void unquote(const struct ask *ask, struct buf *out)
{
    if (ask->schema || out->len < 2)
        return;
    buf_consume(out, 1);
    out->data[--out->len] = '\0';
}

/* Of any size: as many numbers as were asked for, all of them 0. */
static enum err write_other(const struct ask *ask, struct buf *out)
{
    static const char zeros[ASK_DIMENSIONS_MAX * sizeof(float)];
    size_t n = ask->dimensions > 0 && ask->dimensions <= ASK_DIMENSIONS_MAX
                   ? (size_t)ask->dimensions
                   : 1;
    return ask->type == ASK_EMBED
               ? base64_encode(zeros, n * sizeof(float), out)
               : buf_append_str(out, "{\"flagged\":false,\"categories\":[]}");
}

enum err rehearsal_reply(const struct campaign *c, const struct stage *stage,
                         const struct ask *ask, uint64_t number, struct buf *out,
                         struct err_detail *d)
{
    static const size_t lengths[] = {10, 5, 2, 28, 70, 200, 800, 3000};
    struct objection o = {.raised = true, .message = ""};
    struct json *schema = NULL;
    if (ask->type != ASK_CHAT)
        return write_other(ask, out);
    enum err e = parse_schema(ask, &schema);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && !e && o.raised; i++) {
        o.raised = false;
        e = write(schema, number, lengths[i], out);
        if (!e)
            e = judge(c, stage, ask, out, &o);
    }
    json_free(schema);
    if (!e && o.raised)
        e = err_set(d, ERR_UNSATISFIABLE, "", "no text of letters would do: %s",
                    o.message);
    unquote(ask, out);
    return e;
}
