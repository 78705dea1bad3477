/* sim_batches.c: the routes of files and batches, and the time that passes. */
#include "tests/llmsim/sim_batches.h"
#include "core/base/clock.h"
#include "core/base/json_out.h"
#include "tests/llmsim/sim_batch_store.h"
#include "tests/llmsim/sim_chat.h"
#include "tests/llmsim/sim_messages.h"
#include "tests/llmsim/sim_multipart.h"
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX_BYTES (16u << 20)
#define TICKS 20 /* in the time of a batch */
#define TICK_MAX_MS 50
#define LIST_LIMIT 20
#define LIST_LIMIT_MAX 100
#define SEGMENT_MAX 40

struct sim_batches {
    struct sim_batch_world world;
    struct loop_timer *timer;
    struct sim_store store;
};
/* One request being answered. */
struct serving {
    struct sim_batches *s;
    const struct sim_batches_request *q;
    bool is_messages;
    char id[SEGMENT_MAX], action[SEGMENT_MAX]; /* of the path; "" = none */
    struct buf *out;
    const char **type;
};

/* Steps that are behind go on in the next turn of the loop. */
static void on_tick(void *arg)
{
    struct sim_batches *s = arg;
    int64_t now = clock_wall_ms(), tick = s->world.options->ms / TICKS;
    bool running = false;
    list_each (node, &s->store.batches) {
        struct sim_batch *b = list_item(node, struct sim_batch, node);
        if (!sim_batch_ended(b)) {
            sim_batch_step(b, &s->world, now);
            running = running || !sim_batch_ended(b);
        }
        if (sim_batch_ended(b) && !b->is_messages) {
            bool told = now - b->at_ms[b->state] >= s->world.options->untold_ms;
            running = !sim_store_keep_results(&s->store, b, told) || running;
        }
    }
    if (running) {
        tick = tick < 1 ? 1 : tick;
        loop_timer_start(s->timer, tick < TICK_MAX_MS ? tick : TICK_MAX_MS, 0);
    }
}

enum err sim_batches_new(struct loop *l, const struct sim_batch_world *world,
                         struct sim_batches **out)
{
    struct sim_batches *s = calloc(1, sizeof(*s));
    if (!s) {
        return ERR_NOMEM;
    }
    s->world = *world;
    sim_store_init(&s->store);
    enum err e = loop_timer_new(l, on_tick, s, &s->timer);
    if (e != ERR_OK) {
        free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void sim_batches_free(struct sim_batches *s)
{
    if (s) {
        loop_timer_free(s->timer);
        sim_store_fini(&s->store);
        free(s);
    }
}

static int refuse(const struct serving *r, int status, const char *code,
                  const char *message)
{
    const char *type = status == 404   ? "not_found_error"
                       : status == 429 ? "rate_limit_error"
                                       : "invalid_request_error";
    buf_clear(r->out);
    if (r->is_messages) {
        sim_messages_error(r->out, type, message);
    } else {
        sim_chat_error(r->out, "invalid_request_error", code, NULL, message);
    }
    return status;
}

static int not_found(const struct serving *r)
{
    return refuse(r, 404, "not_found", "There is no such file, batch or route.");
}

static int no_room(const struct serving *r)
{
    return refuse(r, 429, "rate_limit_exceeded", "The simulator has no room for more.");
}

static int upload(struct serving *r)
{
    const struct sim_batches_request *q = r->q;
    struct sim_part purpose, file;
    char name[64], none[8];
    if (sim_multipart_find(q->content_type, q->body, q->len, "purpose", &purpose, none,
                           sizeof(none)) != ERR_OK ||
        sim_multipart_find(q->content_type, q->body, q->len, "file", &file, name,
                           sizeof(name)) != ERR_OK) {
        return refuse(r, 400, "bad_multipart", "The body needs `purpose` and `file`.");
    }
    if (purpose.len != 5 || memcmp(purpose.at, "batch", 5) != 0) {
        return refuse(r, 400, "invalid_purpose", "Only `batch` is simulated.");
    }
    struct buf data;
    buf_init(&data, INPUT_MAX_BYTES);
    struct sim_file *f = NULL;
    if (sim_store_has_room(&r->s->store, file.len) &&
        buf_append(&data, file.at, file.len) == ERR_OK) {
        f = sim_store_add_file(&r->s->store, &data, name, "batch", clock_wall_ms());
    }
    buf_fini(&data);
    if (!f) {
        return no_room(r);
    }
    sim_batch_put_file(f, r->out);
    return 200;
}

static int serve_files(struct serving *r)
{
    const char *method = r->q->method;
    struct sim_file *f = sim_store_file(&r->s->store, r->id);
    if (strcmp(method, "POST") == 0 && !*r->id) {
        return upload(r);
    }
    if (!f) {
        return not_found(r);
    }
    if (strcmp(method, "DELETE") == 0 && !*r->action) {
        struct json_out w;
        json_out_init(&w, r->out);
        json_out_open(&w, '{');
        json_out_kstr(&w, "id", f->id);
        json_out_kstr(&w, "object", "file");
        json_out_kbool(&w, "deleted", true);
        json_out_close(&w, '}');
        sim_store_drop_file(f);
        return 200;
    }
    if (strcmp(method, "GET") == 0 && strcmp(r->action, "content") == 0) {
        *r->type = "application/octet-stream";
        (void)buf_append(r->out, buf_str(&f->data), f->data.len);
        return 200;
    }
    if (strcmp(method, "GET") == 0 && !*r->action) {
        sim_batch_put_file(f, r->out);
        return 200;
    }
    return not_found(r);
}

static int start(struct serving *r, struct sim_batch *b)
{
    sim_batch_put(b, r->q->host ? r->q->host : "", r->out);
    loop_timer_start(r->s->timer, 0, 0);
    return 200;
}

static int create_openai(struct serving *r, const struct json *root)
{
    struct sim_file *f =
        sim_store_file(&r->s->store, json_str(json_get(root, "input_file_id"), ""));
    struct buf input;
    if (!f) {
        return refuse(r, 400, "invalid_input_file", "There is no such input file.");
    }
    if (strcmp(json_str(json_get(root, "endpoint"), ""), "/v1/chat/completions") != 0 ||
        strcmp(json_str(json_get(root, "completion_window"), ""), "24h") != 0) {
        return refuse(r, 400, "invalid_value", "Another endpoint or window.");
    }
    buf_init(&input, INPUT_MAX_BYTES);
    struct sim_batch *b = NULL;
    if (sim_store_has_room(&r->s->store, f->data.len) &&
        buf_append(&input, buf_str(&f->data), f->data.len) == ERR_OK) {
        b = sim_store_add_batch(&r->s->store, false, &input, clock_wall_ms());
    }
    buf_fini(&input);
    if (!b) {
        return no_room(r);
    }
    memcpy(b->input_id, f->id, sizeof(b->input_id));
    const struct json *metadata = json_get(root, "metadata");
    if (json_type(metadata) == JSON_OBJECT &&
        json_print(metadata, &b->metadata) != ERR_OK) {
        buf_clear(&b->metadata);
    }
    return start(r, b);
}

/* Each request becomes a line; what is wrong is told at once. */
static int create_messages(struct serving *r, const struct json *root)
{
    struct err_detail d = {0};
    struct buf input;
    buf_init(&input, INPUT_MAX_BYTES);
    json_each (one, json_get(root, "requests")) {
        (void)json_print(one, &input);
        (void)buf_append_char(&input, '\n');
    }
    if (buf_status(&input) != ERR_OK || !sim_store_has_room(&r->s->store, input.len)) {
        buf_fini(&input);
        return no_room(r);
    }
    struct sim_batch *b =
        sim_store_add_batch(&r->s->store, true, &input, clock_wall_ms());
    if (!b) {
        return no_room(r);
    }
    if (sim_batch_validate(b, &d) != ERR_OK) {
        sim_batch_free(b);
        return refuse(r, 400, d.path, d.message);
    }
    return start(r, b);
}

static int create(struct serving *r)
{
    static const struct json_limits limits = {INPUT_MAX_BYTES, 64};
    struct err_detail d = {0};
    struct json *root = NULL;
    if (json_parse(r->q->body, r->q->len, &limits, &root, &d) != ERR_OK) {
        return refuse(r, 400, "bad_json", d.message);
    }
    int status = r->is_messages ? create_messages(r, root) : create_openai(r, root);
    json_free(root);
    return status;
}

static int list_all(struct serving *r)
{
    long limit = r->q->limit ? strtol(r->q->limit, NULL, 10) : LIST_LIMIT;
    const char *after = r->q->after ? r->q->after : "";
    if (limit < 1 || limit > LIST_LIMIT_MAX) {
        return refuse(r, 400, "invalid_value", "limit is 1 to 100");
    }
    if (*after && !sim_store_batch(&r->s->store, r->is_messages, after)) {
        return not_found(r);
    }
    sim_batch_put_list(&r->s->store, r->is_messages, after, limit,
                       r->q->host ? r->q->host : "", r->out);
    return 200;
}

static int serve_batches(struct serving *r)
{
    bool get = strcmp(r->q->method, "GET") == 0;
    bool post = strcmp(r->q->method, "POST") == 0;
    if (!*r->id) {
        return post ? create(r) : get ? list_all(r) : not_found(r);
    }
    struct sim_batch *b = sim_store_batch(&r->s->store, r->is_messages, r->id);
    if (b && post && strcmp(r->action, "cancel") == 0) {
        sim_batch_cancel(b, clock_wall_ms());
    } else if (b && get && r->is_messages && strcmp(r->action, "results") == 0 &&
               sim_batch_ended(b)) {
        *r->type = "application/x-jsonl";
        (void)buf_append(r->out, buf_str(&b->output), b->output.len);
        return 200;
    } else if (!b || !get || *r->action) {
        return not_found(r);
    }
    sim_batch_put(b, r->q->host ? r->q->host : "", r->out);
    return 200;
}

/* What stands behind the prefix: "", "/id", "/id/action". */
static bool read_path(const char *path, const char *prefix, struct serving *r)
{
    size_t n = strlen(prefix);
    if (strncmp(path, prefix, n) != 0 || (path[n] && path[n] != '/')) {
        return false;
    }
    const char *id = path[n] ? path + n + 1 : "";
    size_t len = strcspn(id, "/");
    const char *action = id[len] ? id + len + 1 : "";
    if (len >= SEGMENT_MAX || strlen(action) >= SEGMENT_MAX) {
        return false;
    }
    memcpy(r->id, id, len);
    memcpy(r->action, action, strlen(action));
    return true;
}

int sim_batches_serve(struct sim_batches *s, const struct sim_batches_request *q,
                      const char **type, struct buf *out)
{
    struct serving r = {.s = s, .q = q, .out = out, .type = type};
    int status = 0;
    if (read_path(q->path, "/v1/files", &r)) {
        status = serve_files(&r);
    } else if (read_path(q->path, "/v1/batches", &r)) {
        status = serve_batches(&r);
    } else if (read_path(q->path, "/v1/messages/batches", &r)) {
        r.is_messages = true;
        status = serve_batches(&r);
    }
    return buf_status(out) == ERR_OK ? status : 500;
}
