/* content_prompts.c: prompts, schemas and limits of the asks of a content campaign. */
#include "campaigns/kinds/content/content_prompts.h"
#include "campaigns/checks/channel_text.h"
#include "campaigns/prompts/prompt.h"
#include "core/base/json_out.h"
#include <stdio.h>
#include <string.h>

#define REPLY_MAX_BYTES ((size_t)32 << 20) /* 4 MiB, all of it escaped */

/* 10 examples of 5,000 characters, or 64 words of 500, of four bytes each */
#define LIST_MAX_BYTES ((size_t)256 << 10)

static char *join(struct arena *a, const char *const *items, int count,
                  const char *glue)
{
    struct buf out;
    buf_init(&out, LIST_MAX_BYTES);
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
    ask->likely_tokens = 8 * (in->n < 8 ? in->n : 8);
    ask->seed = c->spec->seed;
    return ask->system && ask->user ? ERR_OK : ERR_NOMEM;
}

static void put_field_schema(struct json_out *w, const struct channel_field *f)
{
    json_out_open(w, '{');
    if (f->items_max == 0) {
        json_out_kstr(w, "type", "string");
    } else {
        json_out_kstr(w, "type", "array");
        json_out_key(w, "items");
        json_out_open(w, '{');
        json_out_kstr(w, "type", "string");
        json_out_close(w, '}');
        json_out_kint(w, "minItems", f->items_min); /* too many are left out here */
    }
    json_out_close(w, '}');
}

/* {"type":"object", one member per field of the channel, all required (strict mode of
 * OpenAI knows no optional ones; an optional field may be empty) */
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
        put_field_schema(&w, &channel->fields[i]);
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

/* What a platform refuses word by word. */
static void put_words(struct buf *out, const struct channel_field *f, bool zh)
{
    if (f->forbid[0])
        buf_printf(out,
                   zh ? "不得使用这些字符:「%s」。"
                      : "None of these characters: \"%s\". ",
                   f->forbid);
    if (json_count(f->phrases) > 0)
        buf_append_str(out, zh ? "不得出现:" : "Never: ");
    json_each (phrase, f->phrases)
        buf_printf(out, "\"%s\"%s", json_str(phrase, ""),
                   json_next(phrase) ? ", " : ". ");
    if (f->word_max > 0)
        buf_printf(out,
                   zh ? "同一个词最多出现 %lld 次。" : "No word more than %lld times. ",
                   (long long)f->word_max);
}

static void put_lengths(struct buf *out, const struct channel_field *f, long long room,
                        bool zh)
{
    if (f->items_max > 0)
        buf_printf(out,
                   zh ? "%lld 到 %lld 条互不相同的文案,每条"
                      : "%lld to %lld different texts, each ",
                   (long long)f->items_min, (long long)f->items_max);
    if (room > 0)
        buf_printf(out,
                   zh ? "最多 %lld 个字符(at most %lld characters)。"
                      : "at most %lld characters. ",
                   room, room);
    if (f->min > 1)
        buf_printf(out, zh ? "至少 %lld 个字符。" : "No less than %lld characters. ",
                   (long long)f->min);
    if (f->short_max > 0)
        buf_printf(out,
                   zh ? "其中至少一条不超过 %lld 个字符。"
                      : "One of them needs %lld characters or less. ",
                   (long long)f->short_max / (zh ? 2 : 1));
}

/* "headline: 3 to 15 different texts, each at most 27 characters. One line only." */
static void put_limits(struct buf *out, const struct channel_field *f, long long room,
                       bool zh)
{
    size_t start = out->len;
    buf_printf(out, zh ? "%s:" : "%s: ", f->name);
    size_t said = out->len;
    put_lengths(out, f, room, zh);
    put_words(out, f, zh);
    if (f->single_line)
        buf_append_str(out, zh ? "只写一行。" : "One line only. ");
    if (out->len == said)
        out->data[out->len = start] = '\0'; /* nothing limits it */
    else
        buf_append_char(out, '\n');
}

static char *limits_of(struct arena *a, const struct spec_placement *p,
                       const struct json *facts)
{
    bool zh = strncmp(p->locale, "zh", 2) == 0;
    struct buf out;
    buf_init(&out, 8 * 1024);
    for (int i = 0; i < p->channel->field_count; i++) {
        const struct channel_field *f = &p->channel->fields[i];
        put_limits(&out, f, channel_text_room(f, facts, p->locale), zh);
    }
    while (out.len > 0 &&
           (out.data[out.len - 1] == '\n' || out.data[out.len - 1] == ' '))
        out.data[--out.len] = '\0';
    char *text = buf_status(&out) ? NULL : arena_strndup(a, buf_str(&out), out.len);
    buf_fini(&out);
    return text;
}

/* Of a field without a limit: what it may have, and what it has as a rule. */
#define FREE_TEXT_MAX 600
#define FREE_TEXT_LIKELY 150

