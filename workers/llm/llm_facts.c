/* llm_facts.c: what can be told of endpoints and prices without a call. */
#include "workers/llm/llm_state.h"
#include "workers/llm/provider_prompt.h"
#include <stdio.h>

#define PROBE_MAX_BYTES ((size_t)2 * 1024 * 1024)

bool llm_is_ready(const struct llm *l)
{
    return endpoints_find(&l->endpoints, "") != NULL;
}

const struct config *llm_config(const struct llm *l)
{
    return l->options.config;
}

const char *llm_endpoint_at(const struct llm *l, size_t i)
{
    return i < l->endpoints.count ? l->endpoints.items[i].config->name : NULL;
}

bool llm_endpoint_chats(const struct llm *l, size_t i)
{
    check(i < l->endpoints.count);
    return l->endpoints.items[i].provider->serves == ASK_CHAT;
}

void llm_print_cooling(const struct llm *l, char *out, size_t size)
{
    if (llm_is_ready(l))
        targets_print(l->targets, out, size);
    else
        (void)snprintf(out, size, "no model is configured");
}

int64_t llm_closed_ms(const struct llm *l, const struct port_call *call)
{
    return targets_closed_ms(l->targets, call);
}

bool llm_price_known(const struct llm *l, const char *endpoint, const char *model)
{
    return llm_cost_nano(l, endpoint, model, 0, 0) >= 0;
}

int64_t llm_cost_nano(const struct llm *l, const char *endpoint, const char *model,
                      int64_t tokens_in, int64_t tokens_out)
{
    const struct endpoint *e = endpoints_find(&l->endpoints, endpoint);
    return e ? endpoint_cost_nano(&l->endpoints, e, endpoint_model(e, model), tokens_in,
                                  tokens_out)
             : -1;
}

struct port_estimate llm_estimate(const struct llm *l, const struct port_call *call)
{
    return endpoints_estimate(&l->endpoints, call);
}

bool llm_has_key(const struct llm *l, size_t i)
{
    check(i < l->endpoints.count);
    return l->endpoints.items[i].key != NULL;
}

enum err llm_probe(struct llm *l, size_t i, int64_t deadline_ms, http_fn fn, void *arg,
                   uint64_t ticket)
{
    check(i < l->endpoints.count);
    const struct endpoint *e = &l->endpoints.items[i];
    struct provider_request q;
    uint64_t id;
    provider_request_init(&q);
    provider_url(&q, e->config, "/models");
    provider_header(&q, "Accept", "application/json");
    e->provider->authorize(&q, e->key);
    enum err failed = provider_request_status(&q);
    const struct http_request request = {
        .method = "GET",
        .url = buf_str(&q.url),
        .headers = q.headers,
        .header_count = q.header_count,
        .deadline_ms = deadline_ms,
        .max_reply_bytes = PROBE_MAX_BYTES,
    };
    if (!failed)
        failed = http_send(l->http, &request, fn, arg, ticket, &id);
    provider_request_fini(&q);
    return failed;
}
