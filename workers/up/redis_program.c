/* redis_program.c: see redis_program.h. */
#include "workers/up/redis_program.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMM_MAX 15 /* bytes of a name that the kernel keeps */

static const char *const KNOWN[] = {"redis-server", "valkey-server"};
#define KNOWN_N (sizeof KNOWN / sizeof KNOWN[0])

/* The server runs in another folder, so a path from here is made absolute. Links stay:
 * one program serves under several names and behaves by the one it is called. */
static bool take(const char *path, char *out, size_t size)
{
    char here[PATH_MAX] = "";
    struct stat st;
    if (*path != '/' && !getcwd(here, sizeof here))
        return false;
    int n = snprintf(out, size, "%s%s%s", here, *here ? "/" : "", path);
    return n > 0 && (size_t)n < size && stat(out, &st) == 0 && S_ISREG(st.st_mode) &&
           access(out, X_OK) == 0;
}

static bool find(const char *name, char *out, size_t size)
{
    char path[PATH_MAX];
    const char *folder = getenv("PATH");
    if (strchr(name, '/'))
        return take(name, out, size);
    while (folder && *folder) {
        size_t n = strcspn(folder, ":");
        int len = snprintf(path, sizeof path, "%.*s/%s", (int)n, folder, name);
        if (n > 0 && len > 0 && (size_t)len < sizeof path && take(path, out, size))
            return true;
        folder += n + (folder[n] == ':');
    }
    return false;
}

enum err redis_program_find(const char *wanted, char *out, size_t size,
                            struct err_detail *d)
{
    if (*wanted)
        return find(wanted, out, size)
                   ? ERR_OK
                   : err_set(d, ERR_IO, wanted,
                             "redis.server (BARKER_REDIS_SERVER) is no program here");
    for (size_t i = 0; i < KNOWN_N; i++)
        if (find(KNOWN[i], out, size))
            return ERR_OK;
    return err_set(d, ERR_IO, "redis-server",
                   "is not installed, nor is valkey-server; install one, or give "
                   "--redis URL");
}

bool redis_program_is(const char *wanted, const char *name)
{
    const char *slash = strrchr(wanted, '/');
    const char *base = slash ? slash + 1 : wanted;
    if (*base && strncmp(name, base, COMM_MAX) == 0)
        return true;
    for (size_t i = 0; i < KNOWN_N; i++)
        if (strcmp(name, KNOWN[i]) == 0)
            return true;
    return false;
}
