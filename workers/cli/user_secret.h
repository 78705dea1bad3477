/* user_secret.h: the secret under which users are known (workers/users/pseudonym.h). */
#ifndef BARKER_WORKERS_CLI_USER_SECRET_H
#define BARKER_WORKERS_CLI_USER_SECRET_H

#include "workers/cli/session.h"

/* Sees to it that global.user_secret of c->config is there: what is configured, else
 * what this deployment keeps in Redis, which the first that asks makes, once. Returns
 * an exit code and has said why. */
int user_secret_find(struct session *s, struct cli *c);
/* Whether Redis keeps one; the secret itself is not read. */
enum err user_secret_ask(struct session *s, struct session_call *call) MUST_USE;

#endif
