/* llm_span.c: see llm_span.h. */
#include "workers/llm/llm_span.h"
#include "core/base/clock.h"
#include <stdlib.h>
#include <string.h>

struct llm_span {
    struct otlp *otlp; /* borrows */
    const char *campaign, *stage;
    int64_t created_ms, start_ns, start_mono_us;
    int iteration, index, attempt, max_tokens;
    double temperature;
    char text[]; /* of campaign and stage */
};

struct llm_span *llm_span_new(struct otlp *o, const struct port_call *call)
{
    size_t campaign = strlen(call->campaign) + 1, stage = strlen(call->stage) + 1;
    struct llm_span *s = malloc(sizeof *s + campaign + stage);
    if (!s)
        return NULL;
    *s = (struct llm_span){.otlp = o,
                           .campaign = s->text,
                           .stage = s->text + campaign,
                           .created_ms = call->created_ms,
                           .start_ns = clock_wall_ns(),
                           .start_mono_us = clock_mono_us(),
                           .iteration = call->iteration,
                           .index = call->index,
                           .attempt = call->attempt,
                           .max_tokens = call->ask->max_tokens,
                           .temperature = call->ask->temperature};
    memcpy(s->text, call->campaign, campaign);
    memcpy(s->text + campaign, call->stage, stage);
    return s;
}

void llm_span_free(struct llm_span *s)
{
    free(s);
}

static const char *usage_of(const struct llm_call *c)
{
    const struct port_call_result *r = &c->result;
    return r->usage_estimated                    ? "estimated"
           : llm_call_winner(c)->reply.has_usage ? "provider"
                                                 : "";
}

/* The clock on the wall says when, the other one how long: it never jumps. */
void llm_span_end(const struct llm_span *s, const struct llm_call *c)
{
    const struct port_call_result *r = &c->result;
    const struct provider_reply *reply = &llm_call_winner(c)->reply;
    if (!c->endpoint)
        return;
    struct otlp_call call = {
        .campaign = s->campaign,
        .stage = s->stage,
        .iteration = s->iteration,
        .index = s->index,
        .attempt = s->attempt,
        .created_ms = s->created_ms,
        .start_ns = s->start_ns,
        .end_ns = s->start_ns + (clock_mono_us() - s->start_mono_us) * 1000,
        .dialect = c->endpoint->config->dialect,
        .endpoint = c->endpoint->config->name,
        .base_url = c->endpoint->config->base_url,
        .request_model = c->model,
        .output_type = c->has_schema ? "json" : "text",
        .stream = c->request.stream,
        .has_temperature = !(c->request.without & PROVIDER_TEMPERATURE),
        .temperature = s->temperature,
        .max_tokens = s->max_tokens,
        .code = r->code,
        .sent = r->sent,
        .hedged = r->hedged,
        .status = r->status,
        .reply_id = reply->reply_id,
        .request_id = r->request_id,
        .model = reply->model,
        .finish = r->finish,
        .usage = usage_of(c),
        .tokens_in = r->tokens_in,
        .tokens_out = r->tokens_out,
        .tokens_cached = r->tokens_cached,
        .first_token_us = r->first_token_us,
        .usd_nano = r->usd_nano};
    otlp_add(s->otlp, &call);
}
