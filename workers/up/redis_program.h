/* redis_program.h: which program serves as the private Redis of `barker up`. */
#ifndef BARKER_WORKERS_UP_REDIS_PROGRAM_H
#define BARKER_WORKERS_UP_REDIS_PROGRAM_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stddef.h>

/* wanted: a path, or a name that is looked up in PATH; "": redis-server, or else
 * valkey-server. out: its absolute path. ERR_IO: there is none; d says what to do. */
enum err redis_program_find(const char *wanted, char *out, size_t size,
                            struct err_detail *d) MUST_USE;
/* Is `name`, of /proc/PID/comm, the name of such a program? */
bool redis_program_is(const char *wanted, const char *name);

#endif
