/* log.h: one JSON line per event on stderr (or plain text on a terminal).
 * Levels: error < warn < info < debug. Fields are bounded: a value over 512 bytes is
 * cut and marked. Secrets are never passed in. Callable from the loop thread only. */
#ifndef BARKER_CORE_BASE_LOG_H
#define BARKER_CORE_BASE_LOG_H

#include "core/base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_sink; /* set once by main; the only mutable state at file scope */
void log_init(enum log_level level, const char *process); /* process: "worker 1f3a" */
enum log_level log_level_from(const char *name);          /* default LOG_INFO */

/* event: a documented dotted name, "job.claimed"; then "key", "value" pairs, NULL. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif
