/* replay_state.c: names and texts. */
#include "workers/replay/replay_state.h"
#include "core/base/json_out.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 4096
#define ITEMS_MAX 100000

static int find_word(const struct replay_object *o, const char *name)
{
    for (int i = 0; i < o->count; i++)
        if (strcmp(o->words[i].name, name) == 0)
            return i;
    return -1;
}

static enum err add_word(struct replay_object *o, const char *name)
{
    if (o->count == WORDS_MAX)
        return ERR_LIMIT;
    if (o->count == o->cap) {
        int cap = o->cap ? o->cap * 2 : 32;
        struct replay_word *more = realloc(o->words, (size_t)cap * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        o->words = more;
        o->cap = cap;
    }
    char *copy = strdup(name);
    if (!copy)
        return ERR_NOMEM;
    o->words[o->count++] = (struct replay_word){copy, NULL};
    return ERR_OK;
}

enum err replay_put(struct replay_object *o, const char *name, const char *value,
                    size_t n)
{
    int at = find_word(o, name);
    char *copy = strndup(value, n);
    enum err e = copy ? ERR_OK : ERR_NOMEM;
    if (!e && at < 0) {
        e = add_word(o, name);
        at = o->count - 1;
    }
    if (e) {
        free(copy);
        return e;
    }
    free(o->words[at].value);
    o->words[at].value = copy;
    return ERR_OK;
}

enum err replay_put_score(struct replay_object *o, const char *name, const char *score)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%.9g", strtod(score, NULL));
    return replay_put(o, name, text, (size_t)n);
}

void replay_drop(struct replay_object *o, const char *name)
{
    int at = find_word(o, name);
    if (at < 0)
        return;
    free(o->words[at].name);
    free(o->words[at].value);
    o->count--;
    memmove(&o->words[at], &o->words[at + 1],
            (size_t)(o->count - at) * sizeof *o->words);
}

const char *replay_get(const struct replay_object *o, const char *name)
{
    int at = o ? find_word(o, name) : -1;
    return at < 0 ? NULL : o->words[at].value;
}

void replay_object_fini(struct replay_object *o)
{
    for (int i = 0; i < o->count; i++) {
        free(o->words[i].name);
        free(o->words[i].value);
    }
    free(o->words);
    o->words = NULL;
    o->count = o->cap = 0;
}

struct replay_object *replay_table_find(const struct replay_table *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->items[i]->name, name) == 0)
            return t->items[i];
    return NULL;
}

struct replay_object *replay_table_put(struct replay_table *t, const char *name)
{
    struct replay_object *o = replay_table_find(t, name);
    if (o || t->count == ITEMS_MAX || strlen(name) >= sizeof o->name)
        return o;
    if (t->count == t->cap) {
        int cap = t->cap ? t->cap * 2 : 16;
        struct replay_object **more =
            realloc(t->items, (size_t)cap * sizeof(struct replay_object *));
        if (!more)
            return NULL;
        t->items = more;
        t->cap = cap;
    }
    o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    (void)snprintf(o->name, sizeof o->name, "%s", name);
    t->items[t->count++] = o;
    return o;
}

void replay_table_fini(struct replay_table *t)
{
    for (int i = 0; i < t->count; i++) {
        replay_object_fini(t->items[i]);
        free(t->items[i]);
    }
    free(t->items);
    *t = (struct replay_table){.items = NULL};
}

void replay_state_fini(struct replay_state *s)
{
    replay_object_fini(&s->campaign);
    replay_object_fini(&s->checkpoint);
    replay_table_fini(&s->variants);
    replay_table_fini(&s->placements);
    replay_table_fini(&s->ranks);
}

static enum err put_part(struct replay_object *o, const struct json *from,
                         const char *name)
{
    struct buf text;
    buf_init(&text, json_limits_reply.max_bytes);
    enum err e = json_print(json_get(from, name), &text);
    if (!e)
        e = replay_put(o, name, buf_str(&text), text.len);
    buf_fini(&text);
    return e;
}

enum err replay_put_checkpoint(struct replay_state *s, const char *text, size_t n)
{
    static const char *const parts[] = {"stage",       "iteration", "round",
                                        "state",       "progress",  "rejected",
                                        "paused_from", "mail",      "memo"};
    struct json *j = NULL;
    struct err_detail d;
    enum err e = json_parse(text, n, &json_limits_reply, &j, &d);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !e; i++)
        if (json_get(j, parts[i]))
            e = put_part(&s->checkpoint, j, parts[i]);
    json_free(j);
    return e;
}
