/* azure_openai.c: chat completions at Azure: the same bodies, another address and key
 * (LLM_WIRE §4). With api_version the address names the deployment, which is the model;
 * without it base_url is that of the v1 surface, …/openai/v1. */
#include "workers/llm/providers/openai_chat.h"
#include "workers/llm/rates.h"

static void authorize(struct provider_request *q, const char *key)
{
    provider_key(q, "api-key", "", key);
}

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    if (*e->api_version) {
        provider_url(out, e, "/openai/deployments/");
        provider_url_segment(out, model);
        buf_append_str(&out->url, "/chat/completions?api-version=");
        provider_url_segment(out, e->api_version);
    } else {
        provider_url(out, e, "/chat/completions");
    }
    provider_json_headers(out, call);
    authorize(out, key);
    enum err failed = openai_chat_write(out, e, model, call);
    return failed ? failed : provider_request_status(out);
}

const struct provider provider_azure_openai = {
    .name = "azure_openai",
    .meaning = "OpenAI chat completions at Azure",
    .base_url = "https://NAME.openai.azure.com/openai/v1",
    .authorize = authorize,
    .build = build,
    .read = openai_chat_read,
    .stream = openai_chat_stream,
    .rates = &rates_openai,
};
