/* http_call.c: see http_call.h. */
#include "core/io/http_call.h"
#include "core/base/clock.h"
#include "core/io/http_limits.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_REPLY_BYTES ((size_t)1024 * 1024)
#define KEPT_BODY_BYTES ((size_t)64 * 1024) /* of an idle call in the pool */
#define RECEIVE_BUFFER_BYTES 4096L          /* more costs memory and gains no speed */

/* The cap is on what comes, whoever takes it. */
static enum err take_body(struct http_call *c, const char *bytes, size_t n)
{
    if (n > c->body.max_bytes - c->body_bytes) {
        return ERR_LIMIT;
    }
    c->body_bytes += n;
    if (c->token_us) {
        c->last_us = http_limiter_now_us(c->limiter);
    } else if (!c->on_body) {
        http_call_token(c);
    }
    enum http_take take = HTTP_KEEP;
    if (c->on_body) {
        const struct http_reply so_far = {.sent = true,
                                          .status = c->headers.status,
                                          .body = "",
                                          .message = "",
                                          .headers = &c->headers};
        take = c->on_body(c->arg, c->ticket, &so_far, bytes, n);
    }
    if (take == HTTP_STOP) {
        return ERR_CANCELLED;
    }
    enum err e = take == HTTP_KEEP ? buf_append(&c->body, bytes, n) : ERR_OK;
    return e == ERR_NOMEM ? ERR_TRUNCATED : e;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_call *c = arg;
    size_t n = size * count;
    c->err = take_body(c, bytes, n);
    return c->err ? 0 : n; /* 0 makes curl end the transfer, and its connection */
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_call *c = arg;
    http_headers_add_line(&c->headers, bytes, size * count);
    return size * count;
}

static long bytes_sent(const struct http_call *c)
{
    long n = 0;
    (void)curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &n);
    return n;
}

/* curl repeats by itself a request that a kept-alive connection swallowed. A POST that
 * was written, even in part, may have been served: it must not go out twice. */
static int on_connected(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct http_call *c = arg;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    c->ready_us = http_limiter_now_us(c->limiter);
    http_limiter_watch(c->limiter, c);
    return c->repeatable || bytes_sent(c) == 0 ? CURL_PREREQFUNC_OK
                                               : CURL_PREREQFUNC_ABORT;
}

struct http_call *http_call_new(void)
{
    struct http_call *c = calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->easy = curl_easy_init();
    if (!c->easy) {
        free(c);
        return NULL;
    }
    list_init(&c->node);
    wheel_item_init(&c->due);
    buf_init(&c->body, DEFAULT_REPLY_BYTES);
    http_headers_init(&c->headers);
    return c;
}

void http_call_free(struct http_call *c)
{
    curl_easy_cleanup(c->easy);
    free(c->lines);
    buf_fini(&c->body);
    http_headers_fini(&c->headers);
    free(c);
}

void http_call_reset(struct http_call *c)
{
    curl_easy_reset(c->easy);
    free(c->lines);
    c->lines = NULL;
    if (c->body.cap_bytes > KEPT_BODY_BYTES) {
        buf_fini(&c->body);
        buf_init(&c->body, DEFAULT_REPLY_BYTES);
    }
    buf_clear(&c->body);
    http_headers_clear(&c->headers);
}

static bool header_ok(const struct http_header *h)
{
    return h->name && h->value && h->name[0] && !strpbrk(h->name, ":\r\n") &&
           !strpbrk(h->value, "\r\n");
}

/* Nodes and lines in one block of memory, freed with one free(). The first line
 * empties Expect:, which would cost a round trip for each body over 1 MiB. */
