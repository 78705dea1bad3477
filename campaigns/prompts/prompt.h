/* prompt.h: prompt texts as data. campaigns/prompts/<name>_<en|zh>.txt are embedded by
 * the build; {{name}} is replaced by a value, {{#name}}…{{/name}} is kept only if the
 * value is not empty. Values are never parsed again, so a value cannot open a slot; and
 * in none of them stands the mark of a fence, <data> or </data>.
 * Static text comes first, so that provider prompt caches hit. */
#ifndef BARKER_CAMPAIGNS_PROMPTS_PROMPT_H
#define BARKER_CAMPAIGNS_PROMPTS_PROMPT_H

#include "core/base/arena.h"

struct prompt_value {
    const char *name, *value;
};

/* The text of a prompt in the language of a locale: zh for zh-*, else en. */
const char *prompt_text(const char *name, const char *locale);
/* Values end with a NULL name. In the arena; NULL when it is full (or over 1 MiB). */
char *prompt_render(struct arena *a, const char *text,
                    const struct prompt_value *values) MUST_USE;
/* sha256 over all prompt texts: pinned by campaigns. Static memory, 64 hex digits. */
void prompt_version(char out[65]);

#endif
