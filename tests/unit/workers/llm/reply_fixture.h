/* reply_fixture.h: HTTP replies made of text, and what a provider reads in them. */
#ifndef BARKER_TESTS_REPLY_FIXTURE_H
#define BARKER_TESTS_REPLY_FIXTURE_H

#include "core/io/http_headers.h"
#include "workers/llm/provider.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Thu, 05 Nov 2026 12:00:00 GMT */
#define NOW_MS INT64_C(1793880000000)

struct reply_fixture {
    struct http_headers headers;
    struct http_reply http;
    struct provider_reply reply;
};

/* headers: lines ended by \n, or "". */
static inline void fixture_set(struct reply_fixture *f, int status, const char *headers,
                               const char *body)
{
    http_headers_init(&f->headers);
    while (*headers) {
        size_t n = strcspn(headers, "\n") + 1;
        http_headers_add_line(&f->headers, headers, n);
        headers += n;
    }
    f->http = (struct http_reply){.status = status,
                                  .sent = true,
                                  .body = body,
                                  .body_len = strlen(body),
                                  .message = "",
                                  .headers = &f->headers};
    provider_reply_init(&f->reply);
}

static inline void fixture_end(struct reply_fixture *f)
{
    provider_reply_fini(&f->reply);
    http_headers_fini(&f->headers);
}

/* cmocka tells the line, this tells the case. */
static inline void expect_class(const char *name, const struct provider_reply *r,
                                enum err code, bool retryable)
{
    if (r->code != code || r->retryable != retryable)
        fail_msg("%s: got %s retryable=%d, wanted %s retryable=%d; %s", name,
                 err_code(r->code), r->retryable, err_code(code), retryable,
                 r->message);
}

#endif
