/* httpd_listen.c: see httpd_listen.h. */
#include "core/io/httpd_listen.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define HOST_BYTES 256

/* Splits at the last colon; an IPv6 host stands in brackets. */
static bool address_split(const char *address, char host[HOST_BYTES], const char **port)
{
    const char *colon = address ? strrchr(address, ':') : NULL;
    if (!colon || !colon[1]) {
        return false;
    }
    size_t n = (size_t)(colon - address);
    bool bracketed = n >= 2 && address[0] == '[' && colon[-1] == ']';
    if (bracketed) {
        address++;
        n -= 2;
    }
    if (n == 0 || n >= HOST_BYTES || (!bracketed && memchr(address, ':', n))) {
        return false;
    }
    memcpy(host, address, n);
    host[n] = '\0';
    *port = colon + 1;
    return strspn(*port, "0123456789") == strlen(*port);
}

static int socket_open(const struct addrinfo *a)
{
    int on = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

static int socket_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {.v6 = {.sin6_family = AF_UNSPEC}};
    socklen_t n = sizeof at;
    if (getsockname(fd, &at.any, &n) != 0) {
        return 0;
    }
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

enum err httpd_listen(const char *address, int *fd, int *port, struct err_detail *d)
{
    char host[HOST_BYTES];
    const char *service = NULL;
    if (!address_split(address, host, &service)) {
        return err_set(d, ERR_CONFIG, "", "\"%s\" is not host:port", address);
    }
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int r = getaddrinfo(host, service, &hints, &found);
    if (r != 0) {
        return err_set(d, ERR_CONFIG, "", "%s: %s", address, gai_strerror(r));
    }
    *fd = socket_open(found);
    int why = errno;
    freeaddrinfo(found);
    if (*fd < 0) {
        return err_set(d, ERR_IO, "", "cannot listen on %s: %s", address,
                       strerror(why));
    }
    *port = socket_port(*fd);
    return ERR_OK;
}
