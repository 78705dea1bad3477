/* replay_commit.c: applies the operations of a commit (queues/results.c writes them,
 * queues/lua/commit.lua reads them) to the state of a replay. */
#include "queues/results.h"
#include "workers/live/publish.h"
#include "workers/replay/replay_store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    struct replay_store *store;
    const struct redis_arg *argv;
    size_t argc, at;
    enum err failed;
};

/* The next word; "" past the end. Short ones are copied for their NUL. */
static struct redis_arg next_word(struct walk *w)
{
    static const struct redis_arg none = {"", 0};
    if (w->at < w->argc)
        return w->argv[w->at++];
    w->failed = ERR_INTERNAL;
    return none;
}

static const char *next_name(struct walk *w, char out[REPLAY_NAME_MAX])
{
    struct redis_arg word = next_word(w);
    (void)snprintf(out, REPLAY_NAME_MAX, "%.*s", (int)word.len, word.at);
    return out;
}

static long next_number(struct walk *w)
{
    char text[REPLAY_NAME_MAX];
    return strtol(next_name(w, text), NULL, 10);
}

/* Fields of a record; o NULL: they are passed over. */
static void put_fields(struct walk *w, struct replay_object *o)
{
    char name[REPLAY_NAME_MAX];
    long n = next_number(w);
    for (long i = 0; i < n && !w->failed; i++) {
        next_name(w, name);
        struct redis_arg value = next_word(w);
        if (o && !w->failed)
            w->failed = replay_put(o, name, value.at, value.len);
    }
}

static struct replay_object *object(struct walk *w, struct replay_table *t)
{
    char name[REPLAY_NAME_MAX];
    int before = t->count;
    struct replay_object *o = replay_table_put(t, next_name(w, name));
    if (!o)
        w->failed = ERR_NOMEM;
    else if (t->count > before)
        (void)snprintf(o->origin, sizeof o->origin, "%s/%d", w->store->stage,
                       w->store->iteration);
    return o;
}

static void put_rank(struct walk *w, bool is_in)
{
    char vid[REPLAY_NAME_MAX], score[REPLAY_NAME_MAX];
    struct replay_object *o = object(w, &w->store->state->ranks);
    next_name(w, vid);
    if (!is_in && o)
        replay_drop(o, vid);
    else if (is_in && o)
        w->failed = replay_put_score(o, vid, next_name(w, score));
}

static void put_shares(struct walk *w)
{
    struct replay_object *o = object(w, &w->store->state->placements);
    struct redis_arg epoch = next_word(w), shares = next_word(w);
    if (o && !w->failed)
        w->failed = replay_put(o, "epoch", epoch.at, epoch.len);
    if (o && !w->failed)
        w->failed = replay_put(o, "shares", shares.at, shares.len);
}

static void put_checkpoint(struct walk *w)
{
    struct replay_store *s = w->store;
    char stage[REPLAY_NAME_MAX];
    next_name(w, stage);
    s->iteration = (int)next_number(w);
    struct redis_arg text = next_word(w);
    (void)snprintf(s->stage, sizeof s->stage, "%.63s", stage);
    buf_clear(&s->checkpoint);
    buf_append(&s->checkpoint, text.at, text.len);
    if (!w->failed)
        w->failed = buf_status(&s->checkpoint);
    if (!w->failed)
        w->failed = replay_put_checkpoint(s->state, text.at, text.len);
}

static void put_end(struct walk *w)
{
    struct replay_object *c = &w->store->state->campaign;
    struct redis_arg state = next_word(w), error = next_word(w);
    (void)next_word(w);
    w->store->over = true;
    if (!w->failed)
        w->failed = replay_put(c, "state", state.at, state.len);
    if (!w->failed)
        w->failed = replay_put(c, "error", error.at, error.len);
}

static void skip(struct walk *w, int words)
{
    while (words-- > 0)
        (void)next_word(w);
}

static void apply(struct walk *w, char op)
{
    struct replay_state *s = w->store->state;
    switch (op) {
    case 'C':
        put_fields(w, &s->campaign);
        break;
    case 'V':
        put_fields(w, object(w, &s->variants));
        break;
    case 'P':
        put_fields(w, object(w, &s->placements));
        break;
    case 'I':
        skip(w, 1);
        put_fields(w, NULL);
        break;
    case 'A':
    case 'S':
        put_fields(w, NULL);
        break;
    case 'R':
        put_rank(w, true);
        break;
    case 'U':
        put_rank(w, false);
        break;
    case 'L':
        put_shares(w);
        break;
    case 'E':
        skip(w, 2);
        break;
    case 'K':
        put_checkpoint(w);
        w->store->waits = false;
        break;
    case 'W':
        put_checkpoint(w);
        skip(w, 2);
        w->store->waits = true;
        break;
    case 'X':
        put_end(w);
        break;
    default:
        skip(w, 1);
        break; /* D H M */
    }
}

enum err replay_store_commit(struct replay_store *s, struct results *w)
{
    size_t argc = 0;
    struct redis_arg *argv = args_view(&w->args, &argc);
    struct walk walk = {.store = s, .argv = argv, .argc = argc};
    if (!argv)
        return w->args.failed ? w->args.failed : ERR_NOMEM;
    char op[REPLAY_NAME_MAX];
    while (walk.at < argc && !walk.failed)
        apply(&walk, next_name(&walk, op)[0]);
    free(argv);
    s->run++;
    s->made++;
    return walk.failed;
}

bool replay_store_end_unread(struct replay_store *s)
{
    const char *code = json_str(json_get(s->given, "end"), "");
    struct results w;
    if (!*code)
        return false;
    results_init(&w);
    enum err e = publish_end(err_from_code(code), 0, &w);
    if (!e)
        e = replay_store_commit(s, &w);
    if (e)
        replay_store_fail(s, "its end cannot be made again: %s", err_code(e));
    results_fini(&w);
    return true;
}
