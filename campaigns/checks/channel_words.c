/* channel_words.c: characters, phrases and repeated words. */
#include "campaigns/checks/channel_words.h"
#include "campaigns/checks/terms.h"
#include "core/base/utf8.h"
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum { WORDS_MAX = 1024, WORD_BYTES = 64, TEXT_MAX_BYTES = 8192 };

const char *channel_find_forbidden(const char *text, size_t n, const char *forbid)
{
    for (size_t at = 0; at < n && forbid[0];) {
        uint32_t point;
        size_t len = utf8_decode(text + at, n - at, &point);
        for (size_t k = 0, step; len && forbid[k]; k += step) {
            uint32_t other;
            step = utf8_decode(forbid + k, strlen(forbid + k), &other);
            if (step == 0)
                break;
            if (other == point)
                return text + at;
        }
        at += len ? len : 1;
    }
    return NULL;
}

const char *channel_find_phrase(const char *text, size_t n, const struct json *phrases)
{
    json_each (item, phrases) {
        const char *phrase = json_str(item, "");
        if (terms_find(text, n, &phrase, 1))
            return phrase;
    }
    return NULL;
}

static bool is_letter(uint32_t point)
{
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)point);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO;
}

/* The next word from *at on in lower case, cut to its first 60 bytes; false at the end.
 */
static bool next_word(const char *text, size_t n, size_t *at, char out[WORD_BYTES])
{
    size_t used = 0;
    while (*at < n) {
        uint32_t point = 0;
        size_t len = utf8_decode(text + *at, n - *at, &point);
        bool letter = len > 0 && is_letter(point);
        if (!letter && used > 0)
            break;
        *at += len ? len : 1;
        if (letter && used + 4 < WORD_BYTES)
            used += utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)point),
                                out + used);
    }
    out[used] = '\0';
    return used > 0;
}

static bool is_free(const struct json *list, const char *word)
{
    json_each (item, list) {
        if (strcmp(json_str(item, ""), word) == 0)
            return true;
    }
    return false;
}

bool channel_find_repeat(const char *text, size_t n, int64_t max,
                         const struct json *free, char *out, size_t size)
{
    char word[WORD_BYTES], other[WORD_BYTES];
    size_t at = 0;
    n = n < TEXT_MAX_BYTES ? n : TEXT_MAX_BYTES;
    for (int i = 0; i < WORDS_MAX && next_word(text, n, &at, word); i++) {
        int64_t times = 1;
        size_t rest = at;
        while (next_word(text, n, &rest, other))
            times += strcmp(word, other) == 0;
        if (times > max && !is_free(free, word)) {
            snprintf(out, size, "%s", word);
            return true;
        }
    }
    return false;
}
