/* llm_call.c: see llm_call.h. */
#include "workers/llm/llm_call.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "workers/llm/llm.h"
#include "workers/llm/llm_span.h"
#include "workers/llm/llm_tokens.h"
#include "workers/llm/provider_scan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX_BYTES 16384 /* of a call that waits to be used again */

struct llm_call *llm_call_new(void)
{
    struct llm_call *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    list_init(&c->node);
    wheel_item_init(&c->hedge_due);
    provider_request_init(&c->request);
    provider_reply_init(&c->reply);
    return c;
}

static void end_parts(struct llm_call *c)
{
    if (c->twin && !c->is_hedge)
        llm_call_free(c->twin);
    if (c->request.stream)
        provider_stream_fini(&c->stream);
    stop_rules_fini(&c->stop);
    llm_span_free(c->span);
}

bool llm_call_reset(struct llm_call *c)
{
    if (c->twin || c->request.body.cap_bytes + c->reply.text.cap_bytes > KEPT_MAX_BYTES)
        return false;
    end_parts(c);
    provider_request_reset(&c->request);
    provider_reply_reset(&c->reply);
    struct provider_request request = c->request;
    struct provider_reply reply = c->reply;
    *c = (struct llm_call){.request = request, .reply = reply};
    list_init(&c->node);
    wheel_item_init(&c->hedge_due);
    return true;
}

void llm_call_free(struct llm_call *c)
{
    end_parts(c);
    provider_request_fini(&c->request);
    provider_reply_fini(&c->reply);
    free(c);
}

static void say_missing(struct provider_reply *r, const struct endpoints *list,
                        const struct port_call *call)
{
    if (call->ask->type != ASK_CHAT)
        provider_fail(r, ERR_CONFIG, false,
                      "no endpoint serves this: add an [endpoint NAME] section with "
                      "dialect = %s",
                      call->ask->type == ASK_EMBED ? "openai_embeddings"
                                                   : "openai_moderations");
    else if (!endpoints_find(list, ""))
        provider_fail(r, ERR_CONFIG, false,
                      "no LLM endpoint is configured: set OPENAI_API_KEY or "
                      "OPENAI_BASE_URL, or add an [endpoint NAME] section");
    else
        provider_fail(r, ERR_CONFIG, false, "there is no endpoint '%s' that chats",
                      call->endpoint);
}

/* Nothing to call: says what is missing. */
static bool find_target(struct llm_call *c, const struct endpoints *list,
                        const struct port_call *call)
{
    const char *model = "";
    struct endpoint *e = endpoints_target(list, call, &model);
    if (!e) {
        say_missing(&c->reply, list, call);
        return false;
    }
    if (!*model || strlen(model) >= sizeof c->model) {
        provider_fail(&c->reply, ERR_CONFIG, false, "endpoint %s: %s", e->config->name,
                      *model ? "the name of the model is too long"
                             : "no model is given");
        return false;
    }
    memcpy(c->model, model, strlen(model) + 1);
    c->endpoint = e;
    return true;
}

/* What a request takes as a rule, so that it grows in one step. */
static size_t request_bytes(const struct ask *ask)
{
    size_t system = ask->system ? strlen(ask->system) : 0;
    size_t user = ask->user ? strlen(ask->user) : 0;
    size_t schema = ask->schema ? strlen(ask->schema) : 0;
    return system + user + schema + (system + user) / 16 + 400;
}

enum err llm_call_prepare(struct llm_call *c, const struct endpoints *list,
                          const struct port_call *call)
{
    if (!find_target(c, list, call))
        return ERR_OK;
    struct endpoint *e = c->endpoint;
    c->has_price = endpoint_price(list, e, c->model, &c->price);
    c->has_schema = call->ask->schema != NULL;
    c->is_first = call->failures == 0;
    c->may_hedge = call->may_hedge && e->config->hedge && !call->grant.is_probe;
    c->prompt_tokens = endpoint_prompt_tokens(list, e, call);
    c->reply_tokens = llm_reply_tokens(call->ask);
    c->request.without = endpoint_without(e, c->model);
    enum err failed = stop_rules_init(&c->stop, &call->ask->stop);
    if (failed)
        return failed;
    if (e->config->stream && e->provider->stream &&
        !(c->request.without & PROVIDER_STREAM)) {
        provider_stream_init(&c->stream, e->provider, &c->reply);
        c->request.stream = true;
    }
    buf_reserve(&c->request.body, request_bytes(call->ask));
    return e->provider->build(e->config, e->key, c->model, call, &c->request);
}

