/* model_reply.c: what the model says: arithmetic for the toys, made-up words for copy.
 */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "tests/sim/model.h"
#include "tests/sim/scenario.h"
#include <stdlib.h>
#include <string.h>

#define BATCH_US (6 * WORLD_HOUR_US)
#define WORDS 9

/* Nine words out of syllables: no two seeds are near each other. */
static const char *words(struct arena *a, uint64_t seed)
{
    static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";
    char text[WORDS * 8 + 1];
    size_t n = 0;
    for (int i = 0; i < WORDS; i++) {
        seed = hash_mix(seed + 1);
        uint64_t bits = seed;
        for (int k = 0; k < 3; k++, bits >>= 10) {
            text[n++] = consonants[bits % 14];
            text[n++] = vowels[(bits >> 5) % 5];
        }
        text[n++] = i + 1 < WORDS ? ' ' : '.';
    }
    char *copy = arena_strndup(a, text, n);
    check(copy);
    return copy;
}

static long long sum_of(const char *numbers)
{
    long long sum = 0;
    char *end = NULL;
    for (long long n = strtoll(numbers, &end, 10); end != numbers;
         n = strtoll(numbers, &end, 10)) {
        sum += n;
        numbers = end;
    }
    return sum;
}

static const char *toy(struct world *w, struct arena *a, const char *what)
{
    if (strncmp(what, "sum ", 4) == 0)
        return arena_printf(a, "{\"sum\": %lld}", sum_of(what + 4));
    if (strncmp(what, "square ", 7) == 0)
        return arena_printf(a, "{\"sum\": %lld}", sum_of(what + 7) * sum_of(what + 7));
    if (strncmp(what, "draft ", 6) == 0)
        return arena_printf(a, "```json\n{\"text\": \"%s\"}\n```",
                            words(a, hash_fast_str(what, 1)));
    if (strcmp(what, "submit") == 0 && !w->batch_us)
        w->batch_us = w->now_us;
    if (strcmp(what, "submit") == 0)
        return "{\"batch\": \"b1\"}";
    return w->now_us - w->batch_us < BATCH_US ? "{\"ready\": false}"
                                              : "{\"ready\": true}";
}

/* Of two numbers, 1 and -2; everything is flagged. */
static const char *other(const struct ask *ask)
{
    return ask->type == ASK_EMBED ? "AACAPwAAAMA="
                                  : "{\"flagged\":true,\"categories\":[\"toys\"]}";
}

/* One string for each property that the schema asks for. */
static const char *copy_for(struct arena *a, const char *schema, uint64_t seed)
{
    struct json *j = NULL;
    struct err_detail d;
    check(json_parse(schema, strlen(schema), &json_limits_spec, &j, &d) == ERR_OK);
    const char *text = "";
    json_each (property, json_get(j, "properties"))
        text =
            arena_printf(a, "%s%s\"%s\":\"%s\"", text, text[0] ? "," : "",
                         json_key(property), words(a, seed + hash_fast_str(text, 2)));
    json_free(j);
    return arena_printf(a, "{%s}", text);
}

static const char *flawed(const struct ask *ask, uint64_t seed)
{
    if (!ask->schema)
        return " \n";
    const char *const bad[] = {"I am sorry, I cannot count.", "{\"other\": 1}",
                               "{\"sum\": -1}", "[1, 2", ""};
    return bad[seed % (sizeof bad / sizeof *bad)];
}

const char *model_reply(struct world *w, const struct port_call *call, struct arena *a,
                        bool *good)
{
    const struct ask *ask = call->ask;
    enum scenario_flaws flaws = w->plan.scenario->flaws;
    uint64_t seed = hash_mix(hash_fast_str(ask->user, ask->seed));
    bool first = flaws == FLAWS_FIRST && !call->objection[0] && seed % 3 == 0;
    *good = !first && flaws != FLAWS_ALWAYS;
    if (!*good)
        return flawed(ask, seed >> 8);
    if (flaws == FLAWS_LONG)
        return arena_printf(a, "{\"sum\": 1%4000s}", "");
    const char *text = NULL;
    if (ask->type != ASK_CHAT)
        text = other(ask);
    else if (strncmp(ask->user, "TOY ", 4) == 0)
        text = toy(w, a, ask->user + 4);
    else if (!ask->schema)
        text = words(a, seed);
    else if (strcmp(ask->schema_name, "angles") == 0)
        text = "{\"angles\": [\"warmth\", \"price\", \"haste\"]}";
    else
        text = copy_for(a, ask->schema, seed);
    check(text);
    return text;
}
