/* formats_fuzz.c: JSON values read by all event formats: as detected, and by each
 * format whether it claims them or not. The seeds that end in .json are the fixtures of
 * the unit tests. */
#include "campaigns/formats/format_reader.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_MAX_BYTES ((size_t)16 << 20)

static const struct json_limits limits = {.max_bytes = 32 * 1024, .max_depth = 32};

/* The first name of a pointer is there, unless it is the member that is missed. */
static void check_path(const struct json *root, const struct err_detail *why)
{
    size_t n = strcspn(why->path[0] ? why->path + 1 : "", "/");
    check(!why->path[0] || why->path[0] == '/');
    if (json_type(root) == JSON_ARRAY && n) {
        char *end = NULL;
        size_t index = strtoul(why->path + 1, &end, 10);
        check(end == why->path + 1 + n && json_at(root, index));
    }
}

static void check_event(const struct format_event *e)
{
    struct err_detail d = {.code = ERR_OK};
    check(format_check_event(e, NULL, &d) == ERR_OK);
    check(e->ts_ms || !e->ts_fixed);
    fuzz_check_text(e->currency, 4);
    check(format_find(e->source));
}

static void read_all(const struct json *root, struct arena *arena)
{
    struct format_reader r;
    struct format_event e;
    struct err_detail why;
    format_reader_init(&r, root, arena);
    while (format_reader_next(&r, &e, &why)) {
        check(r.at || json_type(root) == JSON_NULL);
        if (!why.code) {
            check_event(&e);
            continue;
        }
        fuzz_check_refusal(why.code, &why);
        check_path(root, &why);
    }
    format_reader_fini(&r);
}

/* A format survives what is not its own. */
static void read_by(const struct format *f, const struct json *j, struct arena *arena)
{
    struct err_detail why = {.code = ERR_OK};
    struct format_event e;
    struct format_reading r = {
        .root = j, .body = j, .item = j, .arena = arena, .d = &why, .event = &e};
    format_event_init(&e);
    enum err err = f->read(&r, &e);
    check(err == r.err);
    if (err)
        fuzz_check_refusal(err, &why);
    json_free(r.decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = fuzz_string(data, n);
    struct err_detail d = {.code = ERR_OK};
    struct json *root = NULL;
    if (!json_parse(text, n, &limits, &root, &d)) {
        struct arena arena;
        arena_init(&arena, ARENA_MAX_BYTES);
        read_all(root, &arena);
        for (size_t i = 0; format_at(i) && json_type(root) == JSON_OBJECT; i++)
            read_by(format_at(i), root, &arena);
        arena_fini(&arena);
        json_free(root);
    }
    free(text);
    return 0;
}
