/* sim_text.h: POST /v1/embeddings and /v1/moderations: texts in, numbers or verdicts
 * out. Pure: no I/O, no clock.
 *
 * An embedding is the sum of one direction for each word, taken from the word's hash,
 * made one long: the same words in any order are the same point, texts that share words
 * are near. `dimensions` from 1 to 4096, else 64; base64 if it is asked for. A text is
 * flagged if it has one of a few listed words, English or Chinese. usage as of
 * sim_chat.h, of moderations none. Faults of content: an empty embedding, a result
 * without a verdict. Not simulated, refused with 400: arrays of tokens, images, more
 * than 256 texts. */
#ifndef BARKER_TESTS_LLMSIM_SIM_TEXT_H
#define BARKER_TESTS_LLMSIM_SIM_TEXT_H

#include "tests/llmsim/sim_chat.h"

enum sim_text_kind { SIM_EMBED, SIM_MODERATE };

struct sim_text {
    enum sim_text_kind kind;
    struct json *root; /* owns */
    const char *model;
    const struct json *input;     /* a string or an array of strings */
    char sha256[HASH_SHA256_HEX]; /* of the texts, "\n" after each */
    int64_t tokens, dimensions;
    bool base64;
};

/* As sim_chat_parse(). */
enum err sim_text_parse(enum sim_text_kind kind, const char *body, size_t n,
                        struct sim_text *out, struct err_detail *d) MUST_USE;
void sim_text_fini(struct sim_text *t);
enum err sim_text_answer(const struct sim_text *t, const struct sim_sample *s,
                         struct buf *out, struct sim_usage *usage) MUST_USE;

#endif