/* Characters that all fields can have together. */
static int64_t characters_max(const struct spec_placement *p, const struct json *facts)
{
    int64_t sum = 0;
    for (int i = 0; i < p->channel->field_count; i++) {
        const struct channel_field *f = &p->channel->fields[i];
        int64_t room = channel_text_room(f, facts, p->locale);
        int64_t each = room > 0 && room < 20000 ? room : FREE_TEXT_MAX;
        sum += each * (f->items_max > 0 ? f->items_max : 1);
    }
    return sum < 50000 ? sum : 50000;
}

/* Short texts fill their room, longer ones half of it; of several items the fewest. */
static int64_t characters_likely(const struct spec_placement *p,
                                 const struct json *facts)
{
    int64_t sum = 0;
    for (int i = 0; i < p->channel->field_count; i++) {
        const struct channel_field *f = &p->channel->fields[i];
        int64_t room = channel_text_room(f, facts, p->locale);
        int64_t each = room == 0 || room >= 20000 ? FREE_TEXT_LIKELY
                       : room <= 60               ? room * 4 / 5
                                                  : room * 3 / 5;
        sum += each * (f->items_max > 0 ? f->items_min : 1);
    }
    return sum < 50000 ? sum : 50000;
}

/* Generous for the language and JSON around it: a cut reply would be paid for nothing.
 * A cap of the user holds, but never so low that no reply of several fields could be
 * whole. */
static int max_tokens_for(const struct content_input *in,
                          const struct spec_placement *p, const struct json *facts)
{
    int needed = 100 + 2 * (int)characters_max(p, facts);
    bool raise = channel_is_object(p->channel) && in->max_tokens < needed;
    return in->max_tokens && !raise ? in->max_tokens : needed;
}

/* Four letters are a token, or one Han character. */
static int likely_tokens_for(const struct spec_placement *p, const struct json *facts)
{
    bool han = strncmp(p->locale, "zh", 2) == 0 || strncmp(p->locale, "ja", 2) == 0;
    int64_t characters = characters_likely(p, facts);
    return (int)(han ? characters : characters / 4) + 4 + 4 * p->channel->field_count;
}

/* A reply of so many times its limit will not come right. Around the text stand JSON,
 * fences and a few words, which are allowed for. */
#define STOP_FACTOR 4
#define STOP_EXTRA 200

/* What makes a reply worthless while it still comes. Of several fields one may be long
 * and the rest be of use. */
static void stop_at(const struct campaign *c, const struct spec_placement *p,
                    struct ask *ask)
{
    const struct channel_field *f = &p->channel->fields[0];
    if (!ask->schema) {
        ask->stop.banned = c->spec->never;
        ask->stop.banned_count = c->spec->never_count;
    } else if (!channel_is_object(p->channel) && f->max > 0) {
        int64_t room = channel_text_room(f, c->spec->facts, p->locale);
        ask->stop.max_characters =
            STOP_FACTOR * (room > f->max ? room : f->max) + STOP_EXTRA;
    }
}

enum err content_prompts_write(const struct campaign *c, const struct content_input *in,
                               struct ask *ask)
{
    const struct spec_placement *p = c->placements[ask->tag[0]].spec;
    const char *history = content_memo_text(c, "history", ask->tag[0]);
    /* one child in four is made without any history, so that ideas do not collapse */
    ask->tag[2] = c->round > 1 && history[0] && ask->tag[1] % 4 != 3;
    ask->temperature = in->temperature;
    ask->max_tokens = max_tokens_for(in, p, c->spec->facts);
    ask->likely_tokens = likely_tokens_for(p, c->spec->facts);
    const struct channel_field *field = &p->channel->fields[0];
    bool free_text = !channel_is_object(p->channel) && !field->slot_count &&
                     channel_text_room(field, NULL, p->locale) == 0;
    if (in->is_prompt && !ask->tag[2] && free_text) {
        ask->system = "";
        ask->user = in->brief;
        stop_at(c, p, ask);
        return ERR_OK;
    }
    char number[16];
    snprintf(number, sizeof number, "%d", ask->tag[1] + 1);
    char *limits = limits_of(c->arena, p, c->spec->facts);
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
    stop_at(c, p, ask);
    return ask->system && ask->user && ask->schema ? ERR_OK : ERR_NOMEM;
}

const char *content_reply_text(struct arena *a, const struct spec *s,
                               const struct channel *channel, const struct json *reply)
{
    const char *text = NULL;
    if (json_type(reply) == JSON_STRING)
        text = json_str(reply, "");
    else if (!channel_is_object(channel))
        text = json_str(json_get(reply, channel->fields[0].name), "");
    if (text)
        return channel_text_mend(a, channel, s->facts, text);
    struct buf out;
    buf_init(&out, REPLY_MAX_BYTES);
    enum err e = json_print(reply, &out);
    const char *full =
        e ? NULL : channel_text_mend(a, channel, s->facts, buf_str(&out));
    buf_fini(&out);
    return full;
}
