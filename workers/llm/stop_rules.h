/* stop_rules.h: the stop rules of an ask, watched while its reply streams in. Internal
 * to workers/llm. What breaks a rule here is refused by the ask's stage too; a text
 * that may still turn out well is not stopped. */
#ifndef BARKER_WORKERS_LLM_STOP_RULES_H
#define BARKER_WORKERS_LLM_STOP_RULES_H

#include "campaigns/ask.h"

struct stop_rules {
    int64_t max_characters;
    char **banned; /* **owns**, in one block of memory; NULL = none */
    size_t banned_count;
    int64_t characters; /* up to counted_bytes; an escape of JSON is one */
    size_t counted_bytes, judged_bytes;
    unsigned escape; /* letters of an escape still to come */
};

/* A copy of the rules: the ask need not live on. */
enum err stop_rules_init(struct stop_rules *s, const struct ask_stop *of) MUST_USE;
void stop_rules_fini(struct stop_rules *s);
/* text[0, n) is what came so far; it only grows. Thoughts before the answer
 * (<think>…</think>) are not counted. Banned terms are looked for now and then, up to
 * the last word that is surely whole. */
bool stop_rules_broken(struct stop_rules *s, const char *text, size_t n) MUST_USE;

#endif
