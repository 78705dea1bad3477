/* doctor_server.c: the Redis server: what it is, what it keeps, what it lets us do. */
#include "core/base/clock.h"
#include "workers/cli/doctor.h"
#include "workers/cli/info.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_MS 50

static enum err take_text(void *arg, const struct reply *r)
{
    size_t n;
    const char *text = reply_str(r, &n);
    return buf_append(arg, text, n);
}

static bool read_info(struct doctor *d, struct buf *info)
{
    static const char *const parts[] = {"server", "memory", "persistence",
                                        "replication", "cluster"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct session_call call = {
            .session = d->session, .take = take_text, .arg = info};
        if (!doctor_ask(d, "redis", &call,
                        redis_do(d->session->redis, session_settle, &call, 0, "INFO",
                                 parts[i], NULL)))
            return false;
        buf_append_char(info, '\n');
    }
    return true;
}

static void say_round_trip(struct doctor *d)
{
    struct session_call call = {.session = d->session};
    int64_t start = clock_mono_us();
    if (!doctor_ask(
            d, "redis", &call,
            redis_do(d->session->redis, session_settle, &call, 0, "PING", NULL)))
        return;
    int64_t us = clock_mono_us() - start;
    bool slow = us > (int64_t)SLOW_MS * 1000;
    doctor_say(d, slow ? DOCTOR_WARNING : DOCTOR_OK, "redis",
               slow ? "put workers nearer to Redis" : "",
               "reachable, a round trip takes %.2f ms", (double)us / 1000);
}

static void say_version(struct doctor *d, const struct buf *info)
{
    char word[64];
    const bool valkey = info_is(info, "server_name", "valkey");
    const char *at = info_word(info, valkey ? "valkey_version" : "redis_version", word);
    char *end = NULL;
    long major = strtol(at, &end, 10),
         minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    bool good = major > 7 || (major == 7 && (!valkey || minor >= 2));
    doctor_say(d, good ? DOCTOR_OK : DOCTOR_FAIL, "redis.version",
               good ? "" : "Redis 7.0 or Valkey 7.2 is the least", "%s %s",
               valkey ? "Valkey" : "Redis", at);
    if (info_number(info, "cluster_enabled") == 1)
        doctor_say(d, DOCTOR_FAIL, "redis.cluster", "use a single server",
                   "it is in cluster mode, which this version does not serve");
    if (info_is(info, "role", "slave"))
        doctor_say(d, DOCTOR_FAIL, "redis.role", "use its primary",
                   "it is a replica: nothing can be written");
}

static void say_memory(struct doctor *d, const struct buf *info)
{
    char policy[64];
    double used = (double)info_number(info, "used_memory");
    double most = (double)info_number(info, "maxmemory"), mb = 1024 * 1024;
    if (strcmp(info_word(info, "maxmemory_policy", policy), "noeviction") != 0)
        doctor_say(d, DOCTOR_FAIL, "redis.policy",
                   "CONFIG SET maxmemory-policy noeviction",
                   "maxmemory-policy is %s: campaigns could be evicted", policy);
    else
        doctor_say(d, DOCTOR_OK, "redis.policy", "", "noeviction");
    if (most <= 0)
        doctor_say(d, DOCTOR_OK, "redis.memory", "", "%.1f MiB used, no maxmemory",
                   used / mb);
    else
        doctor_say(d,
                   used >= 0.9 * most  ? DOCTOR_FAIL
                   : used > 0.8 * most ? DOCTOR_WARNING
                                       : DOCTOR_OK,
                   "redis.memory",
                   used >= 0.9 * most  ? "raise maxmemory: nothing new is admitted"
                   : used > 0.8 * most ? "raise maxmemory; from 90 % on nothing new is "
                                         "admitted"
                                       : "",
                   "%.1f of %.1f MiB used (%.0f %%)", used / mb, most / mb,
                   100 * used / most);
}

static enum err take_second(void *arg, const struct reply *r)
{
    (void)snprintf(arg, 64, "%.63s", reply_str(reply_at(r, 1), NULL));
    return ERR_OK;
}

