/* content_input.c: `input` of a content campaign, and the memo's small arrays. */
#include "campaigns/checks/pointer.h"
#include "campaigns/kinds/content/content.h"
#include "core/base/utf8.h"
#include <stdio.h>
#include <string.h>

#define FACTS_MAX_BYTES (64 * 1024) /* they stand in every prompt */
#define ANGLE_MAX 500               /* characters */
#define EXAMPLE_MAX 5000

/* An example may be {text, result}: the result is for later releases. */
static enum err read_text(const struct json *item, const char *path, size_t max,
                          const char **out, struct err_detail *d)
{
    const struct json *text =
        json_type(item) == JSON_OBJECT ? json_get(item, "text") : item;
    if (json_type(text) != JSON_STRING)
        return err_set(d, ERR_BAD_TYPE, path, "every item needs a text");
    *out = json_str(text, "");
    if (!**out || utf8_count(*out, strlen(*out)) > max)
        return err_set(d, ERR_OUT_OF_RANGE, path, "must be 1 to %zu characters", max);
    return ERR_OK;
}

/* At most `max` texts of `characters` each. */
static enum err read_texts(const struct json *j, const char *path, size_t characters,
                           const char **out, int max, int *count, struct err_detail *d)
{
    if (json_type(j) != JSON_ARRAY)
        return err_set(d, ERR_BAD_TYPE, path, "must be an array, not %s",
                       json_type_name(json_type(j)));
    if (json_count(j) > (size_t)max)
        return err_set(d, ERR_OUT_OF_RANGE, path, "at most %d items", max);
    json_each (item, j) {
        char at[64];
        snprintf(at, sizeof at, "%s/%d", path, *count);
        enum err e = read_text(item, at, characters, &out[*count], d);
        if (e)
            return e;
        (*count)++;
    }
    return ERR_OK;
}

static enum err read_number(const struct json *j, const char *path, double lo,
                            double hi, double *out, struct err_detail *d)
{
    if (json_type(j) != JSON_NUMBER)
        return err_set(d, ERR_BAD_TYPE, path, "must be a number, not %s",
                       json_type_name(json_type(j)));
    double n = json_num(j, lo - 1);
    if (!(n >= lo && n <= hi))
        return err_set(d, ERR_OUT_OF_RANGE, path, "must be %g to %g", lo, hi);
    *out = n;
    return ERR_OK;
}

static enum err read_int(const struct json *j, const char *path, int lo, int hi,
                         int *out, struct err_detail *d)
{
    double n = 0;
    enum err e = read_number(j, path, lo, hi, &n, d);
    if (!e && !json_is_int(j))
        e = err_set(d, ERR_BAD_TYPE, path, "must be a whole number");
    *out = (int)n;
    return e;
}

static enum err read_brief(const struct json *j, const char *path,
                           struct content_input *in, struct err_detail *d)
{
    if (json_type(j) != JSON_STRING)
        return err_set(d, ERR_BAD_TYPE, path, "must be a string, not %s",
                       json_type_name(json_type(j)));
    in->brief = json_str(j, "");
    if (strspn(in->brief, " \t\r\n") == strlen(in->brief))
        return err_set(d, ERR_OUT_OF_RANGE, path, "must not be empty");
    if (utf8_count(in->brief, strlen(in->brief)) > 20000)
        return err_set(d, ERR_OUT_OF_RANGE, path, "at most 20000 characters");
    return ERR_OK;
}

