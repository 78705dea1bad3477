/* events_fuzz.c: entries of the event stream. An input that begins with '{' or '[' is
 * the one field `e`; any other is field, value, field, value … of a line each. */
#include "campaigns/formats/format.h"
#include "campaigns/spec.h"
#include "tests/fuzz/fuzz.h"
#include "workers/feedback/feedback_entry.h"

#define ARENA_MAX_BYTES ((size_t)16 << 20)
#define SECRET "0123456789abcdef"
#define WORDS_MAX (2 * FEEDBACK_WORDS_MAX)

static void check_item(const struct events_item *i)
{
    check(i->count >= 1 && i->count <= FORMAT_COUNT_MAX);
    check(i->value_micro >= -FORMAT_VALUE_MAX_MICRO);
    check(i->value_micro <= FORMAT_VALUE_MAX_MICRO);
    check(i->value_micro >= 0 || strcmp(i->type, "refund") == 0);
    check(i->ts_ms >= 0 && i->epoch >= -1);
    char root[SPEC_ID_MAX + 1] = "";
    size_t n = strcspn(i->campaign, "~"); /* a child is <root>~<n> */
    check(n < sizeof root);
    memcpy(root, i->campaign, n);
    check(spec_id_is_valid(root) && strlen(i->campaign) <= SPEC_ID_MAX);
    check(strlen(i->type) <= FORMAT_TYPE_MAX);
    fuzz_check_text(i->variant, SPEC_ID_MAX + 1);
    fuzz_check_text(i->type, FORMAT_TYPE_MAX + 1);
    fuzz_check_text(i->currency, 8);
    fuzz_check_text(i->user, 33);
}

static void check_entry(const struct feedback_entry *entry)
{
    check(entry->count >= 0 && entry->count <= EVENTS_BATCH_MAX);
    check(entry->refused_count >= 0 && entry->refused_count <= EVENTS_BATCH_MAX);
    check(entry->whole ? entry->count == 0 && entry->refused_count == 1
                       : entry->count > 0);
    for (int i = 0; i < entry->count; i++)
        check_item(&entry->items[i]);
    for (int i = 0; i < entry->refused_count; i++) {
        const struct feedback_refusal *r = &entry->refused[i];
        fuzz_check_refusal(r->why.code, &r->why);
        check(r->why.code && r->raw && r->raw[r->raw_len] == '\0');
    }
}

static void read_entry(const struct redis_arg *words, size_t count)
{
    struct arena arena;
    struct feedback_entry *entry = malloc(sizeof *entry);
    check(entry);
    arena_init(&arena, ARENA_MAX_BYTES);
    check(feedback_entry_read(words, count, SECRET, &arena, entry) == ERR_OK);
    check_entry(entry);
    arena_fini(&arena);
    free(entry);
}

static void read_lines(char *text, size_t n)
{
    struct redis_arg words[WORDS_MAX];
    size_t count = 0;
    for (char *end = text + n; count < WORDS_MAX && text <= end; count++) {
        char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        *stop = '\0';
        words[count] = redis_bytes(text, (size_t)(stop - text));
        text = stop + 1;
    }
    read_entry(words, count - count % 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = fuzz_string(data, n);
    if (n > 0 && (text[0] == '{' || text[0] == '[')) {
        struct redis_arg words[] = {redis_text("e"), redis_bytes(text, n)};
        read_entry(words, 2);
    } else {
        read_lines(text, n);
    }
    free(text);
    return 0;
}
