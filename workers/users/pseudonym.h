/* pseudonym.h: the names under which users are kept. A name is the first 16 bytes of
 * HMAC-SHA-256 of the user's id under the secret of the deployment (setting
 * global.user_secret), as 32 characters of hex: the same user has the same name
 * everywhere, and who lacks the secret cannot tell whose it is by trying ids. Ids
 * themselves are compared and hashed in memory only. Pure. */
#ifndef BARKER_WORKERS_USERS_PSEUDONYM_H
#define BARKER_WORKERS_USERS_PSEUDONYM_H

#include <stddef.h>
#include <stdint.h>

#define PSEUDONYM_SIZE 33 /* with its NUL */
#define PSEUDONYM_MARK_SIZE 17

/* What a message to a user was made of. */
struct pseudonym_mark {
    const char *campaign, *placement, *variant; /* borrows */
    int64_t epoch;
};

void pseudonym_of(const char *secret, const char *user, char out[PSEUDONYM_SIZE]);
/* 64 bits as hex for an impression that must be the same each time it is asked for:
 * keyed too, as impressions travel with events. */
void pseudonym_mark(const char *secret, const char *user,
                    const struct pseudonym_mark *m, char out[PSEUDONYM_MARK_SIZE]);

#endif
