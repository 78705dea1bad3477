/* pii.h: personal data in a prompt becomes tokens such as [[email_1]] before it leaves
 * the machine, and becomes itself again in the reply. One map per prompt: the same
 * value has the same token in all texts that were masked with it, so it follows from
 * the prompt alone. A word of the prompt that looks like a token is masked as well:
 * what comes back as [[email_1]] is always ours. All memory is the arena's. Pure. */
#ifndef BARKER_CAMPAIGNS_CHECKS_PII_H
#define BARKER_CAMPAIGNS_CHECKS_PII_H

#include "campaigns/checks/pii_find.h"
#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

#define PII_TOKEN_MAX 24
#define PII_VALUES_MAX 500 /* of one prompt; more are told as [[email_0]], for good */

struct pii_value {
    char token[PII_TOKEN_MAX];
    enum pii_kind kind;
    const char *text;
    size_t len;
};
struct pii {
    struct arena *arena; /* borrows */
    struct pii_value *values;
    int count, room;
    int last[PII_KINDS]; /* numbers in use */
};

void pii_init(struct pii *p, struct arena *a);
/* *out: the text with its values replaced; the text itself if it has none. */
enum err pii_mask(struct pii *p, const char *text, const char **out) MUST_USE;
/* The other way; case and blanks within the brackets do not matter. ERR_LIMIT: what
 * comes of it is over PII_TEXT_MAX. */
enum err pii_restore(const struct pii *p, const char *text, size_t n, const char **out,
                     size_t *len) MUST_USE;
#define PII_TEXT_MAX ((size_t)16 << 20)
/* A token that stands for nothing: the model has made it up. Copied to `token`. */
bool pii_find_unknown(const struct pii *p, const char *text, size_t n,
                      char token[PII_TOKEN_MAX]);
/* "[[email_1]] (25), [[phone_1]] (14)": tokens with the characters that they stand for;
 * the first twenty. */
enum err pii_describe(const struct pii *p, struct buf *out) MUST_USE;

#endif
