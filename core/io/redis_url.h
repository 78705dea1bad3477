/* redis_url.h: where a Redis server is and who we are there, from one URL:
 * redis://[user[:pass]@]host[:port][/db] or unix://[user[:pass]@]/path[?db=N].
 * User, password and path are percent-decoded; an IPv6 host stands in brackets. */
#ifndef BARKER_CORE_IO_REDIS_URL_H
#define BARKER_CORE_IO_REDIS_URL_H

#include "core/base/err.h"
#include <stdbool.h>

/* Plain memory. The path bound is that of sockaddr_un. */
struct redis_url {
    char host[256]; /* without brackets; "" = unix socket */
    char path[108];
    char user[128], pass[512];
    bool has_auth;
    int port, db;
};

/* ERR_BAD_VALUE, or ERR_NOT_SUPPORTED for TLS, Cluster and Sentinel. The detail never
 * shows the password. */
enum err redis_url_parse(const char *text, struct redis_url *out,
                         struct err_detail *d) MUST_USE;

#endif
