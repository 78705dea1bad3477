/* prompt.c: finding and filling prompt texts. */
#include "campaigns/prompts/prompt.h"
#include "core/base/buf.h"
#include "core/base/hash.h"
#include <string.h>
#include <strings.h>

#define PROMPT_MAX_BYTES (1024 * 1024) /* all that a spec may bring fits */

#define HARMLESS "\xe2\x80\xb9" /* looks like < and is none */

#define PROMPT(name) extern const char text_##name##_en_txt[], text_##name##_zh_txt[];
#include "campaigns/prompts/prompts.def"
#undef PROMPT

struct prompt {
    const char *name, *en, *zh;
};
static const struct prompt prompts[] = {
#define PROMPT(name) {#name, text_##name##_en_txt, text_##name##_zh_txt},
#include "campaigns/prompts/prompts.def"
#undef PROMPT
};

const char *prompt_text(const char *name, const char *locale)
{
    bool zh = strncmp(locale, "zh", 2) == 0;
    for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++) {
        if (strcmp(prompts[i].name, name) == 0)
            return zh ? prompts[i].zh : prompts[i].en;
    }
    check(!"prompt of prompts.def");
    return "";
}

static const char *value_of(const struct prompt_value *values, const char *name,
                            size_t n)
{
    for (; values->name; values++) {
        if (strlen(values->name) == n && memcmp(values->name, name, n) == 0)
            return values->value ? values->value : "";
    }
    check(!"every slot of a prompt has a value");
    return "";
}

/* "<data", "</data", and what a reader may take for it */
static bool is_mark(const char *p)
{
    return strncasecmp(p + 1 + strspn(p + 1, " \t\r\n/\\"), "data", 4) == 0;
}

/* Values are material between <data> and </data>: none can open or close that. */
static void append_value(struct buf *out, const char *value)
{
    const char *mark = value;
    while ((mark = strchr(mark, '<')) != NULL) {
        if (is_mark(mark)) {
            buf_append(out, value, (size_t)(mark - value));
            buf_append_str(out, HARMLESS);
            value = mark + 1;
        }
        mark++;
    }
    buf_append_str(out, value);
}

/* Renders the slot at p ("{{"); returns where the text goes on. */
static const char *render_slot(struct buf *out, const char *p,
                               const struct prompt_value *values)
{
    const char *end = strstr(p, "}}");
    check(end != NULL);
    const char *name = p + 2, *after = end + 2;
    if (*name == '/')
        return after;
    if (*name != '#') {
        append_value(out, value_of(values, name, (size_t)(end - name)));
        return after;
    }
    name++;
    if (value_of(values, name, (size_t)(end - name))[0])
        return after;
    char close[80] = "{{/";
    strncat(close, name, (size_t)(end + 2 - name) < 70 ? (size_t)(end + 2 - name) : 70);
    const char *skip = strstr(after, close);
    check(skip != NULL);
    return skip + strlen(close);
}

char *prompt_render(struct arena *a, const char *text,
                    const struct prompt_value *values)
{
    struct buf out;
    buf_init(&out, PROMPT_MAX_BYTES);
    for (const char *p = text; *p;) {
        const char *slot = strstr(p, "{{");
        if (!slot) {
            buf_append_str(&out, p);
            break;
        }
        buf_append(&out, p, (size_t)(slot - p));
        p = render_slot(&out, slot, values);
    }
    char *copy = buf_status(&out) ? NULL : arena_strndup(a, buf_str(&out), out.len);
    buf_fini(&out);
    return copy;
}

void prompt_version(char out[65])
{
    struct buf all;
    buf_init(&all, 4 * 1024 * 1024);
    for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++) {
        buf_append_str(&all, prompts[i].en);
        buf_append_str(&all, prompts[i].zh);
    }
    hash_sha256_hex(buf_str(&all), all.len, out);
    buf_fini(&all);
}
