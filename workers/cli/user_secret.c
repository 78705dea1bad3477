/* user_secret.c: see user_secret.h. */
#include "workers/cli/user_secret.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include <stdio.h>
#include <string.h>

#define FIELD "user_secret" /* of the hash `meta` */
#define SECRET_BYTES 32
#define SECRET_TEXT 256 /* of what Redis keeps */

static enum err take_secret(void *arg, const struct reply *r)
{
    size_t n = 0;
    const char *text = reply_str(r, &n);
    if (reply_type(r) == REPLY_STR && n < SECRET_TEXT)
        memcpy(arg, text, n + 1);
    return ERR_OK;
}

static int read_secret(struct session *s, char out[SECRET_TEXT])
{
    struct key key = keys_meta(&s->queue.keys);
    struct session_call call = {.session = s, .take = take_secret, .arg = out};
    return session_end(&call, redis_do(s->redis, session_settle, &call, 0, "HGET",
                                       key.name, FIELD, NULL));
}

/* Of several that make one at the same time the first counts, for all. */
static int make_secret(struct session *s)
{
    unsigned char bytes[SECRET_BYTES];
    char text[2 * SECRET_BYTES + 1];
    struct key key = keys_meta(&s->queue.keys);
    struct session_call call = {.session = s};
    if (rng_secret(bytes, sizeof bytes)) {
        cli_error(s->cli, ERR_IO,
                  "this system gives no random bytes for a secret; set "
                  "BARKER_USER_SECRET");
        return CLI_FAILED;
    }
    hash_hex(bytes, sizeof bytes, text);
    return session_end(&call, redis_do(s->redis, session_settle, &call, 0, "HSETNX",
                                       key.name, FIELD, text, NULL));
}

int user_secret_find(struct session *s, struct cli *c)
{
    char secret[SECRET_TEXT] = "";
    struct err_detail d = {.path = ""};
    if (*config_str(c->config, "global", FIELD))
        return CLI_OK;
    int rc = read_secret(s, secret);
    if (!rc && !*secret) {
        rc = make_secret(s);
        rc = rc ? rc : read_secret(s, secret);
    }
    if (rc)
        return rc;
    if (!*secret) {
        cli_error(c, ERR_REDIS,
                  "the secret of users cannot be kept in Redis; set "
                  "BARKER_USER_SECRET");
        return CLI_FAILED;
    }
    d.code = config_override(c->config, "global", FIELD, secret, &d);
    return d.code ? cli_refuse(c, &d) : CLI_OK;
}

enum err user_secret_ask(struct session *s, struct session_call *call)
{
    struct key key = keys_meta(&s->queue.keys);
    return redis_do(s->redis, session_settle, call, 0, "HEXISTS", key.name, FIELD,
                    NULL);
}