struct llm_call *llm_call_twin(struct llm_call *c)
{
    struct llm_call *t = llm_call_new();
    if (!t)
        return NULL;
    t->admission = c->admission;
    t->targets = c->targets;
    t->endpoint = c->endpoint;
    memcpy(t->model, c->model, sizeof t->model);
    t->has_price = c->has_price;
    t->price = c->price;
    t->has_schema = c->has_schema;
    t->is_first = c->is_first;
    t->prompt_tokens = c->prompt_tokens;
    t->reply_tokens = c->reply_tokens;
    t->may_hedge = c->may_hedge;
    t->has_fallback = c->has_fallback;
    t->is_hedge = true;
    t->twin = c;
    t->request.without = c->request.without;
    t->request.stream = c->request.stream;
    if (t->request.stream)
        provider_stream_init(&t->stream, c->endpoint->provider, &t->reply);
    (void)snprintf(t->request.call_id, sizeof t->request.call_id, "%.*s/hedge",
                   (int)(sizeof t->request.call_id - sizeof "/hedge"),
                   c->request.call_id);
    return t;
}

static void learn(struct llm_call *c)
{
    struct provider_reply *r = &c->reply;
    if (!(r->refused & ~c->request.without))
        return; /* sent without it, and yet refused: no use in asking again */
    endpoint_learn(c->endpoint, c->model, r->refused);
    r->retryable = true;
    log_event(LOG_INFO, "llm.parameter_refused", "endpoint", c->endpoint->config->name,
              "model", c->model, "message", r->message, NULL);
}

static bool is_grave(enum err code)
{
    return code == ERR_MONEY || code == ERR_AUTH;
}

/* Money and keys need a person: told once, until something else comes back. */
static void tell(struct llm_call *c)
{
    struct endpoint *e = c->endpoint;
    enum err code = c->reply.code;
    bool grave = is_grave(code);
    if (grave && e->told != code)
        log_event(LOG_ERROR, "llm.refused", "endpoint", e->config->name, "model",
                  c->model, "code", err_code(code), "message", c->reply.message, NULL);
    if (grave || code == ERR_OK)
        e->told = code;
}

/* Rules do not stop what is complete. */
enum http_take llm_call_feed(struct llm_call *c, const struct http_reply *so_far,
                             const char *bytes, size_t n)
{
    enum http_take take = provider_stream_feed(&c->stream, so_far, bytes, n);
    const struct buf *text = &c->reply.text;
    if (take != HTTP_TAKE || c->stream.done)
        return take;
    c->aborted = stop_rules_broken(&c->stop, buf_str(text), text->len);
    return c->aborted ? HTTP_STOP : HTTP_TAKE;
}

/* What came is judged as any reply: its stage refuses it. What the server counted so
 * far is not what it made. */
static void read_aborted(struct llm_call *c, const struct http_reply *http)
{
    struct provider_reply *r = &c->reply;
    (void)provider_read_header_id(http, r);
    (void)snprintf(r->finish, sizeof r->finish, "aborted");
    r->has_usage = false;
}

static void read_reply(struct llm_call *c, const struct http_reply *http)
{
    struct provider_reply *r = &c->reply;
    if (c->aborted)
        read_aborted(c, http);
    else if (c->request.stream)
        provider_stream_end(&c->stream, http, clock_wall_ms());
    else if (http->err)
        provider_read_failure(http, r);
    else
        c->endpoint->provider->read(http, clock_wall_ms(), r);
    char *const words[] = {r->message, r->model, r->finish, r->request_id, r->reply_id};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        provider_hide_key(words[i], c->endpoint->key);
    if (!r->code && c->has_schema && strcmp(r->finish, "length") == 0)
        provider_fail(r, ERR_TRUNCATED, c->is_first, /* it would be as long again */
                      "max_tokens reached inside the JSON");
    learn(c);
    tell(c);
}

