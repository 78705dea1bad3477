/* sim_text.c: reads the texts, builds the answer. */
#include "tests/llmsim/sim_text.h"
#include "core/base/base64.h"
#include "core/base/json_out.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXTS_MAX 256
#define MODEL_MAX_BYTES 256
#define TEXT_MAX_BYTES (4u << 20)
#define DIMENSIONS_MAX 4096
#define DIMENSIONS 64

/* The i-th text, or NULL past the end or where there is no text. */
static const char *text_at(const struct sim_text *t, size_t i)
{
    if (json_type(t->input) == JSON_STRING)
        return i == 0 ? json_str(t->input, "") : NULL;
    return json_str(json_at(t->input, i), NULL);
}

static enum err read_input(struct sim_text *t, struct err_detail *d)
{
    size_t n = json_type(t->input) == JSON_STRING ? 1 : json_count(t->input);
    struct buf all;
    if (n == 0 || n > TEXTS_MAX)
        return err_set(d, ERR_BAD_REQUEST, "input", "1 to %d texts", TEXTS_MAX);
    buf_init(&all, TEXT_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        const char *text = text_at(t, i);
        if (!text || !*text) {
            buf_fini(&all);
            return err_set(d, ERR_BAD_REQUEST, "input", "a text that is not empty");
        }
        (void)buf_append_str(&all, text);
        (void)buf_append_char(&all, '\n');
        t->tokens += sim_chat_tokens(text, strlen(text));
    }
    enum err e = buf_status(&all);
    hash_sha256_hex(buf_str(&all), all.len, t->sha256);
    buf_fini(&all);
    return e ? err_set(d, e, "input", "too long") : ERR_OK;
}

static enum err read_form(struct sim_text *t, struct err_detail *d)
{
    const char *form = json_str(json_get(t->root, "encoding_format"), "float");
    t->base64 = strcmp(form, "base64") == 0;
    if (!t->base64 && strcmp(form, "float") != 0)
        return err_set(d, ERR_BAD_REQUEST, "encoding_format", "float or base64");
    t->dimensions = json_int(json_get(t->root, "dimensions"), DIMENSIONS);
    if (t->dimensions < 1 || t->dimensions > DIMENSIONS_MAX)
        return err_set(d, ERR_BAD_REQUEST, "dimensions", "1 to %d", DIMENSIONS_MAX);
    return ERR_OK;
}

enum err sim_text_parse(enum sim_text_kind kind, const char *body, size_t n,
                        struct sim_text *out, struct err_detail *d)
{
    *out = (struct sim_text){.kind = kind, .model = ""};
    enum err e = json_parse(body, n, &json_limits_reply, &out->root, d);
    if (e)
        return e;
    const char *model = json_str(json_get(out->root, "model"), "");
    out->input = json_get(out->root, "input");
    e = read_input(out, d);
    if (!*model || strlen(model) > MODEL_MAX_BYTES)
        return err_set(d, ERR_BAD_REQUEST, "model", "you must provide a model");
    out->model = model;
    return e ? e : read_form(out, d);
}

