/* llm_tokens.c: how many tokens a text may be, without the tokenizer of the model. */
#include "workers/llm/llm_tokens.h"
#include "core/base/utf8.h"
#include "workers/llm/llm.h"
#include "workers/llm/provider.h"
#include <string.h>

#define MESSAGE_TOKENS 8      /* role and marks around each message */
#define INSTRUCTION_TOKENS 40 /* what a schema in the prompt is told with */

static int64_t count_tokens(const char *s, size_t n)
{
    int64_t tokens = 0;
    size_t other = 0;
    for (size_t at = 0; at < n;) {
        size_t ascii = utf8_ascii(s + at, n - at);
        other += ascii;
        at += ascii;
        if (at == n)
            break;
        uint32_t c;
        size_t len = utf8_decode(s + at, n - at, &c);
        bool cjk = len > 0 && utf8_is_cjk(c);
        len = len ? len : 1;
        tokens += cjk;
        other += cjk ? 0 : len;
        at += len;
    }
    return tokens + (int64_t)((other + 2) / 3);
}

int64_t llm_count_tokens(const char *text)
{
    return text ? count_tokens(text, strlen(text)) : 0;
}

static int64_t message_tokens(const char *text)
{
    return text && *text ? llm_count_tokens(text) + MESSAGE_TOKENS : 0;
}

int64_t llm_prompt_tokens(const struct port_call *call)
{
    const struct ask *ask = call->ask;
    const char *refused = call->refused_text ? call->refused_text : "";
    int64_t sum = message_tokens(ask->system) + message_tokens(ask->user) +
                  message_tokens(call->objection);
    if (ask->schema)
        sum += llm_count_tokens(ask->schema) + INSTRUCTION_TOKENS;
    if (*refused)
        sum += MESSAGE_TOKENS +
               count_tokens(refused, strnlen(refused, PROVIDER_REFUSED_MAX_BYTES));
    return sum + MESSAGE_TOKENS;
}

int64_t llm_reply_tokens(const struct ask *ask)
{
    if (ask->type != ASK_CHAT)
        return 0; /* numbers and verdicts are not counted */
    return ask->max_tokens > 0 ? ask->max_tokens : LLM_REPLY_TOKENS_DEFAULT;
}
