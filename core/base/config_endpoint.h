/* config_endpoint.h: the [endpoint NAME] sections, and the endpoint that the
 * environment alone describes. */
#ifndef BARKER_CORE_BASE_CONFIG_ENDPOINT_H
#define BARKER_CORE_BASE_CONFIG_ENDPOINT_H

#include "core/base/config.h"

struct config_endpoints {
    struct config_endpoint items[CONFIG_ENDPOINTS_MAX];
    unsigned given[CONFIG_ENDPOINTS_MAX]; /* bit of each key that was set */
    int fallback_line[CONFIG_ENDPOINTS_MAX];
    size_t count;
    int line; /* of the pair at hand; after a failed finish: the line to blame, 0 = none
               */
};

/* One pair of a section [endpoint NAME]; d->message on error. */
enum err config_endpoint_set(struct config_endpoints *list, const char *name,
                             const char *key, const char *value,
                             struct err_detail *d) MUST_USE;
/* After the file: every endpoint must be complete; with none, the environment's. */
enum err config_endpoint_finish(struct config_endpoints *list,
                                struct err_detail *d) MUST_USE;

/* "true" or "false", nothing else. */
bool config_parse_bool(const char *text, bool *out) MUST_USE;
/* Letters, digits and _.- that fit into size. */
bool config_is_name(const char *name, size_t size) MUST_USE;
/* A whole number from 0 to 10^12. */
bool config_parse_int(const char *text, int64_t *out) MUST_USE;

#endif
