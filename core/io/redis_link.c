/* redis_link.c: see redis_link.h. */
#include "core/io/redis_link.h"
#include "core/io/loop_uv.h"
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define READ_BYTES 65536
#define KEEPALIVE_S 60
#define WHY_BYTES 160

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

struct redis_link {
    uv_loop_t *uv;
    const struct redis_url *url;
    const struct redis_link_events *events;
    void *arg;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
    bool handle_open; /* between uv_*_init and its close callback */
    bool resolving, writing, closed;
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    uv_write_t write;
    char *write_bytes;
    struct addrinfo *addresses, *next_address;
    redisReader *reader;
    redisReplyObjectFunctions functions; /* hiredis' own but for arrays */
    void *(*create_array)(const redisReadTask *, array_count);
    bool too_many;      /* elements announced by an array */
    size_t reply_bytes; /* fed since the last complete reply */
    char why[WHY_BYTES];
    char read_bytes[READ_BYTES];
};

static void link_connect_next(struct redis_link *k);
static void on_handle_closed(uv_handle_t *handle);

static void link_lose(struct redis_link *k, const char *why)
{
    if (!k->closed) {
        k->events->lost(k->arg, why);
    }
}

/* The handle's close callback goes on with the next address, or reports why. */
static void link_address_failed(struct redis_link *k, int uv_error)
{
    (void)snprintf(k->why, sizeof k->why, "%s", uv_strerror(uv_error));
    if (k->handle_open) {
        uv_close(&k->handle.any, on_handle_closed);
    }
}

/* Frees the link once nothing of uv points to it any more. */
static void link_release(struct redis_link *k)
{
    if (!k->closed || k->handle_open || k->resolving) {
        return;
    }
    const struct redis_link_events *events = k->events;
    void *arg = k->arg;
    uv_freeaddrinfo(k->addresses);
    redisReaderFree(k->reader);
    free(k);
    events->gone(arg);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct redis_link *k = handle->data;
    k->handle_open = false;
    if (k->closed) {
        link_release(k);
    } else {
        link_connect_next(k); /* this address failed */
    }
}

static void link_close_handle(struct redis_link *k)
{
    if (k->handle_open && !uv_is_closing(&k->handle.any)) {
        uv_close(&k->handle.any, on_handle_closed);
    }
}

/* hiredis takes memory for all elements when an array is only announced. */
static void *link_create_array(const redisReadTask *task, array_count count)
{
    struct redis_link *k = task->privdata;
    k->too_many = (size_t)count > REDIS_REPLY_MAX_ELEMENTS;
    return k->too_many ? NULL : k->create_array(task, count);
}

static void link_guard_arrays(struct redis_link *k)
{
    k->functions = *k->reader->fn;
    k->create_array = k->functions.createArray;
    k->functions.createArray = link_create_array;
    k->reader->fn = &k->functions;
    k->reader->privdata = k;
}

static void link_parse(struct redis_link *k)
{
    while (!k->closed) {
        void *reply = NULL;
        if (redisReaderGetReply(k->reader, &reply) != REDIS_OK) {
            char why[WHY_BYTES];
            (void)snprintf(why, sizeof why, "not the Redis protocol: %s",
                           k->reader->errstr);
            if (k->too_many) {
                (void)snprintf(why, sizeof why, "a reply has over %zu elements",
                               REDIS_REPLY_MAX_ELEMENTS);
            }
            link_lose(k, why);
            return;
        }
        if (!reply) {
            break;
        }
        k->reply_bytes = k->reader->len - k->reader->pos; /* of the replies after it */
        k->events->reply(k->arg, reply);
        freeReplyObject(reply);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct redis_link *k = handle->data;
    (void)suggested;
    *out = uv_buf_init(k->read_bytes, sizeof k->read_bytes);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct redis_link *k = stream->data;
    if (k->closed || n == 0) {
        return;
    }
    if (n < 0) {
        link_lose(k, n == UV_EOF ? "closed by the server" : uv_strerror((int)n));
        return;
    }
    if (redisReaderFeed(k->reader, bytes->base, (size_t)n) != REDIS_OK) {
        link_lose(k, "out of memory");
        return;
    }
    k->reply_bytes += (size_t)n;
    link_parse(k);
    if (k->reply_bytes > REDIS_REPLY_MAX_BYTES) {
        link_lose(k, "a reply is over 64 MiB");
    }
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct redis_link *k = connect->data;
    if (k->closed) {
        return;
    }
    int e = status ? status : uv_read_start(&k->handle.stream, on_alloc, on_read);
    if (e) {
        link_address_failed(k, e);
        return;
    }
    if (k->url->host[0]) {
        (void)uv_tcp_nodelay(&k->handle.tcp, 1);
        (void)uv_tcp_keepalive(&k->handle.tcp, 1, KEEPALIVE_S);
    }
    k->events->connected(k->arg);
}

static int link_connect_to(struct redis_link *k, const struct sockaddr *address)
{
    int e = uv_tcp_init(k->uv, &k->handle.tcp);
    k->handle_open = e == 0;
    k->handle.any.data = k;
    return e ? e : uv_tcp_connect(&k->connect, &k->handle.tcp, address, on_connected);
}

static void link_connect_next(struct redis_link *k)
{
    while (k->next_address) {
        struct addrinfo *address = k->next_address;
        k->next_address = address->ai_next;
        int e = link_connect_to(k, address->ai_addr);
        if (e) {
            link_address_failed(k, e); /* a family that is not there, for example */
        }
        if (k->handle_open) {
            return;
        }
    }
    link_lose(k, k->why);
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *found)
{
    struct redis_link *k = resolve->data;
    k->resolving = false;
    k->addresses = k->next_address = found;
    if (k->closed) {
        link_release(k);
    } else if (status) {
        link_lose(k, uv_strerror(status));
    } else {
        link_connect_next(k);
    }
}

static int link_resolve(struct redis_link *k)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[8];
    (void)snprintf(port, sizeof port, "%d", k->url->port);
    int e = uv_getaddrinfo(k->uv, &k->resolve, on_resolved, k->url->host, port, &hints);
    k->resolving = e == 0;
    return e;
}

