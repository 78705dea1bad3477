/* httpd_listen.h: a listening TCP socket from "127.0.0.1:8700", "[::1]:0" or
 * "localhost:8700". Internal to core/io. Setup only: a name is looked up blocking. */
#ifndef BARKER_CORE_IO_HTTPD_LISTEN_H
#define BARKER_CORE_IO_HTTPD_LISTEN_H

#include "core/base/err.h"

/* *fd is the caller's; *port is the real one, also where 0 was asked. */
enum err httpd_listen(const char *address, int *fd, int *port,
                      struct err_detail *d) MUST_USE;

#endif
