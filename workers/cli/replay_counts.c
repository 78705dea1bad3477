/* replay_counts.c: see replay_counts.h. */
#include "workers/cli/replay_counts.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const types[] = {"impression", "delivered", "click", "conversion"};
static const char *const fields[] = {"impressions", "delivered", "clicks",
                                     "conversions"};
#define TYPES (sizeof types / sizeof *types)

static int type_index(const char *name)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(types[i], name) == 0)
            return (int)i;
    return -1;
}

/* Adds one exact counter to the sum of its variant. */
static enum err add(struct replay_table *sums, const char *name, int64_t n)
{
    char vid[REPLAY_NAME_MAX], text[32];
    const char *colon = strchr(name, ':'), *last = strrchr(name, ':');
    int type = last ? type_index(last + 1) : -1;
    if (!colon || colon == last || type < 0)
        return ERR_OK; /* money, and types that are not public */
    (void)snprintf(vid, sizeof vid, "%.*s", (int)(last - colon - 1), colon + 1);
    struct replay_object *o = replay_table_put(sums, vid);
    if (!o)
        return ERR_NOMEM;
    const char *was = replay_get(o, fields[type]);
    n += was ? strtoll(was, NULL, 10) : 0;
    int len = snprintf(text, sizeof text, "%" PRId64, n);
    return replay_put(o, fields[type], text, (size_t)len);
}

static void compare(const struct replay_state *stored, const struct replay_table *sums,
                    char *wrong, size_t size)
{
    for (int i = 0; i < stored->variants.count && !*wrong; i++) {
        const struct replay_object *v = stored->variants.items[i];
        const struct replay_object *sum = replay_table_find(sums, v->name);
        for (size_t k = 0; k < TYPES && !*wrong; k++) {
            const char *is = replay_get(v, fields[k]);
            const char *should = sum ? replay_get(sum, fields[k]) : NULL;
            if (strcmp(is ? is : "0", should ? should : "0") != 0)
                (void)snprintf(wrong, size,
                               "variant %s, %s: stored %.32s, its exact counters sum "
                               "up to %s",
                               v->name, fields[k], is ? is : "nothing",
                               should ? should : "0");
        }
    }
}

enum err replay_counts_check(const struct replay_state *stored,
                             const struct reply *exact, char *wrong, size_t size)
{
    struct replay_table sums = {.items = NULL};
    enum err e = ERR_OK;
    *wrong = '\0';
    for (size_t i = 0; i + 1 < reply_count(exact) && !e; i += 2)
        e = add(&sums, reply_str(reply_at(exact, i), NULL),
                reply_int(reply_at(exact, i + 1)));
    if (!e)
        compare(stored, &sums, wrong, size);
    replay_table_fini(&sums);
    return e;
}
