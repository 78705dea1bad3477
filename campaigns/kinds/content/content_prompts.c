/* content_prompts.c: prompts, schemas and limits of the asks of a content campaign. */
#include "campaigns/kinds/content/content_prompts.h"
#include "campaigns/prompts/prompt.h"
#include "core/base/json_out.h"
#include <stdio.h>
#include <string.h>

static char *join(struct arena *a, const char *const *items, int count,
                  const char *glue)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    for (int i = 0; i < count; i++) {
        buf_append_str(&out, i ? glue : "");
        buf_append_str(&out, items[i]);
    }
    char *text = buf_status(&out) ? NULL : arena_strndup(a, buf_str(&out), out.len);
    buf_fini(&out);
    return text;
}

static char *facts_of(const struct campaign *c)
{
    struct buf out;
    buf_init(&out, 128 * 1024);
    enum err e =
        c->spec->facts ? json_print(c->spec->facts, &out) : buf_append_str(&out, "{}");
    char *text = e ? NULL : arena_strndup(c->arena, buf_str(&out), out.len);
    buf_fini(&out);
    return text;
}

enum err content_prompts_prepare(const struct campaign *c, struct content_input *in)
{
    in->facts_text = facts_of(c);
    in->examples_text = join(c->arena, in->examples, in->example_count, "\n");
    return in->facts_text && in->examples_text ? ERR_OK : ERR_NOMEM;
}

static char *system_of(const struct campaign *c, const char *locale)
{
    const struct spec *s = c->spec;
    char *say = join(c->arena, s->say, s->say_count, "; ");
    char *never = join(c->arena, s->never, s->never_count, "; ");
    if (!say || !never)
        return NULL;
    const struct prompt_value values[] = {
        {"voice", s->voice}, {"say", say}, {"never", never}, {NULL, NULL}};
    return prompt_render(c->arena, prompt_text("content_system", locale), values);
}

enum err content_prompts_angles(const struct campaign *c,
                                const struct content_input *in, struct ask *ask)
{
    const char *locale = c->spec->locale[0];
    char count[16];
    snprintf(count, sizeof count, "%d", in->n < 8 ? in->n : 8);
    const struct prompt_value values[] = {{"count", count},
                                          {"locale", locale},
                                          {"brief", in->brief},
                                          {"facts", in->facts_text},
                                          {NULL, NULL}};
    ask->system = system_of(c, locale);
    ask->user = prompt_render(c->arena, prompt_text("content_angles", locale), values);
    ask->schema_name = "angles";
    ask->schema =
        "{\"type\":\"object\",\"properties\":{\"angles\":{\"type\":\"array\",\"items\":"
        "{\"type\":\"string\"},\"minItems\":1}},\"required\":[\"angles\"],"
        "\"additionalProperties\":false}";
    ask->temperature = in->temperature;
    ask->max_tokens = 600;
    ask->seed = c->spec->seed;
    return ask->system && ask->user ? ERR_OK : ERR_NOMEM;
}

/* {"type":"object", one string per field of the channel, all required} */
static char *schema_of(struct arena *a, const struct channel *channel)
{
    struct buf out;
    struct json_out w;
    buf_init(&out, 16 * 1024);
    json_out_init(&w, &out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "type", "object");
    json_out_key(&w, "properties");
    json_out_open(&w, '{');
    for (int i = 0; i < channel->field_count; i++) {
        json_out_key(&w, channel->fields[i].name);
        json_out_open(&w, '{');
        json_out_kstr(&w, "type", "string");
        json_out_close(&w, '}');
    }
    json_out_close(&w, '}');
    json_out_key(&w, "required");
    json_out_open(&w, '[');
    for (int i = 0; i < channel->field_count; i++)
        json_out_str(&w, channel->fields[i].name);
    json_out_close(&w, ']');
    json_out_kbool(&w, "additionalProperties", false);
    json_out_close(&w, '}');
    char *text = buf_status(&out) ? NULL : arena_strndup(a, buf_str(&out), out.len);
    buf_fini(&out);
    return text;
}

