/* sse_fuzz.c: an event stream, split in any way, gives the same events. The first byte
 * is where and how often it is split. */
#include "core/base/sse.h"
#include "tests/fuzz/fuzz.h"

#define LINE_MAX_BYTES 200
#define EVENT_MAX_BYTES 300

/* What came, as one line of bytes. */
struct record {
    struct buf seen;
    size_t events;
};

static enum err on_event(void *arg, const struct sse_event *e)
{
    struct record *r = arg;
    check(e->type[e->type_len] == '\0' && e->data[e->data_len] == '\0');
    check(e->type_len <= LINE_MAX_BYTES && e->data_len <= EVENT_MAX_BYTES);
    r->events++;
    buf_append(&r->seen, e->type, e->type_len + 1);
    buf_append(&r->seen, e->data, e->data_len + 1);
    return r->events == 50 ? ERR_CANCELLED : ERR_OK;
}

/* Pieces of `piece` bytes; 0: all at once. */
static enum err read_pieces(struct record *r, const char *bytes, size_t n, size_t piece)
{
    struct sse s;
    enum err e = ERR_OK;
    *r = (struct record){0};
    buf_init(&r->seen, (size_t)1 << 20);
    sse_init(&s, LINE_MAX_BYTES, EVENT_MAX_BYTES, on_event, r);
    for (size_t at = 0; at < n;) {
        size_t len = piece == 0 || piece > n - at ? n - at : piece;
        e = sse_feed(&s, bytes + at, len);
        at += len;
    }
    sse_fini(&s);
    check(!buf_status(&r->seen));
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    size_t piece = n ? (size_t)data[0] + 1 : 1;
    const char *bytes = (const char *)data + (n > 0);
    n -= n > 0;
    struct record whole, other;
    enum err e = read_pieces(&whole, bytes, n, 0);
    const size_t pieces[] = {1, piece};
    for (size_t i = 0; i < 2; i++) {
        check(read_pieces(&other, bytes, n, pieces[i]) == e);
        check(other.events == whole.events && other.seen.len == whole.seen.len);
        check(memcmp(buf_str(&other.seen), buf_str(&whole.seen), whole.seen.len) == 0);
        buf_fini(&other.seen);
    }
    buf_fini(&whole.seen);
    return 0;
}
