/* replay_compare.c: the canonical form, its hash, and the first difference. */
#include "core/base/json_out.h"
#include "workers/replay/replay_state.h"
#include <stdlib.h>
#include <string.h>

#define CANONICAL_MAX_BYTES ((size_t)256 << 20)

static void put_object(struct json_out *w, const struct replay_object *o,
                       const struct replay_object *like)
{
    json_out_open(w, '{');
    for (int i = 0; i < like->count; i++) {
        const char *value = replay_get(o, like->words[i].name);
        if (value)
            json_out_kstr(w, like->words[i].name, value);
    }
    json_out_close(w, '}');
}

/* What only one side has is written with the fields of its neighbours. */
static void put_table(struct json_out *w, const char *name,
                      const struct replay_table *t, const struct replay_table *like)
{
    json_out_key(w, name);
    json_out_open(w, '{');
    for (int i = 0; i < t->count; i++) {
        const struct replay_object *o = t->items[i];
        const struct replay_object *twin = replay_table_find(like, o->name);
        if (o->count == 0)
            continue; /* a ranking that everybody left */
        json_out_key(w, o->name);
        put_object(w, o, twin ? twin : like->count ? like->items[0] : o);
    }
    json_out_close(w, '}');
}

static int by_score(const void *a, const void *b)
{
    const struct replay_word *x = a, *y = b;
    double p = strtod(x->value, NULL), q = strtod(y->value, NULL);
    if (p > q || p < q)
        return p > q ? -1 : 1;
    return strcmp(y->name, x->name); /* as ZREVRANGE */
}

/* A zset has no order of creation: it is put into that of its scores. */
static void sort_ranks(const struct replay_table *ranks)
{
    for (int i = 0; i < ranks->count; i++) {
        struct replay_object *o = ranks->items[i];
        if (o->count)
            qsort(o->words, (size_t)o->count, sizeof *o->words, by_score);
    }
}

enum err replay_hash(const struct replay_state *s, const struct replay_state *like,
                     char out[HASH_SHA256_HEX])
{
    struct buf text;
    struct json_out w;
    buf_init(&text, CANONICAL_MAX_BYTES);
    json_out_init(&w, &text);
    sort_ranks(&s->ranks);
    json_out_open(&w, '{');
    put_table(&w, "variants", &s->variants, &like->variants);
    put_table(&w, "placements", &s->placements, &like->placements);
    put_table(&w, "ranks", &s->ranks, &s->ranks);
    json_out_close(&w, '}');
    enum err e = buf_status(&text);
    if (!e)
        hash_sha256_hex(buf_str(&text), text.len, out);
    buf_fini(&text);
    return e;
}

struct finding {
    const char *kind;
    struct buf *where, *what;
};

static void say(const struct finding *f, const struct replay_object *o,
                const char *field, const char *derived, const char *stored)
{
    buf_printf(f->where, "%s%s%s%s%s", f->kind, *o->name ? " " : "", o->name,
               *field ? ", " : "", field);
    if (*o->origin)
        buf_printf(f->where, " (made by %s)", o->origin);
    buf_printf(f->what, "derived %.400s, stored %.400s", derived ? derived : "nothing",
               stored ? stored : "nothing");
}

static bool differ_object(const struct replay_object *derived,
                          const struct replay_object *stored, const struct finding *f)
{
    for (int i = 0; i < derived->count; i++) {
        const char *value = replay_get(stored, derived->words[i].name);
        if (value && strcmp(value, derived->words[i].value) == 0)
            continue;
        say(f, derived, derived->words[i].name, derived->words[i].value, value);
        return true;
    }
    return false;
}

static bool differ_table(const struct replay_table *derived,
                         const struct replay_table *stored, const struct finding *f)
{
    for (int i = 0; i < derived->count; i++) {
        const struct replay_object *o = derived->items[i];
        const struct replay_object *twin = replay_table_find(stored, o->name);
        if (!twin && o->count) {
            say(f, o, "", "it", NULL);
            return true;
        }
        if (twin && differ_object(o, twin, f))
            return true;
    }
    for (int i = 0; i < stored->count; i++) {
        if (replay_table_find(derived, stored->items[i]->name))
            continue;
        say(f, stored->items[i], "", NULL, "it");
        return true;
    }
    return false;
}

/* Both ways: a rank that is stored and not derived is a difference too. */
static bool differ_ranks(const struct replay_table *derived,
                         const struct replay_table *stored, struct finding *f)
{
    for (int i = 0; i < stored->count; i++) {
        const struct replay_object *o = stored->items[i];
        const struct replay_object *twin = replay_table_find(derived, o->name);
        for (int k = 0; k < o->count; k++) {
            if (replay_get(twin, o->words[k].name))
                continue;
            say(f, o, o->words[k].name, NULL, o->words[k].value);
            return true;
        }
    }
    for (int i = 0; i < derived->count; i++) {
        const struct replay_object *twin =
            replay_table_find(stored, derived->items[i]->name);
        if (differ_object(derived->items[i], twin, f))
            return true;
    }
    return false;
}

bool replay_differ(const struct replay_state *derived,
                   const struct replay_state *stored, struct buf *where,
                   struct buf *what)
{
    struct finding f = {"variant", where, what};
    if (differ_table(&derived->variants, &stored->variants, &f))
        return true;
    f.kind = "placement";
    if (differ_table(&derived->placements, &stored->placements, &f))
        return true;
    f.kind = "ranking of";
    if (differ_ranks(&derived->ranks, &stored->ranks, &f))
        return true;
    f.kind = "checkpoint";
    if (differ_object(&derived->checkpoint, &stored->checkpoint, &f))
        return true;
    f.kind = "campaign";
    return differ_object(&derived->campaign, &stored->campaign, &f);
}