/* A literal address needs no thread of the pool, which CPU work may keep busy. */
static int link_start(struct redis_link *k)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (!k->url->host[0]) {
        int e = uv_pipe_init(k->uv, &k->handle.pipe, 0);
        k->handle_open = e == 0;
        k->handle.any.data = k;
        if (!e) {
            uv_pipe_connect(&k->connect, &k->handle.pipe, k->url->path, on_connected);
        }
        return e;
    }
    if (uv_ip4_addr(k->url->host, k->url->port, &v4) == 0) {
        return link_connect_to(k, (const struct sockaddr *)&v4);
    }
    if (uv_ip6_addr(k->url->host, k->url->port, &v6) == 0) {
        return link_connect_to(k, (const struct sockaddr *)&v6);
    }
    return link_resolve(k);
}

enum err redis_link_open(struct loop *l, const struct redis_url *url,
                         const struct redis_link_events *events, void *arg,
                         struct redis_link **out)
{
    struct redis_link *k = calloc(1, sizeof *k);
    redisReader *reader = k ? redisReaderCreate() : NULL;
    if (!reader) {
        free(k);
        return ERR_NOMEM;
    }
    k->uv = loop_uv(l);
    k->url = url;
    k->events = events;
    k->arg = arg;
    k->reader = reader;
    link_guard_arrays(k);
    k->resolve.data = k->connect.data = k->write.data = k;
    int e = link_start(k);
    if (e && !k->handle_open) {
        redisReaderFree(reader);
        free(k);
        return ERR_IO;
    }
    if (e) {
        link_address_failed(k, e);
    }
    *out = k;
    return ERR_OK;
}

static void on_written(uv_write_t *write, int status)
{
    struct redis_link *k = write->data;
    free(k->write_bytes);
    k->write_bytes = NULL;
    k->writing = false;
    if (k->closed) {
        return;
    }
    if (status) {
        link_lose(k, uv_strerror(status));
    } else {
        k->events->written(k->arg);
    }
}

enum err redis_link_write(struct redis_link *k, char *bytes, size_t n)
{
    check(!k->writing && !k->closed);
    uv_buf_t part = uv_buf_init(bytes, (unsigned)n);
    if (n > UINT32_MAX / 2 ||
        uv_write(&k->write, &k->handle.stream, &part, 1, on_written) != 0) {
        free(bytes);
        return ERR_IO;
    }
    k->writing = true;
    k->write_bytes = bytes;
    return ERR_OK;
}

bool redis_link_is_writing(const struct redis_link *k)
{
    return k->writing;
}

void redis_link_close(struct redis_link *k)
{
    check(!k->closed);
    k->closed = true;
    if (k->resolving) {
        (void)uv_cancel((uv_req_t *)&k->resolve); /* its callback comes in any case */
    }
    link_close_handle(k);
    /* Without a handle nothing of uv is left, and the caller may be inside our
     * callback: then a handle that is only closed brings the end later. */
    if (!k->handle_open && !k->resolving) {
        (void)uv_tcp_init(k->uv, &k->handle.tcp);
        k->handle.any.data = k;
        k->handle_open = true;
        link_close_handle(k);
    }
}
