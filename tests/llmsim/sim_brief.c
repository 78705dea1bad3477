/* sim_brief.c: reads a prompt the way a hurried copywriter does. */
#include "tests/llmsim/sim_brief.h"
#include "core/base/utf8.h"
#include <ctype.h>
#include <string.h>

#define PHRASE_MAX 60 /* code points of a product name */
#define TERM_MAX_BYTES 240

static const char *const product_keys[] = {
    "product", "product_name", "name", "产品",  "产品名", "商品",
    "名称",    "title",        "item", "brand", "品牌",   NULL,
};
static const char *const brief_keys[] = {"brief", "angle", "goal", "goals", NULL};
static const char *const avoid_keys[] = {
    "never",    "never use",    "never say", "never appear", "do not use",
    "avoid",    "banned",       "forbidden", "禁用词",       "不得使用",
    "禁止使用", "禁止出现的词", NULL,
};
/* Words of instructions, not of products. */
static const char stop_words[] =
    " about above after again agree allow among angle answer array audience because "
    "before being below between brand brief campaign channel character characters "
    "claim "
    "claims could discount discounts during every exactly facts false field fields "
    "first "
    "following format free given guarantee guaranteed having focus invent language "
    "least "
    "length limit locale market marketing message messages never number numbers object "
    "offer offers other output people percent please price prices product products "
    "prompt reader readers reply return segment sentence short shoppers should string "
    "system tell text texts their there these thing things those three title under "
    "using value variant variants voice where which while without words would write "
    "writing your ";

static char *phrase_dup(struct arena *a, const char *s, size_t n)
{
    while (n > 0 && strchr(" \t\r\"'`*.,;-", s[n - 1])) {
        n--;
    }
    while (n > 0 && strchr(" \t\"'`*-", *s)) {
        s++;
        n--;
    }
    return arena_strndup(a, s, n);
}

/* Bytes up to the end of the line or a strong mark within it. */
static size_t clause_length(const char *p)
{
    static const char *const marks[] = {"。", "；", "，", ";", NULL};
    size_t n = strcspn(p, "\n");
    for (size_t i = 0; marks[i]; i++) {
        const char *at = strstr(p, marks[i]);
        if (at && (size_t)(at - p) < n) {
            n = (size_t)(at - p);
        }
    }
    return n;
}

/* Value of `"key": "value"` or of a line `key: value`; *len bytes at the result. */
static const char *value_after(const char *p, bool quoted, size_t *len)
{
    p += quoted && *p == '"';
    p += strspn(p, " \t*");
    if (*p == ':') {
        p++;
    } else if (strncmp(p, "：", 3) == 0) {
        p += 3;
    } else {
        return NULL;
    }
    p += strspn(p, " \t*");
    if (quoted) {
        if (*p++ != '"') {
            return NULL;
        }
        *len = strcspn(p, "\"\\\n");
        return p[*len] == '"' ? p : NULL;
    }
    *len = clause_length(p);
    return strchr("{[\"", *p) && *p ? NULL : p;
}

static bool starts_line(const char *text, const char *p)
{
    while (p > text && strchr(" \t-*#<", p[-1])) {
        p--;
    }
    return p == text || p[-1] == '\n';
}

/* The next value of a key at or after *from; moves *from behind it. */
static const char *next_value(const char *text, const char **from, const char *key,
                              size_t *len)
{
    size_t n = strlen(key);
    for (const char *p; (p = strcasestr(*from, key));) {
        bool quoted = p > text && p[-1] == '"';
        *from = p + n;
        const char *value = NULL;
        if (quoted || (*key & 0x80) || starts_line(text, p)) {
            value = value_after(p + n, quoted, len);
        }
        if (value) {
            return value;
        }
    }
    return NULL;
}

static void add_product(struct arena *a, struct sim_brief *b, const char *s, size_t n)
{
    if (b->product_count == SIM_BRIEF_PRODUCTS || n < 2 ||
        utf8_count(s, n) > PHRASE_MAX) {
        return;
    }
    const char *phrase = phrase_dup(a, s, n);
    if (!phrase || !*phrase) {
        return; /* a full arena is told by a->failed */
    }
    for (size_t i = 0; i < b->product_count; i++) {
        if (strcmp(b->products[i], phrase) == 0) {
            return;
        }
    }
    b->products[b->product_count++] = phrase;
}

/* The first key that has values gives the products. */
static void read_products(struct arena *a, struct sim_brief *b)
{
    for (size_t i = 0; product_keys[i] && b->product_count == 0; i++) {
        const char *from = b->prompt, *value;
        size_t n = 0;
        while ((value = next_value(b->prompt, &from, product_keys[i], &n))) {
            add_product(a, b, value, n);
        }
    }
}

/* A run of two to five capitalised words: "AeroBrew Travel Mug". */
static void read_capitals(struct arena *a, struct sim_brief *b, const char *p, size_t n)
{
    const char *end = p + n, *start = NULL;
    int words = 0;
    while (p < end && b->product_count == 0) {
        size_t word = 0;
        while (p + word < end && (isalnum((unsigned char)p[word]) || p[word] == '-')) {
            word++;
        }
        bool capital = word > 1 && isupper((unsigned char)*p);
        if (capital && words++ == 0) {
            start = p;
        }
        const char *after = p + word;
        bool ends = !capital || after >= end || *after != ' ' || words == 5;
        if (ends && start && words >= 2) {
            size_t len = (size_t)((capital ? after : p) - start);
            add_product(a, b, start, len);
        }
        if (ends) {
            words = 0;
            start = NULL;
        }
        p = after + (after < end);
    }
}

