/* stop_rules.c: see stop_rules.h. */
#include "workers/llm/stop_rules.h"
#include "campaigns/checks/repair.h"
#include "campaigns/checks/terms.h"
#include "core/base/utf8.h"
#include <stdlib.h>
#include <string.h>

#define ESCAPE_START UINT32_MAX /* a backslash was the last character */
#define JUDGED_STEP_BYTES 32

enum err stop_rules_init(struct stop_rules *s, const struct ask_stop *of)
{
    *s = (struct stop_rules){.max_characters = of->max_characters};
    size_t count = of->banned_count > 0 ? (size_t)of->banned_count : 0, bytes = 0;
    if (count == 0)
        return ERR_OK;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(of->banned[i]) + 1;
    s->banned = malloc(count * sizeof *s->banned + bytes);
    if (!s->banned)
        return ERR_NOMEM;
    char *at = (char *)(s->banned + count);
    for (; s->banned_count < count; s->banned_count++) {
        s->banned[s->banned_count] = at;
        at = stpcpy(at, of->banned[s->banned_count]) + 1;
    }
    return ERR_OK;
}

void stop_rules_fini(struct stop_rules *s)
{
    free(s->banned);
    s->banned = NULL;
}

/* One code point more, given by its first byte. \n and \u4e2d are one each. */
static void count_one(struct stop_rules *s, char c)
{
    if (s->escape == ESCAPE_START)
        s->escape = c == 'u' ? 4 : 0;
    else if (s->escape > 0)
        s->escape--;
    else if (++s->characters && c == '\\')
        s->escape = ESCAPE_START;
}

static bool is_too_long(struct stop_rules *s, const char *text, size_t n)
{
    size_t start = repair_thoughts_end(text, n);
    if (start >= n) { /* no answer yet; the little that was counted was a thought */
        s->counted_bytes = n;
        s->characters = 0;
        s->escape = 0;
        return false;
    }
    if (s->counted_bytes < start)
        s->counted_bytes = start;
    for (; s->counted_bytes < n; s->counted_bytes++)
        if ((text[s->counted_bytes] & 0xc0) != 0x80)
            count_one(s, text[s->counted_bytes]);
    return s->characters > s->max_characters;
}

/* After a blank, or a character that is a word of its own: what follows cannot make
 * another word of what stands before. */
static size_t whole_words(const char *text, size_t n)
{
    for (size_t at = n; at > 0; at--) {
        uint32_t c;
        if (strchr(" \t\r\n", text[at - 1]) && text[at - 1])
            return at;
        if ((text[at - 1] & 0xc0) != 0x80 &&
            utf8_decode(text + at - 1, n - at + 1, &c) && utf8_is_cjk(c))
            return at - 1 + utf8_decode(text + at - 1, n - at + 1, &c);
    }
    return 0;
}

/* The longer the text, the more must have come before it is searched again: the work
 * stays in proportion to it. */
static bool has_banned(struct stop_rules *s, const char *text, size_t n)
{
    if (n - s->judged_bytes < JUDGED_STEP_BYTES + s->judged_bytes / 8)
        return false;
    s->judged_bytes = n;
    return terms_find(text, whole_words(text, n), (const char *const *)s->banned,
                      s->banned_count) != NULL;
}

bool stop_rules_broken(struct stop_rules *s, const char *text, size_t n)
{
    return (s->max_characters > 0 && is_too_long(s, text, n)) ||
           (s->banned_count > 0 && has_banned(s, text, n));
}