/* What the call has cost, or may have cost. */
static void count_usage(const struct llm_call *c, struct port_call_result *out)
{
    const struct provider_reply *r = &c->reply;
    bool estimated = !r->has_usage;
    if (c->cached)
        return; /* it was paid by whoever asked first */
    int64_t written = r->has_usage ? r->tokens_written : 0;
    if (r->has_usage) {
        out->tokens_in = r->tokens_in;
        out->tokens_out = r->tokens_out;
        out->tokens_cached = r->tokens_cached;
    } else if (out->possibly_billed) {
        out->tokens_in = c->prompt_tokens;
        out->tokens_out = c->reply_tokens;
    } else if (out->code == ERR_OK || r->text.len > 0) {
        out->tokens_in = c->prompt_tokens;
        out->tokens_out = c->endpoint->provider->serves == ASK_CHAT
                              ? llm_count_tokens(buf_str(&r->text))
                              : 0;
    } else {
        estimated = false; /* an error: nothing was made, nothing is billed */
    }
    out->usage_estimated = estimated;
    if (c->has_price)
        out->usd_nano = price_cost_nano(
            &c->price, &(struct price_usage){out->tokens_in, out->tokens_out,
                                             out->tokens_cached, written});
}

static void end_leave(const struct llm_call *c, const struct http_reply *http,
                      const struct port_call_result *out)
{
    struct admission_tokens used = {out->tokens_in, out->tokens_out};
    struct rates told;
    if (!c->admission)
        return;
    if (out->sent)
        admission_settle(c->admission, &c->grant, used, !out->code);
    else
        admission_forgo(c->admission, &c->grant);
    bool rate = out->code == ERR_RATE || out->code == ERR_CONCURRENCY;
    bool asked = (rate || (c->has_fallback && out->code)) && out->retry_after_ms > 0;
    if (asked)
        admission_close(c->admission, c->endpoint, out->retry_after_ms);
    if (asked && rate)
        return; /* what is left then: its own word, and it knows better than its windows
                 */
    if (http && rates_read(c->endpoint->provider->rates, http, clock_wall_ms(), &told))
        admission_hear(c->admission, c->endpoint, &c->grant, &told, used);
}

/* What this endpoint refuses may go to the next one, and at once. */
static void look_elsewhere(const struct llm_call *c, struct port_call_result *out)
{
    if (!c->has_fallback || !out->code)
        return;
    out->retryable |= is_grave(out->code);
    out->retry_after_ms = -1;
}

/* A reply cut at its max_tokens is an answer; one of the cache says nothing of its
 * target. Without a fallback nobody shall wait for the person that money and keys need:
 * the campaign ends, and says why. */
static void judge_target(const struct llm_call *c, const struct port_call_result *out)
{
    enum err code = out->code;
    if (code == ERR_TRUNCATED && strcmp(out->finish, "length") == 0)
        code = ERR_OK;
    if (c->cached || (is_grave(code) && !c->has_fallback))
        code = ERR_CANCELLED;
    if (c->targets)
        targets_settle(c->targets, &c->grant, code, out->retry_after_ms);
}

/* An answer that ended in its thoughts, or in the middle of its JSON: they were made,
 * and nobody tells how many (LLM_WIRE §8). */
static bool is_cut_before_text(const struct llm_call *c, const struct http_reply *http)
{
    const struct provider_reply *r = &c->reply;
    return http && !http->err && http->status >= 200 && http->status < 300 &&
           r->code == ERR_TRUNCATED && !r->has_usage && r->text.len == 0;
}

void llm_call_end(struct llm_call *c, const struct http_reply *http)
{
    const struct provider_reply *r = &c->reply;
    if (http)
        read_reply(c, http);
    c->result = (struct port_call_result){
        .code = r->code,
        .retryable = r->retryable,
        .cached = c->cached,
        .probe = c->grant.is_probe,
        .sent = http && (!http->err || http->sent),
        .retry_after_ms = r->retry_after_ms,
        .text = buf_str(&r->text),
        .len = r->text.len,
        .finish = r->finish,
        .model = *r->model ? r->model : c->model,
        .request_id = r->request_id,
        .message = r->message,
        .status = http ? http->status : 0,
        .total_us = http ? http->total_us : 0,
        .first_byte_us = http ? http->first_byte_us : 0,
        .first_token_us = http && c->request.stream ? http->first_token_us : 0,
    };
    /* not if we ended the transfer ourselves, with what we needed in hand */
    bool broke_off = http && http->err && http->sent && r->code == http->err;
    c->result.possibly_billed = broke_off || is_cut_before_text(c, http);
    count_usage(c, &c->result);
    end_leave(c, http, &c->result);
    judge_target(c, &c->result);
    look_elsewhere(c, &c->result);
    if (c->endpoint)
        c->result.endpoint = c->endpoint->config->name;
}

const struct llm_call *llm_call_winner(const struct llm_call *c)
{
    return c->twin && c->result.request_id == c->twin->reply.request_id ? c->twin : c;
}
