/* sim_log.c: the log of the workers, in place of core/base/log.c: quiet, but when one
 * run is repeated (BARKER_SIM_LOG, set by sim_main.c). */
#include "core/base/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void log_event(enum log_level level, const char *event, ...)
{
    (void)level;
    if (!getenv("BARKER_SIM_LOG"))
        return;
    va_list args;
    va_start(args, event);
    printf("%14s  log %s", "", event);
    for (const char *s = va_arg(args, const char *); s; s = va_arg(args, const char *))
        printf(" %s", s);
    printf("\n");
    va_end(args);
}