void sim_text_fini(struct sim_text *t)
{
    json_free(t->root);
    t->root = NULL;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static void add_word(const char *word, size_t n, float *at, size_t dimensions)
{
    char lower[64];
    size_t len = n < sizeof lower ? n : sizeof lower;
    for (size_t i = 0; i < len; i++)
        lower[i] = (char)tolower((unsigned char)word[i]);
    uint64_t seed = hash_fast(lower, len, 1);
    for (size_t i = 0; i < dimensions; i++)
        at[i] += (float)(hash_mix(seed + i) >> 40) / (float)(1 << 23) - 1.0F;
}

static void embed(const char *text, float *at, size_t dimensions)
{
    double sum = 0;
    memset(at, 0, dimensions * sizeof *at);
    for (const char *p = text; *p;) {
        size_t n = 0;
        while (is_word(p[n]))
            n++;
        if (n > 0)
            add_word(p, n, at, dimensions);
        p += n > 0 ? n : 1;
    }
    for (size_t i = 0; i < dimensions; i++)
        sum += (double)at[i] * (double)at[i];
    if (sum == 0) /* nothing but signs */
        at[0] = 1;
    for (size_t i = 0; i < dimensions && sum > 0; i++)
        at[i] = (float)((double)at[i] / sqrt(sum));
}

/* float32 as this machine has it: least byte first, wherever this runs. */
static enum err put_vector(const struct sim_text *t, const float *at, size_t n,
                           struct json_out *w)
{
    struct buf text;
    if (!t->base64) {
        json_out_open(w, '[');
        for (size_t i = 0; i < n; i++)
            json_out_num(w, (double)at[i]);
        json_out_close(w, ']');
        return ERR_OK;
    }
    buf_init(&text, n * sizeof *at * 2 + 4);
    enum err e = base64_encode(at, n * sizeof *at, &text);
    json_out_strn(w, buf_str(&text), text.len);
    buf_fini(&text);
    return e;
}

static enum err put_embedding(const struct sim_text *t, size_t i, size_t n,
                              struct json_out *w)
{
    float at[DIMENSIONS_MAX];
    embed(text_at(t, i), at, (size_t)t->dimensions);
    json_out_open(w, '{');
    json_out_kstr(w, "object", "embedding");
    json_out_kint(w, "index", (int64_t)i);
    json_out_key(w, "embedding");
    enum err e = put_vector(t, at, n, w);
    json_out_close(w, '}');
    return e;
}

static bool is_in(const char *text, const char *word)
{
    size_t n = strlen(word);
    if ((unsigned char)*word >= 0x80)
        return strstr(text, word) != NULL;
    for (const char *p = text; (p = strcasestr(p, word)); p += n)
        if ((p == text || !is_word(p[-1])) && !is_word(p[n]))
            return true;
    return false;
}

static void put_verdict(const char *text, struct json_out *w)
{
    static const char *const listed[][3] = {{"hate", "hatred", "仇恨"},
                                            {"harassment", "idiot", "白痴"},
                                            {"self-harm", "suicide", "自杀"},
                                            {"violence", "slaughter", "屠杀"}};
    bool is[4], any = false;
    for (size_t i = 0; i < 4; i++) {
        is[i] = is_in(text, listed[i][1]) || is_in(text, listed[i][2]);
        any = any || is[i];
    }
    json_out_open(w, '{');
    json_out_kbool(w, "flagged", any);
    json_out_key(w, "categories");
    json_out_open(w, '{');
    for (size_t i = 0; i < 4; i++)
        json_out_kbool(w, listed[i][0], is[i]);
    json_out_close(w, '}');
    json_out_key(w, "category_scores");
    json_out_open(w, '{');
    for (size_t i = 0; i < 4; i++)
        json_out_knum(w, listed[i][0], is[i] ? 0.98 : 0.01);
    json_out_close(w, '}');
    json_out_close(w, '}');
}

static enum err put_list(const struct sim_text *t, bool is_broken, struct json_out *w)
{
    enum err e = ERR_OK;
    size_t n = is_broken ? 0 : (size_t)t->dimensions;
    json_out_key(w, t->kind == SIM_EMBED ? "data" : "results");
    json_out_open(w, '[');
    for (size_t i = 0; text_at(t, i) && !e; i++) {
        if (t->kind == SIM_EMBED) {
            e = put_embedding(t, i, n, w);
        } else if (is_broken) {
            json_out_open(w, '{');
            json_out_close(w, '}');
        } else {
            put_verdict(text_at(t, i), w);
        }
    }
    json_out_close(w, ']');
    return e;
}

enum err sim_text_answer(const struct sim_text *t, const struct sim_sample *s,
                         struct buf *out, struct sim_usage *usage)
{
    char id[48];
    struct json_out w;
    bool is_broken = s->fault == SIM_FAULT_MALFORMED || s->fault == SIM_FAULT_SCHEMA;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    if (t->kind == SIM_EMBED) {
        json_out_kstr(&w, "object", "list");
    } else {
        snprintf(id, sizeof id, "modr-sim-%llu", (unsigned long long)s->request);
        json_out_kstr(&w, "id", id);
    }
    enum err e = put_list(t, is_broken, &w);
    json_out_kstr(&w, "model", t->model);
    if (t->kind == SIM_EMBED) {
        usage->prompt_tokens = t->tokens;
        json_out_key(&w, "usage");
        json_out_open(&w, '{');
        json_out_kint(&w, "prompt_tokens", t->tokens);
        json_out_kint(&w, "total_tokens", t->tokens);
        json_out_close(&w, '}');
    }
    json_out_close(&w, '}');
    return e ? e : buf_status(out);
}
