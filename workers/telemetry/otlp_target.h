/* otlp_target.h: where spans go, and with which headers: settings of [otlp], and the
 * variables of OpenTelemetry. The headers are secrets: kept only here, never logged. */
#ifndef BARKER_WORKERS_TELEMETRY_OTLP_TARGET_H
#define BARKER_WORKERS_TELEMETRY_OTLP_TARGET_H

#include "core/base/config.h"
#include "core/io/http.h"

#define OTLP_HEADERS_MAX 18 /* 16 of the user's */
#define OTLP_URL_MAX 1024

struct otlp_target {        /* **owns** */
    char url[OTLP_URL_MAX]; /* "" = spans are off. Not logged: it may hold a password */
    char *text; /* names and values of the headers, each ended by NUL; or NULL */
    size_t text_len;
    struct http_header headers[OTLP_HEADERS_MAX];
    size_t header_count;
    int64_t timeout_ms;
};

/* otlp.traces_endpoint as it is, else otlp.endpoint + /v1/traces. Headers from
 * OTEL_EXPORTER_OTLP_TRACES_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS:
 * name=value,name=value, values with %XX. No message quotes a value. */
enum err otlp_target_init(struct otlp_target *t, const struct config *c,
                          struct err_detail *d) MUST_USE;
void otlp_target_fini(struct otlp_target *t); /* wipes the headers */

#endif