static enum err lines_build(struct http_call *c, const struct http_request *q)
{
    static const char expect[] = "Expect:";
    size_t nodes = q->header_count + 1, bytes = sizeof expect;
    for (size_t i = 0; i < q->header_count; i++) {
        if (!header_ok(&q->headers[i])) {
            return ERR_BAD_VALUE;
        }
        bytes += strlen(q->headers[i].name) + strlen(q->headers[i].value) + 3;
    }
    struct curl_slist *list = malloc(nodes * sizeof *list + bytes);
    if (!list) {
        return ERR_NOMEM;
    }
    char *text = (char *)(list + nodes);
    list[0] = (struct curl_slist){.data = text};
    text = stpcpy(text, expect) + 1;
    for (size_t i = 0; i < q->header_count; i++) {
        const struct http_header *h = &q->headers[i];
        list[i].next = &list[i + 1];
        list[i + 1] = (struct curl_slist){.data = text};
        text = stpcpy(text, h->name);
        text = stpcpy(text, h->value[0] ? ": " : ";"); /* "Name;" sends it empty */
        text = stpcpy(text, h->value) + 1;
    }
    c->lines = list;
    return ERR_OK;
}

static void set_fixed(struct http_call *c)
{
    CURL *e = c->easy;
    (void)curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->message);
    (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    (void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    (void)curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_connected);
    (void)curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
    (void)curl_easy_setopt(e, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    (void)curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* HTTP/2 over TLS if the server offers it; http:// stays at HTTP/1.1. */
    (void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
#if LIBCURL_VERSION_NUM >= 0x075500
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A cancelled call does not wait for the thread that resolves its name. */
    (void)curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static long clamp_ms(int64_t ms)
{
    return ms > INT_MAX ? INT_MAX : (long)ms; /* curl takes no more */
}

static bool set_method(CURL *e, const struct http_request *q)
{
    bool has_body = q->body_len > 0 || strcmp(q->method, "POST") == 0;
    CURLcode r = CURLE_OK;
    if (has_body) {
        r |= curl_easy_setopt(e, CURLOPT_POST, 1L);
        r |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body ? q->body : "");
        r |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
    } else if (strcmp(q->method, "HEAD") == 0) {
        r |= curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    } else {
        r |= curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
    }
    return r == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method) == CURLE_OK;
}

enum err http_call_prepare(struct http_call *c, const struct http_request *q,
                           const char *ca_file)
{
    c->born_us = clock_mono_us();
    c->total_us = 0;
    c->deadline_ms = q->deadline_ms;
    c->connect_ms = q->connect_timeout_ms;
    c->upload_bytes = (int64_t)q->body_len;
    c->limits = q->limits;
    c->tcp_us = c->ready_us = c->token_us = c->last_us = 0;
    c->broken = HTTP_LIMIT_NONE;
    c->err = ERR_OK;
    c->sent = false;
    c->repeatable = strcmp(q->method, "POST") != 0 && strcmp(q->method, "PATCH") != 0;
    c->message[0] = '\0';
    c->on_body = q->on_body;
    c->body_bytes = 0;
    c->body.max_bytes = q->max_reply_bytes ? q->max_reply_bytes : DEFAULT_REPLY_BYTES;
    enum err e = lines_build(c, q);
    if (e) {
        return e;
    }
    set_fixed(c);
    bool tls = strncasecmp(q->url, "https:", 6) == 0;
    c->limits.tls_ms = tls ? q->limits.tls_ms : 0;
    CURL *h = c->easy;
    CURLcode r = curl_easy_setopt(h, CURLOPT_URL, q->url);
    r |= curl_easy_setopt(h, CURLOPT_HTTPHEADER, c->lines);
    r |= curl_easy_setopt(h, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
    if (tls && ca_file) {
        r |= curl_easy_setopt(h, CURLOPT_CAINFO, ca_file);
    }
    r |= curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, clamp_ms(q->deadline_ms));
    if (q->connect_timeout_ms > 0) {
        r |= curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
                              clamp_ms(q->connect_timeout_ms));
    }
    r |= curl_easy_setopt(h, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)c->body.max_bytes);
    return r == CURLE_OK && set_method(h, q) ? ERR_OK : ERR_NOMEM;
}

