/* sim_ledger.c: the ledger in a file and in memory, and the count of prompts. */
#include "tests/llmsim/sim_ledger.h"
#include "core/base/clock.h"
#include "core/base/json_out.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEP_BYTES (64u << 20)
#define LINE_MAX_BYTES 16384
#define PROMPTS_MAX                                                                    \
    (1u << 20) /* table slots; with three quarters used it stays as is */

struct prompt_count {
    uint64_t key; /* first 64 bits of the SHA-256; 0 = free */
    uint64_t count;
};

struct sim_ledger {
    int fd; /* -1 = memory only */
    struct buf lines;
    struct prompt_count *prompts; /* open addressing, PROMPTS_MAX slots */
    uint32_t prompt_count;
};

enum err sim_ledger_new(const char *path, struct sim_ledger **out, struct err_detail *d)
{
    struct sim_ledger *l = calloc(1, sizeof(*l));
    if (!l || !(l->prompts = calloc(PROMPTS_MAX, sizeof(*l->prompts)))) {
        free(l);
        return err_set(d, ERR_NOMEM, "", "no memory for the ledger");
    }
    buf_init(&l->lines, KEEP_BYTES);
    l->fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (path && l->fd < 0) {
        enum err e =
            err_set(d, ERR_IO, path, "cannot open the ledger: %s", strerror(errno));
        sim_ledger_free(l);
        return e;
    }
    *out = l;
    return ERR_OK;
}

void sim_ledger_free(struct sim_ledger *l)
{
    if (!l) {
        return;
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
    buf_fini(&l->lines);
    free(l->prompts);
    free(l);
}

/* Drops the older half at a line's end. */
static void forget_half(struct buf *lines)
{
    const char *middle = buf_str(lines) + lines->len / 2;
    const char *end = strchr(middle, '\n');
    buf_consume(lines, end ? (size_t)(end + 1 - buf_str(lines)) : lines->len);
}

static void open_line(struct buf *line, struct json_out *w, uint64_t n)
{
    buf_init(line, LINE_MAX_BYTES);
    json_out_init(w, line);
    json_out_open(w, '{');
    json_out_kint(w, "n", (int64_t)n);
}

static enum err put_line(struct sim_ledger *l, struct buf *line)
{
    enum err e = buf_append_char(line, '\n');
    if (e == ERR_OK && l->fd >= 0 &&
        write(l->fd, line->data, line->len) != (ssize_t)line->len) {
        e = ERR_IO;
    }
    if (e == ERR_OK) {
        if (l->lines.len + line->len > KEEP_BYTES) {
            forget_half(&l->lines);
        }
        e = buf_append(&l->lines, line->data, line->len);
    }
    buf_fini(line);
    return e;
}

enum err sim_ledger_arrive(struct sim_ledger *l, uint64_t n, const char *id,
                           const char *prompt_sha256, const char *model)
{
    struct buf line;
    struct json_out w;
    open_line(&line, &w, n);
    json_out_kint(&w, "t_ms", clock_wall_ms());
    json_out_kstr(&w, "id", id);
    json_out_kstr(&w, "prompt_sha256", prompt_sha256);
    json_out_kstr(&w, "model", model);
    json_out_close(&w, '}');
    return put_line(l, &line);
}

enum err sim_ledger_done(struct sim_ledger *l, uint64_t n, const char *id, int status,
                         const struct sim_usage *usage)
{
    struct buf line;
    struct json_out w;
    open_line(&line, &w, n);
    json_out_kstr(&w, "id", id);
    json_out_kbool(&w, "done", true);
    json_out_kint(&w, "status", status);
    json_out_kint(&w, "t_ms", clock_wall_ms());
    json_out_key(&w, "usage");
    json_out_open(&w, '{');
    json_out_kint(&w, "prompt_tokens", usage->prompt_tokens);
    json_out_kint(&w, "completion_tokens", usage->completion_tokens);
    json_out_close(&w, '}');
    json_out_close(&w, '}');
    return put_line(l, &line);
}

uint64_t sim_ledger_sample(struct sim_ledger *l, const char *prompt_sha256)
{
    char head[17];
    memcpy(head, prompt_sha256, 16);
    head[16] = '\0';
    uint64_t key = strtoull(head, NULL, 16) | 1;
    for (uint64_t i = hash_mix(key);; i++) {
        struct prompt_count *slot = &l->prompts[i & (PROMPTS_MAX - 1)];
        if (slot->key == key) {
            return slot->count++;
        }
        if (slot->key == 0) {
            if (l->prompt_count < PROMPTS_MAX / 4 * 3) {
                *slot = (struct prompt_count){.key = key, .count = 1};
                l->prompt_count++;
            }
            return 0;
        }
    }
}

void sim_ledger_array(const struct sim_ledger *l, struct buf *out)
{
    size_t start = out->len;
    (void)buf_append_char(out, '[');
    (void)buf_append_str(out, buf_str(&l->lines));
    for (size_t i = start; i < out->len; i++) {
        if (out->data[i] == '\n') { /* strings hold no raw line feed */
            out->data[i] = i + 1 < out->len ? ',' : ' ';
        }
    }
    (void)buf_append_char(out, ']');
}
