/* ask.h: what a stage asks the world for, and what came back. Plain data in the
 * campaign's arena; the engine numbers asks 0.. in the order they were planned. */
#ifndef BARKER_CAMPAIGNS_ASK_H
#define BARKER_CAMPAIGNS_ASK_H

#include "core/base/arena.h"
#include "core/base/json.h"

#define ASK_LIST_MAX                                                                   \
    256 /* asks of one iteration; larger work is paged by iterations                   \
         */

enum ask_type {
    ASK_CHAT,      /* one LLM completion */
    ASK_EMBED,     /* one embedding */
    ASK_MODERATE,  /* one verdict of a moderation endpoint */
    ASK_WINDOW,    /* `count` items of a Redis list or stream from `cursor` */
    ASK_RESULT,    /* the result document of another campaign of the tenant */
    ASK_CACHE_GET, /* a value kept under a content hash */
    ASK_CACHE_PUT,
    ASK_SPAWN, /* a child campaign */
};

/* What goes to a model: reserved, journalled, settled, priced and audited as a call. */
static inline bool ask_is_call(enum ask_type type)
{
    return type == ASK_CHAT || type == ASK_EMBED || type == ASK_MODERATE;
}

/* Numbers of an embedding, at most. Its reply is a string: the numbers as float32,
 * least byte first, none of them infinite or no number, in base64 with its padding. */
#define ASK_DIMENSIONS_MAX 8192

/* Declarative rules for early abort while a reply streams in. The stage is given what
 * came until then, as any reply, so its accept must refuse what breaks them. */
struct ask_stop {
    int64_t max_characters; /* of the reply as it is written, JSON and all; 0 = any */
    const char *const *banned; /* as of terms_find() */
    int banned_count;
};

struct ask {
    enum ask_type type;
    int index;
    int tag[3];       /* the kind's own marks, for example placement and angle */
    const char *note; /* the kind's own text, for example the angle */
    /* CHAT */
    const char *system, *user;
    const char *schema_name, *schema; /* JSON Schema text, or NULL for plain text */
    double temperature;
    int max_tokens;
    int likely_tokens; /* of a good reply, for forecasts; 0 = half of max_tokens */
    uint64_t seed;
    struct ask_stop stop;
    int dimensions; /* EMBED: numbers wanted; 0 = as many as the model has */
    /* EMBED, MODERATE: user. The reply of MODERATE is {"flagged":bool,
     * "categories":[name]}. WINDOW: key, cursor, count. RESULT: key = campaign id.
     * CACHE_*: key = hash, user = value. SPAWN: key = child id, user = spec text. */
    const char *key, *cursor;
    int count;
};

struct ask_list {
    struct ask *items;
    int count;
    struct arena *arena; /* borrows */
    bool failed;         /* out of memory, or over ASK_LIST_MAX */
};
/* A new zeroed ask at the end, or NULL. */
struct ask *ask_add(struct ask_list *list, enum ask_type type);

/* Why a reply is refused; the text goes back to the model once. */
struct objection {
    bool raised;
    char message[512];
};
void objection_raise(struct objection *o, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* How one ask ended. reply is NULL unless code is ERR_OK. */
struct answer {
    enum err code;
    const struct json *reply; /* chat with schema: the object; plain text: a string */
    const char *text;         /* raw text, kept also for refused replies; or NULL */
    int64_t usd_nano;
};
struct answers {
    const struct ask *asks;
    const struct answer *items;
    int count;
};

#endif
