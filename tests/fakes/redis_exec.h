/* redis_exec.h: becomes the server that tests use: BARKER_REDIS_SERVER, or else
 * redis-server, or else valkey-server, as `barker up` does. */
#ifndef BARKER_TESTS_REDIS_EXEC_H
#define BARKER_TESTS_REDIS_EXEC_H

#include <stdlib.h>
#include <unistd.h>

/* In a child process. argv[0] is set here. Returns when there is no such program. */
static inline void redis_exec(const char *argv[])
{
    const char *chosen = getenv("BARKER_REDIS_SERVER");
    const char *const names[] = {"redis-server", "valkey-server"};
    if (chosen && *chosen) {
        argv[0] = chosen;
        (void)execvp(argv[0], (char *const *)argv);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        argv[0] = names[i];
        (void)execvp(argv[0], (char *const *)argv);
    }
}

#endif
