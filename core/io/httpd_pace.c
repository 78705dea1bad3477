/* httpd_pace.c: bodies that go out in pieces, and may stop in the middle. */
#include "core/io/httpd_request.h"
#include <stdlib.h>
#include <string.h>

struct pace {
    struct httpd_request *request; /* outlives the reading */
    size_t len, at, piece, stop_at;
    enum httpd_stop stop;
    char body[];
};

static ssize_t on_read(void *arg, uint64_t at, char *out, size_t room)
{
    struct pace *p = arg;
    (void)at;
    size_t end = p->stop ? p->stop_at : p->len;
    size_t n = end - p->at < p->piece ? end - p->at : p->piece;
    if (n == 0 && p->stop == HTTPD_STALL && httpd_request_stall(p->request)) {
        return 0; /* asked again when it is resumed, which is its end */
    }
    if (n == 0) {
        return p->stop ? MHD_CONTENT_READER_END_WITH_ERROR
                       : MHD_CONTENT_READER_END_OF_STREAM;
    }
    n = n < room ? n : room;
    memcpy(out, p->body + p->at, n);
    p->at += n;
    return (ssize_t)n;
}

struct MHD_Response *httpd_pace_new(struct httpd_request *q,
                                    const struct httpd_answer *a)
{
    struct pace *p = malloc(sizeof *p + a->body_len);
    if (!p) {
        return NULL;
    }
    *p = (struct pace){.request = q,
                       .len = a->body_len,
                       .piece = a->piece_bytes,
                       .stop = a->stop,
                       .stop_at = a->stop_at < a->body_len ? a->stop_at : a->body_len};
    if (a->body_len) {
        memcpy(p->body, a->body, a->body_len);
    }
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, on_read, p, free);
    if (!r) {
        free(p);
    }
    return r;
}
