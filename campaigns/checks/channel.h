/* channel.h: channels and their limits as data (campaigns/data/channels.json), with
 * exact counters. A channel has one or more fields; the text of a variant of a
 * one-field channel is that field's text, of a multi-field channel a JSON object. */
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

struct channel_field {
    const char *name; /* "text", "subject" */
    const struct counter *counter;
    int64_t max, min;      /* in units of the counter; max 0 = no limit */
    int64_t soft_max;      /* 0 = none; over it a warning, not a refusal */
    bool single_line;      /* CR and LF refused (header injection) */
    int prompt_characters; /* what the prompt asks for: a safe length in characters */
};

#define CHANNEL_FIELDS_MAX 8
struct channel {
    char name[64];
    struct channel_field fields[CHANNEL_FIELDS_MAX];
    int field_count;
    bool images_needed; /* reported, not checked */
};

struct channel_set; /* **owns** its channels */
/* Reads the shipped table (embedded) plus, if extra is not NULL, a user's own. */
enum err channel_set_new(const char *extra_json, struct channel_set **out,
                         struct err_detail *d) MUST_USE;
void channel_set_free(struct channel_set *s);
const struct channel *channel_find(const struct channel_set *s, const char *name);
const struct channel *channel_at(const struct channel_set *s, size_t i); /* or NULL */

struct channel_finding {
    char field[32];
    enum err code;     /* ERR_OUT_OF_RANGE, ERR_BAD_ENCODING, ERR_BAD_VALUE */
    bool hard;
    char message[200]; /* "sms.text: 2 segments, at most 1" */
};
/* Judges the text of one variant; at most max findings are written. Returns how many. */
int channel_judge(const struct channel *c, const char *text, size_t n,
                  struct channel_finding *out, int max);

#endif
