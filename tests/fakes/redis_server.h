/* redis_server.h: a Redis (or Valkey) of a test's own, on a unix socket and a TCP port,
 * with its data in a temporary folder. It dies with the test. */
#ifndef BARKER_TESTS_REDIS_SERVER_H
#define BARKER_TESTS_REDIS_SERVER_H

#include "tests/fakes/redis_exec.h"
#include "tests/fakes/temp_folder.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define REDIS_SERVER_TRIES 2000 /* of 10 ms each, for a slow machine */

struct redis_server {
    char folder[64], path[80], url_unix[96], url_tcp[96];
    int port;
    pid_t pid;
};

static inline struct sockaddr_in redis_server_loopback(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return a;
}

static inline int redis_server_free_port(void)
{
    struct sockaddr_in a = redis_server_loopback(0);
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
                getsockname(fd, (struct sockaddr *)&a, &len) == 0;
    (void)close(fd);
    return good ? ntohs(a.sin_port) : -1;
}

/* Any answer to PING, also an error, means that it serves. */
static inline bool redis_server_answers(const struct redis_server *s)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const struct timeval limit = {5, 0};
    char answer[8];
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", s->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
                setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
                write(fd, "PING\r\n", 6) == 6 && read(fd, answer, sizeof answer) > 0;
    (void)close(fd);
    return good;
}

/* An ACL rule can only stand in a file. */
static inline void redis_server_configure(const struct redis_server *s,
                                          const char *user)
{
    char path[80];
    (void)snprintf(path, sizeof path, "%s/conf", s->folder);
    FILE *f = fopen(path, "we");
    if (f) {
        (void)fprintf(f, "%s%s\n", user ? "user " : "", user ? user : "");
        (void)fclose(f);
    }
}

static inline void redis_server_exec(const struct redis_server *s)
{
    char port[8], log[80], conf[80];
    int null = open("/dev/null", O_RDWR);
    (void)snprintf(port, sizeof port, "%d", s->port);
    (void)snprintf(log, sizeof log, "%s/log", s->folder);
    (void)snprintf(conf, sizeof conf, "%s/conf", s->folder);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 0; fd <= 2; fd++) {
        (void)dup2(null, fd);
    }
    const char *argv[] = {
        NULL,           conf,    "--port",    port,      "--bind", "127.0.0.1",
        "--unixsocket", s->path, "--dir",     s->folder, "--save", "",
        "--appendonly", "no",    "--logfile", log,       NULL};
    redis_exec(argv);
    _exit(127);
}

/* Starts it again in the same place. user: an ACL rule, or NULL. */
static inline bool redis_server_restart(struct redis_server *s, const char *user)
{
    redis_server_configure(s, user);
    s->pid = fork();
    if (s->pid == 0) {
        redis_server_exec(s);
    }
    for (int i = 0; s->pid > 0 && i < REDIS_SERVER_TRIES; i++) {
        if (redis_server_answers(s)) {
            return true;
        }
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
            s->pid = 0;
            return false;
        }
        (void)usleep(10000);
    }
    return false;
}

static inline bool redis_server_start(struct redis_server *s, const char *user)
{
    *s = (struct redis_server){.port = redis_server_free_port()};
    if (s->port < 0 || !temp_folder_make(s->folder, sizeof s->folder)) {
        return false;
    }
    (void)snprintf(s->path, sizeof s->path, "%s/s", s->folder);
    (void)snprintf(s->url_unix, sizeof s->url_unix, "unix://%s", s->path);
    (void)snprintf(s->url_tcp, sizeof s->url_tcp, "redis://127.0.0.1:%d", s->port);
    return redis_server_restart(s, user);
}

static inline void redis_server_kill(struct redis_server *s)
{
    if (s->pid > 0) {
        (void)kill(s->pid, SIGKILL);
        (void)waitpid(s->pid, NULL, 0);
        s->pid = 0;
    }
}

static inline void redis_server_stop(struct redis_server *s)
{
    redis_server_kill(s);
    temp_folder_remove(s->folder);
}

#endif