static void say_append(struct doctor *d, const char *fsync)
{
    if (strcmp(fsync, "always") == 0)
        doctor_say(d, DOCTOR_OK, "redis.durability", "",
                   "appendfsync always, level durable: what was accepted is on this "
                   "server's disk; losing the disk loses it");
    else if (strcmp(fsync, "everysec") == 0)
        doctor_say(d, DOCTOR_OK, "redis.durability", "",
                   "appendfsync everysec, level standard: a crash of a process loses "
                   "nothing; loss of power can lose about the last second");
    else if (strcmp(fsync, "no") == 0)
        doctor_say(d, DOCTOR_WARNING, "redis.durability",
                   "CONFIG SET appendfsync everysec",
                   "appendfsync no, below level standard: loss of power can lose what "
                   "the kernel had not written");
    else
        doctor_say(d, DOCTOR_WARNING, "redis.durability", "look there yourself",
                   "appendonly is on; appendfsync cannot be read (CONFIG GET is "
                   "refused), so the level is not known");
}

static void say_durability(struct doctor *d, const struct buf *info)
{
    char fsync[64] = "";
    struct session_call call = {
        .session = d->session, .take = take_second, .arg = fsync};
    if (info_number(info, "aof_enabled") != 1) {
        doctor_say(d, DOCTOR_WARNING, "redis.durability", "CONFIG SET appendonly yes",
                   "appendonly is off, below level standard: a crash of Redis loses "
                   "all since its last snapshot");
        return;
    }
    if (session_wait(&call, redis_do(d->session->redis, session_settle, &call, 0,
                                     "CONFIG", "GET", "appendfsync", NULL)))
        fsync[0] = '\0';
    say_append(d, fsync);
    if (info_is(info, "aof_last_write_status", "err"))
        doctor_say(d, DOCTOR_FAIL, "redis.disk", "look at the disk and Redis' log",
                   "the last write to the append-only file failed");
}

void doctor_server(struct doctor *d)
{
    struct buf info;
    buf_init(&info, INFO_MAX_BYTES);
    say_round_trip(d);
    if (read_info(d, &info)) {
        say_version(d, &info);
        say_memory(d, &info);
        say_durability(d, &info);
    }
    buf_fini(&info);
}

static void say_scripts(struct doctor *d)
{
    for (int i = 0; i < QUEUE_SCRIPT_COUNT; i++) {
        struct session_call call = {.session = d->session};
        enum err e = session_wait(
            &call, queue_compile(&d->session->queue, i, session_settle, &call, 0));
        if (!e)
            continue;
        doctor_say(d, DOCTOR_FAIL, "redis.scripts", "allow SCRIPT and EVALSHA",
                   "%s is not loaded: %s", queue_script_name(i),
                   *call.message ? call.message : err_meaning(e));
        return;
    }
    doctor_say(d, DOCTOR_OK, "redis.scripts", "", "all %d scripts load",
               QUEUE_SCRIPT_COUNT);
}

struct meta {
    bool there;
    int64_t version, partitions;
};

static enum err take_meta(void *arg, const struct reply *r)
{
    struct meta *m = arg;
    m->there = reply_type(reply_at(r, 0)) != REPLY_NIL;
    m->version = reply_int(reply_at(r, 0));
    m->partitions = reply_int(reply_at(r, 1));
    return ERR_OK;
}

void doctor_data(struct doctor *d)
{
    struct key key = keys_meta(&d->session->queue.keys);
    struct meta m = {false, 0, 0};
    struct session_call call = {.session = d->session, .take = take_meta, .arg = &m};
    say_scripts(d);
    if (!doctor_ask(d, "redis.data", &call,
                    redis_do(d->session->redis, session_settle, &call, 0, "HMGET",
                             key.name, "v", "partitions", NULL)))
        return;
    if (!m.there)
        doctor_say(d, DOCTOR_OK, "redis.data", "",
                   "%s is not there: no worker has ever run on it", key.name);
    else if (m.version != SESSION_DATA_VERSION || m.partitions != 1)
        doctor_say(d, DOCTOR_FAIL, "redis.data", "use the program that wrote it",
                   "data of version %" PRId64 " in %" PRId64
                   " partitions; this program knows version %d in 1",
                   m.version, m.partitions, SESSION_DATA_VERSION);
    else
        doctor_say(d, DOCTOR_OK, "redis.data", "", "version %d, 1 partition",
                   SESSION_DATA_VERSION);
}
