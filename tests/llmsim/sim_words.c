/* sim_words.c: expands patterns until one fits. */
#include "tests/llmsim/sim_words.h"
#include "core/base/utf8.h"
#include "tests/llmsim/sim_lang.h"
#include <string.h>
#include <strings.h>

#define TRIES 48
#define SHORT_LIMIT 48 /* below it whole sentences rarely fit */
#define MIXED_LIMIT 96 /* below it only some do */
#define TINY_LIMIT 14
#define TEXT_MAX_BYTES 65536

struct writer {
    const struct sim_brief *brief; /* borrows */
    const struct sim_lang *lang;
    struct rng *rng;
    struct buf *out;
    const char *last; /* so that "%a and %a" are two */
};

static const struct tone_name {
    const char *part;
    enum sim_tone tone;
} tone_names[] = {
    {"subject", SIM_TITLE},    {"title", SIM_TITLE},  {"headline", SIM_TITLE},
    {"heading", SIM_TITLE},    {"label", SIM_TITLE},  {"cta", SIM_CALL},
    {"button", SIM_CALL},      {"action", SIM_CALL},  {"reason", SIM_REASON},
    {"rationale", SIM_REASON}, {"why", SIM_REASON},   {"explanation", SIM_REASON},
    {"comment", SIM_REASON},   {"angle", SIM_NAME},   {"name", SIM_NAME},
    {"topic", SIM_NAME},       {"id", SIM_NAME},      {"theme", SIM_NAME},
    {"body", SIM_LONG},        {"article", SIM_LONG}, {"summary", SIM_LONG},
};

enum sim_tone sim_words_tone(const char *field)
{
    for (size_t i = 0; i < sizeof(tone_names) / sizeof(tone_names[0]); i++) {
        const char *part = tone_names[i].part;
        bool whole = strcmp(part, "id") == 0;
        if (whole ? strcasecmp(field, part) == 0 : strcasestr(field, part) != NULL) {
            return tone_names[i].tone;
        }
    }
    return SIM_COPY;
}

static const char *pick(struct writer *w, const struct sim_list *list)
{
    size_t i = (size_t)rng_below(w->rng, list->count);
    if (list->items[i] == w->last) {
        i = (i + 1) % list->count;
    }
    w->last = list->items[i];
    return w->last;
}

static const char *pick_slot(struct writer *w, char slot)
{
    const struct sim_lang *lang = w->lang;
    const struct sim_brief *b = w->brief;
    switch (slot) {
    case 'o':
        return pick(w, &lang->openers);
    case 'q':
        return pick(w, &lang->questions);
    case 'v':
        return pick(w, &lang->verbs);
    case 'n':
        return pick(w, &lang->nouns);
    case 'm':
        return pick(w, &lang->moments);
    case 'a':
        return pick(w, &lang->adjectives);
    case 'c':
        return pick(w, &lang->actions);
    case 'w':
        return pick(w, &(struct sim_list){b->words, b->word_count});
    default: /* 'p' */
        if (b->product_count == 0) {
            return pick(w, &lang->products);
        }
        /* the first is what the campaign is about */
        return b
            ->products[rng_below(w->rng, 4) ? 0 : rng_below(w->rng, b->product_count)];
    }
}

static bool starts_sentence(const struct buf *b, size_t start)
{
    if (b->len == start) {
        return true;
    }
    const char *text = b->data;
    return b->len >= start + 2 && text[b->len - 1] == ' ' &&
           strchr(".?!", text[b->len - 2]);
}

/* Appends a filled pattern; errors stay in the buf. */
static void expand(struct writer *w, const char *pattern, size_t start)
{
    for (const char *p = pattern; *p; p++) {
        if (*p != '%') {
            (void)buf_append_char(w->out, *p);
            continue;
        }
        const char *text = pick_slot(w, *++p);
        bool capital = starts_sentence(w->out, start) && *text >= 'a' && *text <= 'z';
        if (capital) {
            (void)buf_append_char(w->out, (char)(*text - 'a' + 'A'));
        }
        (void)buf_append_str(w->out, capital ? text + 1 : text);
    }
}