static enum err read_member(const struct json *j, struct content_input *in,
                            struct err_detail *d)
{
    const char *key = json_key(j);
    struct pointer at = {.len = 0};
    if (strcmp(key, "brief") == 0)
        return read_brief(j, "/input/brief", in, d);
    if (strcmp(key, "prompt") == 0) {
        in->is_prompt = true;
        return read_brief(j, "/input/prompt", in, d);
    }
    if (strcmp(key, "angles") == 0)
        return read_texts(j, "/input/angles", ANGLE_MAX, in->angles, CONTENT_ANGLES_MAX,
                          &in->angle_count, d);
    if (strcmp(key, "examples") == 0)
        return read_texts(j, "/input/examples", EXAMPLE_MAX, in->examples,
                          CONTENT_EXAMPLES_MAX, &in->example_count, d);
    if (strcmp(key, "temperature") == 0)
        return read_number(j, "/input/temperature", 0, 2, &in->temperature, d);
    if (strcmp(key, "n") == 0)
        return read_int(j, "/input/n", 1, POSTERIOR_ARMS_MAX / 2, &in->n, d);
    if (strcmp(key, "max_tokens") == 0)
        return read_int(j, "/input/max_tokens", 1, 100000, &in->max_tokens, d);
    pointer_add_key(&at, "input");
    pointer_add_key(&at, key);
    return err_set(d, ERR_UNKNOWN_FIELD, at.text, "no such field of content");
}

enum err content_input_read(const struct spec *s, struct content_input *in,
                            struct err_detail *d)
{
    memset(in, 0, sizeof *in);
    in->n = 6;
    in->temperature = 0.7;
    in->brief = NULL;
    json_each (member, s->input) {
        enum err e = read_member(member, in, d);
        if (e)
            return e;
    }
    if (!in->brief)
        return err_set(d, ERR_MISSING, "/input", "content needs a brief or a prompt");
    if (json_get(s->input, "brief") && json_get(s->input, "prompt"))
        return err_set(d, ERR_BAD_VALUE, "/input/prompt",
                       "a brief or a prompt, not both");
    if (in->is_prompt && !in->max_tokens)
        in->max_tokens = 150;
    return ERR_OK;
}

enum err content_input_check(struct spec *s, struct arena *a, struct err_detail *d)
{
    (void)a;
    struct content_input in;
    struct buf facts;
    buf_init(&facts, FACTS_MAX_BYTES);
    enum err e = s->facts ? json_print(s->facts, &facts) : ERR_OK;
    buf_fini(&facts);
    if (e == ERR_LIMIT)
        return err_set(d, e, "/facts", "at most %d bytes as JSON", FACTS_MAX_BYTES);
    return e ? e : content_input_read(s, &in, d);
}

int64_t content_calls_later(const struct spec *s)
{
    struct content_input in;
    struct err_detail d;
    if (content_input_read(s, &in, &d))
        return 0;
    return (int64_t)(s->max_rounds - 1) * in.n * s->placement_count;
}

static const struct json *item(const struct campaign *c, const char *name,
                               int placement)
{
    const struct json *array = json_get(c->memo, name);
    return array ? json_at(array, (size_t)placement) : NULL;
}

int64_t content_memo_int(const struct campaign *c, const char *name, int placement)
{
    return json_int(item(c, name, placement), 0);
}

const char *content_memo_text(const struct campaign *c, const char *name, int placement)
{
    return json_str(item(c, name, placement), "");
}

/* Arrays of the memo are rebuilt whole: they are as long as the spec has placements. */
static enum err set_item(struct campaign *c, const char *name, int placement,
                         struct json *value)
{
    struct json *fresh = json_new_array();
    enum err e = fresh && value ? ERR_OK : ERR_NOMEM;
    for (int i = 0; i < c->placement_count && !e; i++) {
        const struct json *old = item(c, name, i);
        if (i == placement) {
            e = json_push(fresh, value);
            value = NULL;
        } else {
            e = json_push(fresh, old ? json_dup(old) : json_new_num(0));
        }
    }
    if (e) {
        json_free(value);
        json_free(fresh);
        return e;
    }
    return json_set(c->memo, name, fresh);
}

enum err content_memo_set_int(struct campaign *c, const char *name, int placement,
                              int64_t n)
{
    return set_item(c, name, placement, json_new_num((double)n));
}

enum err content_memo_set_text(struct campaign *c, const char *name, int placement,
                               const char *text)
{
    return set_item(c, name, placement, json_new_str(text));
}
