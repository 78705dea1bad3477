/* server_check.c: see server_check.h. */
#include "workers/cli/server_check.h"
#include "core/base/log.h"
#include "workers/cli/info.h"
#include <string.h>

static enum err take_text(void *arg, const struct reply *r)
{
    size_t n;
    const char *text = reply_str(r, &n);
    return buf_append(arg, text, n);
}

static void read_part(struct session *s, const char *part, struct buf *info)
{
    struct session_call call = {.session = s, .take = take_text, .arg = info};
    enum err e = session_wait(
        &call, redis_do(s->redis, session_settle, &call, 0, "INFO", part, NULL));
    if (!e)
        buf_append_char(info, '\n');
}

static int check_policy(const struct session *s, const struct buf *info)
{
    char policy[64];
    info_word(info, "maxmemory_policy", policy);
    if (!*policy || strcmp(policy, "noeviction") == 0)
        return CLI_OK;
    if (config_bool(s->cli->config, "redis", "allow_eviction")) {
        log_event(LOG_WARN, "redis.evicts", "policy", policy, "hint",
                  "redis.allow_eviction is on: campaigns can vanish", NULL);
        return CLI_OK;
    }
    cli_error(s->cli, ERR_CONFIG,
              "maxmemory-policy of Redis is %s: campaigns could be evicted; CONFIG SET "
              "maxmemory-policy noeviction, or set redis.allow_eviction = true",
              policy);
    return CLI_FAILED;
}

int server_check(struct session *s)
{
    struct buf info;
    buf_init(&info, INFO_MAX_BYTES);
    read_part(s, "memory", &info);
    read_part(s, "persistence", &info);
    int rc = check_policy(s, &info);
    if (!rc && info_is(&info, "aof_enabled", "0"))
        log_event(
            LOG_WARN, "redis.not_durable", "hint",
            "appendonly is off: a crash of Redis loses all since its last snapshot",
            NULL);
    buf_fini(&info);
    return rc;
}
