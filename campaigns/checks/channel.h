/* channel.h: channels and their limits as data (campaigns/data/channels.json), with
 * exact counters. A channel has one or more fields; the text of a variant of a
 * one-field channel is that field's text, of a multi-field channel a JSON object with
 * one member per field: a string, or an array of strings for a field with items_max
 * (one such field alone makes an object too).
 *
 * Table: {"v": 1, "channels": [{"name", "source", "off", "images_needed", "octets_max",
 * "fields": [{"name", "counter", "max", "min", "soft_max", "octets_max", "items_min",
 * "items_max", "short_max", "word_max", "words_free", "single_line", "forbid",
 * "phrases", "prompt_characters", "slots": [{"fact", "fallback", "open", "close",
 * "glue", "at_end"}]}]}]}; all but the names and "fields" may be left out. A user's
 * channel with a shipped name replaces the shipped one. */
#ifndef BARKER_CAMPAIGNS_CHECKS_CHANNEL_H
#define BARKER_CAMPAIGNS_CHECKS_CHANNEL_H

#include "core/base/err.h"
#include "core/base/json.h"

/* One counter is one way to measure text. Result < 0: a character that the channel
 * cannot carry at all. */
struct counter {
    const char *name; /* "code_points", "utf16", "gsm7_segments", … */
    const char *unit; /* for messages: "characters", "segments" */
    int64_t (*count)(const char *text, size_t n);
};
const struct counter *counter_find(const char *name);

/* What must stand in every text of a field whatever the model writes (a signature, an
 * opt-out, an address): put in by channel_text_fill(), counted like the rest. */
struct channel_slot {
    const char *fact;         /* facts.<fact> of the spec gives it */
    const char *fallback;     /* without that fact; NULL = the fact is required */
    const char *open, *close; /* put around what lacks them; "" = nothing */
    const char *glue;         /* between it and the rest of the text */
    bool at_end;
};

#define CHANNEL_SLOTS_MAX 4
struct channel_field {
    const char *name; /* "text", "subject" */
    const struct counter *counter;
    /* In units of the counter; max 0 = no limit. min is 1 if the table does not say;
     * 0 = the field may be empty, or absent from the object. */
    int64_t max, min;
    int64_t soft_max;             /* 0 = none; over it a warning, not a refusal */
    int64_t octets_max;           /* bytes of UTF-8, beside the counter; 0 = no limit */
    int64_t items_min, items_max; /* items_max 0 = one string, not an array */
    int64_t short_max;            /* one item at least is no longer; 0 = no such rule */
    int64_t word_max;             /* times one word may stand in it; 0 = any */
    const struct json *words_free; /* strings that word_max does not count, or NULL */
    bool single_line;              /* CR and LF refused (header injection) */
    const char *forbid;            /* characters refused one by one; "" = none */
    const struct json *phrases;    /* strings refused wherever they stand, or NULL */
    int64_t prompt_characters; /* what the prompt asks for, a safe length; 0 = not said
                                */
    struct channel_slot slots[CHANNEL_SLOTS_MAX];
    int slot_count;
};

#define CHANNEL_FIELDS_MAX 8
struct channel {
    char name[64];
    struct channel_field fields[CHANNEL_FIELDS_MAX];
    int field_count;
    bool images_needed; /* reported, not checked */
    int64_t octets_max; /* bytes of the whole text, a JSON object; 0 = no limit */
    const char *off;    /* why a spec may not name it; NULL = it may */
};

struct channel_set; /* **owns** its channels */
/* Reads the shipped table (embedded) plus, if extra is not NULL, a user's own (errors
 * carry the JSON pointer into it). */
enum err channel_set_new(const char *extra_json, struct channel_set **out,
                         struct err_detail *d) MUST_USE;
void channel_set_free(struct channel_set *s);
const struct channel *channel_find(const struct channel_set *s, const char *name);
const struct channel *channel_at(const struct channel_set *s, size_t i); /* or NULL */
/* Is the text of a variant a JSON object? */
bool channel_is_object(const struct channel *c);

struct channel_finding {
    char field[32];
    enum err code; /* ERR_OUT_OF_RANGE, ERR_BAD_ENCODING, ERR_BAD_VALUE */
    bool hard;
    char message[200]; /* "sms.text: 2 segments, at most 1" */
};
/* Judges the text of one variant; at most max findings are written. If there is any
 * hard one, one at least is among them: soft ones make room. Returns how many were
 * written; 0 = the text fits. */
int channel_judge(const struct channel *c, const char *text, size_t n,
                  struct channel_finding *out, int max);
/* Has this text alone, as (an item of) the field, no hard finding? */
bool channel_item_fits(const struct channel *c, const struct channel_field *f,
                       const char *text);

/* Whether a channel, or a placement that begins with its name, is of messages to one
 * person (sms, email, push): its rates are per message delivered. */
bool channel_is_message(const char *name);

#endif