static char *limits_of(struct arena *a, const struct channel *channel, bool zh)
{
    struct buf out;
    buf_init(&out, 8 * 1024);
    for (int i = 0; i < channel->field_count; i++) {
        const struct channel_field *f = &channel->fields[i];
        if (!f->prompt_characters)
            continue;
        buf_printf(&out,
                   zh ? "%s:最多 %d 个字符(at most %d characters)。"
                      : "%s: at most %d characters. ",
                   f->name, f->prompt_characters, f->prompt_characters);
        if (f->single_line)
            buf_append_str(&out, zh ? "只写一行。" : "One line only. ");
    }
    char *text = buf_status(&out) ? NULL : arena_strndup(a, buf_str(&out), out.len);
    buf_fini(&out);
    return text;
}

/* Generous for the language and JSON around it; a cut reply would be paid for nothing.
 */
static int tokens_for(const struct channel *channel)
{
    int characters = 0;
    for (int i = 0; i < channel->field_count; i++)
        characters += channel->fields[i].prompt_characters
                          ? channel->fields[i].prompt_characters
                          : 600;
    return 100 + characters * 2;
}

enum err content_prompts_write(const struct campaign *c, const struct content_input *in,
                               struct ask *ask)
{
    const struct spec_placement *p = c->placements[ask->tag[0]].spec;
    const char *history = content_memo_text(c, "history", ask->tag[0]);
    /* one child in four is made without any history, so that ideas do not collapse */
    ask->tag[2] = c->round > 1 && history[0] && ask->tag[1] % 4 != 3;
    ask->temperature = in->temperature;
    ask->max_tokens = in->max_tokens ? in->max_tokens : tokens_for(p->channel);
    const struct channel_field *field = &p->channel->fields[0];
    bool free_text =
        p->channel->field_count == 1 && !field->max && !field->prompt_characters;
    if (in->is_prompt && !ask->tag[2] && free_text) {
        ask->system = "";
        ask->user = in->brief;
        return ERR_OK;
    }
    char number[16];
    snprintf(number, sizeof number, "%d", ask->tag[1] + 1);
    char *limits = limits_of(c->arena, p->channel, strncmp(p->locale, "zh", 2) == 0);
    if (!limits)
        return ERR_NOMEM;
    const struct prompt_value values[] = {
        {"channel", p->channel->name},
        {"locale", p->locale},
        {"limits", limits},
        {"brief", in->brief},
        {"facts", in->facts_text},
        {"segment", p->segment ? p->segment->profile : ""},
        {"angle", ask->note && ask->note[0] ? ask->note : in->brief},
        {"examples", in->examples_text},
        {"history", ask->tag[2] ? history : ""},
        {"number", number},
        {NULL, NULL}};
    ask->system = system_of(c, p->locale);
    ask->user =
        prompt_render(c->arena, prompt_text("content_write", p->locale), values);
    ask->schema_name = "copy";
    ask->schema = schema_of(c->arena, p->channel);
    return ask->system && ask->user && ask->schema ? ERR_OK : ERR_NOMEM;
}

static const char *trim(struct arena *a, const char *text)
{
    size_t from = strspn(text, " \t\r\n"), n = strlen(text);
    while (n > from && strchr(" \t\r\n", text[n - 1]))
        n--;
    return arena_strndup(a, text + from, n - from);
}

const char *content_reply_text(struct arena *a, const struct channel *channel,
                               const struct json *reply)
{
    if (json_type(reply) == JSON_STRING)
        return trim(a, json_str(reply, ""));
    if (channel->field_count == 1)
        return trim(a, json_str(json_get(reply, channel->fields[0].name), ""));
    struct buf out;
    buf_init(&out, 64 * 1024);
    enum err e = json_print(reply, &out);
    char *text = e ? NULL : arena_strndup(a, buf_str(&out), out.len);
    buf_fini(&out);
    return text;
}
