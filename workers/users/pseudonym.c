/* pseudonym.c: see pseudonym.h. An id holds no NUL, so a text with NULs in it, as that
 * of a mark, is never the text of a user. */
#include "workers/users/pseudonym.h"
#include "core/base/err.h"
#include "core/base/hash.h"
#include <string.h>

#define MARK_MAX_BYTES 2048

void pseudonym_of(const char *secret, const char *user, char out[PSEUDONYM_SIZE])
{
    unsigned char bytes[HASH_HMAC_BYTES];
    hash_hmac(secret, strlen(secret), user, strlen(user), bytes);
    hash_hex(bytes, (PSEUDONYM_SIZE - 1) / 2, out);
}

static size_t add(char *text, size_t at, const char *part)
{
    size_t n = strlen(part) + 1; /* with its NUL: no other parts give the same bytes */
    check(at + n <= MARK_MAX_BYTES);
    memcpy(text + at, part, n);
    return at + n;
}

void pseudonym_mark(const char *secret, const char *user,
                    const struct pseudonym_mark *m, char out[PSEUDONYM_MARK_SIZE])
{
    unsigned char bytes[HASH_HMAC_BYTES], epoch[8];
    char text[MARK_MAX_BYTES];
    for (int i = 0; i < 8; i++)
        epoch[i] = (unsigned char)((uint64_t)m->epoch >> (8 * i));
    size_t n = add(text, 0, "mark");
    n = add(text, n, m->campaign);
    n = add(text, n, m->placement);
    n = add(text, n, m->variant);
    n = add(text, n, user);
    check(n + sizeof epoch <= sizeof text);
    memcpy(text + n, epoch, sizeof epoch);
    hash_hmac(secret, strlen(secret), text, n + sizeof epoch, bytes);
    hash_hex(bytes, (PSEUDONYM_MARK_SIZE - 1) / 2, out);
}
