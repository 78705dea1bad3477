/* otlp_fixture.h: a call as it may be, for the tests of spans. */
#ifndef BARKER_TESTS_OTLP_FIXTURE_H
#define BARKER_TESTS_OTLP_FIXTURE_H

#include "workers/telemetry/otlp_span.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static inline struct otlp_call good_call(void)
{
    return (struct otlp_call){.campaign = "camp",
                              .stage = "write",
                              .iteration = 1,
                              .index = 2,
                              .attempt = 3,
                              .created_ms = 1700000000123,
                              .start_ns = 1700000001000000001,
                              .end_ns = 1700000001500000002,
                              .dialect = "openai_chat",
                              .endpoint = "main",
                              .base_url = "https://user:pass@api.example:8443/v1",
                              .request_model = "small",
                              .output_type = "json",
                              .has_temperature = true,
                              .temperature = 0.7,
                              .max_tokens = 100,
                              .sent = true,
                              .status = 200,
                              .reply_id = "chatcmpl-1",
                              .request_id = "req-1",
                              .model = "small-2",
                              .finish = "stop",
                              .usage = "provider",
                              .tokens_in = 9007199254740993,
                              .tokens_out = 10,
                              .usd_nano = 1500};
}

#endif