static bool is_stop_word(const char *word, size_t n)
{
    char padded[20];
    padded[0] = ' ';
    memcpy(padded + 1, word, n); /* n is at most 14 */
    padded[n + 1] = ' ';
    padded[n + 2] = '\0';
    return strstr(stop_words, padded) != NULL;
}

static void add_word(struct arena *a, struct sim_brief *b, const char *s, size_t n)
{
    if (b->word_count == SIM_BRIEF_WORDS || n < 5 || n > 14 || is_stop_word(s, n)) {
        return;
    }
    for (size_t i = 0; i < b->word_count; i++) {
        if (strncmp(b->words[i], s, n) == 0 && b->words[i][n] == '\0') {
            return;
        }
    }
    char *word = arena_strndup(a, s, n);
    if (word) {
        b->words[b->word_count++] = word;
    }
}

/* Lower-case words of five letters and more, whole ones only. */
static void read_words(struct arena *a, struct sim_brief *b, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len = 0;
        bool plain = true;
        while (i + len < n && (isalnum((unsigned char)s[i + len]) ||
                               strchr("-'_/@\\", s[i + len]) || (s[i + len] & 0x80))) {
            plain = plain && islower((unsigned char)s[i + len]);
            len++;
        }
        if (plain) {
            add_word(a, b, s + i, len);
        }
        i += len + 1;
    }
}

static void read_brief(struct arena *a, struct sim_brief *b)
{
    bool found = false;
    for (size_t i = 0; brief_keys[i]; i++) {
        const char *from = b->prompt, *value;
        size_t n = 0;
        while ((value = next_value(b->prompt, &from, brief_keys[i], &n))) {
            found = true;
            read_words(a, b, value, n);
            read_capitals(a, b, value, n);
        }
    }
    if (!found && strlen(b->prompt) < 2000) { /* a bare prompt */
        read_words(a, b, b->prompt, strlen(b->prompt));
        read_capitals(a, b, b->prompt, strlen(b->prompt));
    }
}

/* "never": ["a", "b"] or a line "Never use: a, b; c". */
static void read_avoid(struct arena *a, struct sim_brief *b, const char *p)
{
    p += strspn(p, "\" \t*:[");
    while (b->avoid_count < SIM_BRIEF_AVOID && *p && !strchr("\n]}", *p)) {
        size_t n = strcspn(p, ",;\n]}\"");
        if (utf8_count(p, n) >= 2 && n <= TERM_MAX_BYTES) {
            const char *term = phrase_dup(a, p, n);
            if (term && *term) {
                b->avoid[b->avoid_count++] = term;
            }
        }
        p += n;
        p += strspn(p, ",;\" ");
    }
}

static void read_avoids(struct arena *a, struct sim_brief *b)
{
    for (size_t i = 0; avoid_keys[i]; i++) {
        size_t n = strlen(avoid_keys[i]);
        for (const char *p = b->prompt; (p = strcasestr(p, avoid_keys[i])); p += n) {
            const char *rest = p + n + strspn(p + n, "\" \t*");
            if (*rest == ':' || strncmp(rest, "：", 3) == 0) {
                read_avoid(a, b, *rest == ':' ? rest : rest + 3);
            }
        }
    }
}

/* Is the token there with no letter on either side? */
static bool has_token(const char *text, const char *token)
{
    size_t n = strlen(token);
    for (const char *p = text; (p = strcasestr(p, token)); p += n) {
        bool before = p > text && isalnum((unsigned char)p[-1]);
        if (!before && !isalnum((unsigned char)p[n])) {
            return true;
        }
    }
    return false;
}

static bool reads_chinese(const char *text)
{
    if (has_token(text, "zh") || has_token(text, "Chinese") || strstr(text, "中文")) {
        return true;
    }
    if (has_token(text, "en-US") || has_token(text, "en-GB")) {
        return false;
    }
    size_t cjk = 0, letters = 0, n = strlen(text);
    for (size_t i = 0; i < n;) {
        uint32_t point = 0;
        size_t step = utf8_decode(text + i, n - i, &point);
        cjk += step > 0 && utf8_is_cjk(point);
        letters += point < 128 && isalpha((int)point);
        i += step ? step : 1;
    }
    return cjk * 4 >
           letters; /* a Chinese word has two characters, an English one five */
}

enum err sim_brief_read(struct arena *a, const char *prompt, struct sim_brief *out)
{
    *out = (struct sim_brief){.prompt = prompt, .chinese = reads_chinese(prompt)};
    read_products(a, out);
    read_brief(a, out);
    read_avoids(a, out);
    if (out->chinese) {
        out->word_count = 0; /* they are English words */
    }
    return a->failed ? ERR_NOMEM : ERR_OK;
}

bool sim_brief_allows(const struct sim_brief *b, const char *text)
{
    for (size_t i = 0; i < b->avoid_count; i++) {
        if (strcasestr(text, b->avoid[i])) {
            return false;
        }
    }
    return true;
}
