/* sim_pages.c: see sim_pages.h. */
#include "tests/llmsim/sim_pages.h"
#include "core/base/json_out.h"
#include "tests/llmsim/sim_chat.h"
#include <string.h>

static void put_models(struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "object", "list");
    json_out_key(&w, "data");
    json_out_open(&w, '[');
    json_out_open(&w, '{');
    json_out_kstr(&w, "id", "barker-llmsim");
    json_out_kstr(&w, "object", "model");
    json_out_kint(&w, "created", 0);
    json_out_kstr(&w, "owned_by", "barker-llmsim");
    json_out_close(&w, '}');
    json_out_close(&w, ']');
    json_out_close(&w, '}');
}

static void put_health(const struct sim_counts *c, struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "status", "ok");
    json_out_kbool(&w, "simulated", true);
    json_out_kint(&w, "requests", (int64_t)c->requests);
    json_out_kint(&w, "in_flight", c->in_flight);
    json_out_kint(&w, "peak_in_flight", c->peak);
    json_out_close(&w, '}');
}

int sim_pages_put(const char *method, const char *path, const struct sim_counts *counts,
                  const struct sim_ledger *ledger, struct buf *out)
{
    if (strcmp(method, "GET") != 0) {
        sim_chat_error(out, "invalid_request_error", "method_not_allowed", NULL,
                       "This method is not simulated here.");
        return 405;
    }
    if (strcmp(path, "/v1/models") == 0) {
        put_models(out);
    } else if (strcmp(path, "/health") == 0) {
        put_health(counts, out);
    } else if (strcmp(path, "/ledger") == 0) {
        sim_ledger_array(ledger, out);
    } else {
        sim_chat_error(out, "invalid_request_error", "unknown_url", NULL,
                       "There is no such route.");
        return 404;
    }
    return buf_status(out) == ERR_OK ? 200 : 500;
}