static const struct sim_list *patterns_of(const struct sim_lang *l, enum sim_tone tone,
                                          int64_t limit, struct rng *r)
{
    /* a Chinese character says about as much as two or three letters */
    int64_t scale = *l->space ? 1 : 2;
    if (limit > 0 && limit * scale < TINY_LIMIT) {
        return &l->tiny;
    }
    switch (tone) {
    case SIM_TITLE:
        return &l->titles;
    case SIM_CALL:
        return &l->calls;
    case SIM_REASON:
        return &l->reasons;
    case SIM_NAME:
        return &l->names;
    case SIM_COPY:
    case SIM_LONG:
    default:
        if (limit > 0 && limit * scale < MIXED_LIMIT) {
            bool title = limit * scale < SHORT_LIMIT || rng_below(r, 2) == 0;
            return title ? &l->titles : &l->copy;
        }
        return &l->copy;
    }
}

static const char *pick_pattern(struct writer *w, const struct sim_list *list)
{
    size_t i = (size_t)rng_below(w->rng, list->count);
    for (size_t n = 0; n < list->count; n++, i = (i + 1) % list->count) {
        if (w->brief->word_count >= 2 || !strstr(list->items[i], "%w")) {
            break;
        }
    }
    return list->items[i];
}

static int64_t count_from(const struct buf *b, size_t start)
{
    return (int64_t)utf8_count(buf_str(b) + start, b->len - start);
}

/* Sentences until there are `least` code points. False if it grew over max. */
static bool compose(struct writer *w, const struct sim_list *list, int64_t least,
                    int64_t max, size_t start)
{
    do {
        if (w->out->len > start) {
            (void)buf_append_str(w->out, w->lang->space);
            list = &w->lang->copy;
        }
        expand(w, pick_pattern(w, list), start);
        if (w->out->failed) {
            return false;
        }
    } while (count_from(w->out, start) < least);
    return max == 0 || count_from(w->out, start) <= max;
}

static void cut_back(struct buf *b, size_t len)
{
    if (b->len > len) {
        b->len = len;
        b->data[len] = '\0';
    }
}

/* Nothing fitted: cut to max code points, at a word's end if that is not too short. */
static void force(struct buf *b, size_t start, int64_t min, int64_t max)
{
    size_t end = start;
    for (int64_t n = 0; n < max && end < b->len; n++) {
        uint32_t point;
        size_t step = utf8_decode(b->data + end, b->len - end, &point);
        end += step ? step : 1;
    }
    size_t word = end;
    while (end < b->len && word > start && b->data[word] != ' ') {
        word--;
    }
    size_t kept = word;
    while (kept > start && strchr(" ,:", b->data[kept - 1])) {
        kept--;
    }
    if (kept > start && (int64_t)utf8_count(b->data + start, kept - start) >= min) {
        end = kept;
    }
    cut_back(b, end);
}

/* The length aimed at, so that long fields are not one sentence. */
static int64_t least_of(const struct sim_wish *wish, int64_t limit, struct rng *r)
{
    int64_t least = wish->min;
    int64_t room = limit > 0 ? limit : 400;
    if (wish->tone == SIM_LONG && least < room / 2) {
        least = room / 2 < 300 ? room / 2 : 300;
    } else if (wish->tone == SIM_COPY && room >= 220 && least == 0 &&
               rng_below(r, 3) == 0) {
        least = 120;
    }
    return least;
}

enum err sim_words_write(const struct sim_brief *b, struct rng *r,
                         const struct sim_wish *wish, struct buf *out)
{
    const struct sim_lang *lang = b->chinese ? &sim_lang_zh : &sim_lang_en;
    struct writer w = {.brief = b, .lang = lang, .rng = r, .out = out};
    int64_t max = wish->max, least = 0;
    size_t start = out->len;
    if (wish->min > TEXT_MAX_BYTES / 4 || (max > 0 && wish->min > max)) {
        return ERR_BAD_VALUE;
    }
    bool rude = wish->polite > 0 && wish->polite < 4000 && rng_below(r, 20) == 0;
    if (wish->polite > 0 && !rude && (max == 0 || wish->polite < max) &&
        wish->polite >= wish->min) {
        max = wish->polite;
    }
    least = least_of(wish, max, r);
    if (rude) {
        least = wish->polite + 1;
    }
    for (int i = 0; i < TRIES; i++) {
        /* half way the aim is given up, at last small patterns are tried */
        bool late = i > TRIES / 2;
        int64_t hint = i > TRIES * 2 / 3 ? 1 : max;
        cut_back(out, start);
        if (compose(&w, patterns_of(lang, wish->tone, max ? hint : 0, r),
                    late ? wish->min : least, max, start) &&
            sim_brief_allows(b, buf_str(out) + start)) {
            return buf_status(out);
        }
        if (out->failed) {
            return buf_status(out);
        }
    }
    if (max > 0) {
        force(out, start, wish->min, max);
    }
    return buf_status(out);
}