static enum err why_failed(const struct http_call *c, CURLcode code)
{
    bool late = c->total_us >= c->deadline_ms * 1000;
    if (code == CURLE_FILESIZE_EXCEEDED) {
        return ERR_LIMIT;
    }
    if (code == CURLE_OPERATION_TIMEDOUT && (late || c->sent)) {
        return ERR_DEADLINE;
    }
    if (!c->sent) {
        return ERR_UNSENT;
    }
    return c->headers.status >= 200 ? ERR_TRUNCATED : ERR_UNKNOWN_OUTCOME;
}

static void tell_limit(struct http_call *c, enum http_limit limit)
{
    const int64_t ms[] = {[HTTP_LIMIT_CONNECT] = c->connect_ms,
                          [HTTP_LIMIT_TLS] = c->limits.tls_ms,
                          [HTTP_LIMIT_SEND] = c->limits.send_ms,
                          [HTTP_LIMIT_FIRST_BYTE] = c->limits.first_byte_ms,
                          [HTTP_LIMIT_FIRST_TOKEN] = c->limits.first_token_ms,
                          [HTTP_LIMIT_IDLE] = c->limits.idle_ms,
                          [HTTP_LIMIT_TOTAL] = c->deadline_ms};
    c->broken = limit;
    http_limit_print(limit, ms[limit], c->message, sizeof c->message);
}

void http_call_end(struct http_call *c, CURLcode code)
{
    c->total_us = clock_mono_us() - c->born_us;
    c->sent = bytes_sent(c) > 0;
    if (code == CURLE_OK) {
        return;
    }
    c->err = c->err ? c->err : why_failed(c, code);
    if (!c->message[0]) {
        (void)strncat(c->message, curl_easy_strerror(code), CURL_ERROR_SIZE - 1);
    }
    if (c->err == ERR_DEADLINE) {
        tell_limit(c, HTTP_LIMIT_TOTAL);
    } else if (code == CURLE_OPERATION_TIMEDOUT && c->err == ERR_UNSENT) {
        tell_limit(c, HTTP_LIMIT_CONNECT);
    }
}

void http_call_abort(struct http_call *c)
{
    c->total_us = clock_mono_us() - c->born_us;
    c->sent = bytes_sent(c) > 0;
    c->err = ERR_CANCELLED;
}

/* What is not whole there cannot be served. */
void http_call_break(struct http_call *c, enum http_limit limit)
{
    bool unsent = limit == HTTP_LIMIT_TLS || limit == HTTP_LIMIT_SEND;
    http_call_abort(c);
    c->sent = c->sent && !unsent;
    c->err = unsent ? ERR_UNSENT : ERR_DEADLINE;
    tell_limit(c, limit);
}

void http_call_token(struct http_call *c)
{
    c->token_us = c->last_us = clock_mono_us();
    http_limiter_watch(c->limiter, c);
}

static int64_t time_us(const struct http_call *c, CURLINFO what)
{
    curl_off_t us = 0;
    (void)curl_easy_getinfo(c->easy, what, &us);
    return (int64_t)us;
}

void http_call_reply(const struct http_call *c, struct http_reply *r)
{
    int64_t tcp = time_us(c, CURLINFO_CONNECT_TIME_T);
    int64_t tls = time_us(c, CURLINFO_APPCONNECT_TIME_T);
    *r = (struct http_reply){
        .err = c->err,
        .sent = c->sent,
        .status = c->headers.status,
        .body = buf_str(&c->body),
        .body_len = c->body.len,
        .message = c->message,
        .limit = c->broken,
        .first_token_us = c->token_us ? c->token_us - c->born_us : 0,
        .total_us = c->total_us,
        .first_byte_us = time_us(c, CURLINFO_STARTTRANSFER_TIME_T),
        .connect_us = tls > tcp ? tls : tcp,
        .headers = &c->headers,
    };
}
