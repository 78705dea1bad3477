/* lane_poll.c: find, look, cancel, fetch: one look at a batch. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "workers/llm/lane.h"
#include "workers/llm/llm_tokens.h"
#include <string.h>

#define PAGES_MAX 20 /* of a hundred batches each */

static void on_found(void *arg, uint64_t ticket, const struct batch_status *s);

static void count_usage(const struct lane *n, const struct lane_use *use,
                        const struct provider_reply *r, struct port_call_result *out)
{
    out->usage_estimated = !r->has_usage;
    if (r->has_usage) {
        out->tokens_in = r->tokens_in;
        out->tokens_out = r->tokens_out;
        out->tokens_cached = r->tokens_cached;
    } else if (!r->code || r->text.len) {
        out->tokens_in = use->prompt_tokens;
        out->tokens_out = llm_count_tokens(buf_str(&r->text));
    } else {
        out->usage_estimated = false; /* an error: nothing was made */
    }
    struct price_usage u = {out->tokens_in, out->tokens_out, out->tokens_cached,
                            r->has_usage ? r->tokens_written : 0};
    if (n->has_price)
        out->usd_nano = price_share_nano(price_cost_nano(&n->price, &u),
                                         n->target.config->price_batch);
}

/* As of a live call. */
static enum err on_result(void *arg, int slot, const struct provider_reply *r)
{
    struct lane *n = arg;
    const struct lane_use *use = &n->uses[slot];
    bool undone = r->code == ERR_DEADLINE || r->code == ERR_CANCELLED;
    struct port_call_result out = {.code = r->code,
                                   .retryable = r->retryable || r->refused,
                                   .sent = !undone,
                                   .retry_after_ms = r->retry_after_ms,
                                   .text = buf_str(&r->text),
                                   .len = r->text.len,
                                   .finish = r->finish,
                                   .model = *r->model ? r->model : n->model,
                                   .endpoint = n->target.config->name,
                                   .request_id = r->request_id,
                                   .message = r->message,
                                   .status = r->code ? 0 : 200};
    if (!r->code && use->has_schema && strcmp(r->finish, "length") == 0) {
        out.code = ERR_TRUNCATED;
        out.retryable = true;
        out.message = "max_tokens reached inside the JSON";
    }
    if (r->refused)
        endpoint_learn(n->endpoint, n->model, r->refused);
    count_usage(n, use, r, &out);
    n->each(n->arg, n->ticket, slot, &out);
    return ERR_OK;
}

static enum err fetch(struct lane *n, const char *file, batch_wire_fn fn)
{
    struct batch_reader *r = &n->reader;
    batch_reader_fini(r);
    *r = (struct batch_reader){.provider = n->target.provider,
                               .key = n->target.key,
                               .campaign = n->campaign,
                               .stage = n->stage,
                               .slots = n->slots,
                               .count = n->count,
                               .now_ms = clock_wall_ms(),
                               .fn = on_result,
                               .arg = n};
    struct batch_place at;
    r->iteration =
        batch_id_read(n->mark, n->campaign, n->stage, &at) ? at.iteration : 0;
    batch_reader_init(r);
    return batch_wire_fetch(&n->target, file, n->mark, r, fn, n, 0);
}

/* What was given out stays so; the rest at the next look. */
static bool has_failed(struct lane *n, const struct batch_status *s)
{
    if (!s->code)
        return false;
    log_event(LOG_WARN, "batch.fetch", "campaign", n->campaign, "code",
              err_code(s->code), "message", s->message, NULL);
    lane_end(n, PORT_BATCH_UNREACHABLE);
    return true;
}

/* Lines that were done are billed, and stand in the output only. A server may tell of
 * it later than of the end; one that counts nothing may have done any of them. */
static void end_read(struct lane *n)
{
    bool untold = !*n->found.output && n->found.completed != 0;
    if (untold)
        log_event(LOG_WARN, "batch.untold", "campaign", n->campaign, "endpoint",
                  n->target.config->name, "name", n->found.name, NULL);
    lane_end(n, untold ? PORT_BATCH_UNTOLD : PORT_BATCH_ENDED);
}

static void on_failures(void *arg, uint64_t ticket, const struct batch_status *s)
{
    (void)ticket;
    if (!has_failed(arg, s))
        end_read(arg);
}

static void fetch_failures(struct lane *n)
{
    if (!*n->found.failures)
        end_read(n);
    else if (fetch(n, n->found.failures, on_failures))
        lane_end(n, PORT_BATCH_UNREACHABLE);
}

static void on_output(void *arg, uint64_t ticket, const struct batch_status *s)
{
    (void)ticket;
    if (!has_failed(arg, s))
        fetch_failures(arg);
}

static void on_cancelled(void *arg, uint64_t ticket, const struct batch_status *s)
{
    (void)ticket, (void)s;
    lane_end(arg, PORT_BATCH_WORKING);
}

/* The batch as it is told now. */
static void judge(struct lane *n, const struct batch_status *s)
{
    n->found = *s;
    switch (s->state) {
    case BATCH_WORKING:
        if (!n->cancel || lane_send(n, BATCH_CANCEL, n->found.name, on_cancelled))
            lane_end(n, PORT_BATCH_WORKING);
        break;
    case BATCH_REFUSED:
        log_event(LOG_WARN, "batch.refused", "campaign", n->campaign, "endpoint",
                  n->target.config->name, "message", s->message, NULL);
        lane_end(n, PORT_BATCH_REFUSED);
        break;
    case BATCH_ENDED:
        if (!*n->found.output)
            fetch_failures(n);
        else if (fetch(n, n->found.output, on_output))
            lane_end(n, PORT_BATCH_UNREACHABLE);
        break;
    }
}

static void on_looked(void *arg, uint64_t ticket, const struct batch_status *s)
{
    struct lane *n = arg;
    (void)ticket;
    if (!s->code)
        judge(n, s);
    else /* one that the provider does not know any more tells nothing more */
        lane_end(n,
                 s->code == ERR_BAD_REQUEST ? PORT_BATCH_LOST : PORT_BATCH_UNREACHABLE);
}

/* Where batches have no marks, one without a name cannot be told from others. */
static void on_found(void *arg, uint64_t ticket, const struct batch_status *s)
{
    struct lane *n = arg;
    (void)ticket;
    bool marks = n->target.provider->batch->has_marks;
    if (s->code && s->code != ERR_NOT_FOUND) {
        lane_end(n, PORT_BATCH_UNREACHABLE);
    } else if (!marks) {
        lane_end(n, PORT_BATCH_LOST);
    } else if (!s->code) {
        judge(n, s);
    } else if (!*s->name) {
        lane_end(n, PORT_BATCH_ABSENT);
    } else if (++n->pages >= PAGES_MAX || lane_send(n, BATCH_FIND, s->name, on_found)) {
        lane_end(n, PORT_BATCH_UNREACHABLE);
    }
}

enum err lane_look(struct lane *n)
{
    return *n->name ? lane_send(n, BATCH_POLL, n->name, on_looked)
                    : lane_send(n, BATCH_FIND, "", on_found);
}
