/* channel_fuzz.c: any text as a user's channel table, and any text as what a variant of
 * each channel says. The first line is the table, or a byte that picks one of the
 * shipped channels; the rest is the text. Facts are fixed. */
#include "campaigns/checks/channel_text.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_MAX_BYTES ((size_t)8 << 20)
#define FACTS                                                                          \
    "{\"sign\":\"S\",\"brand\":\"B\",\"postal_address\":\"1 Mill Road\","              \
    "\"unsubscribe_url\":\"https://shop.example/u\",\"f\":\"fact\"}"
enum { FINDINGS = 6 };

static struct json *facts_new(void)
{
    struct json *facts = NULL;
    struct err_detail d;
    check(json_parse(FACTS, strlen(FACTS), &json_limits_spec, &facts, &d) == ERR_OK);
    return facts;
}

static void check_findings(const struct channel *c, const char *text)
{
    struct channel_finding found[FINDINGS];
    int n = channel_judge(c, text, strlen(text), found, FINDINGS);
    check(n >= 0 && n <= FINDINGS);
    for (int i = 0; i < n; i++) {
        check(found[i].code && found[i].message[0]);
        fuzz_check_text(found[i].message, sizeof found[i].message);
    }
}

static void check_text(const struct channel *c, const struct json *facts,
                       const char *text)
{
    struct arena arena;
    struct err_detail d;
    arena_init(&arena, ARENA_MAX_BYTES);
    check_findings(c, text);
    if (channel_text_check(c, facts, &arena, "/channel/0", &d) == ERR_OK) {
        const char *full = channel_text_fill(&arena, c, facts, text);
        const char *again = full ? channel_text_fill(&arena, c, facts, full) : NULL;
        check(!again || strcmp(full, again) == 0);
        const char *mended = channel_text_mend(&arena, c, facts, text);
        if (mended)
            check_findings(c, mended);
        const char *body = full ? channel_text_body(&arena, c, facts, full) : NULL;
        check(!body || utf8_invalid_at(text, strlen(text)) < strlen(text) ||
              utf8_invalid_at(body, strlen(body)) == strlen(body));
    }
    for (int i = 0; i < c->field_count; i++)
        check(channel_text_room(&c->fields[i], facts, "zh-CN") >= 0);
    arena_fini(&arena);
}

static const struct channel_set *shipped(void)
{
    static struct channel_set *set;
    struct err_detail d;
    check(set || channel_set_new(NULL, &set, &d) == ERR_OK);
    return set;
}

/* The channels of the user's table come last. */
static void check_own(const char *table, const struct json *facts, const char *text)
{
    struct channel_set *set = NULL;
    struct err_detail d = {.code = ERR_OK};
    const struct channel *c;
    enum err e = channel_set_new(table, &set, &d);
    if (e) {
        fuzz_check_refusal(e, &d);
        check(!set);
        return;
    }
    size_t i = 0;
    while (channel_at(shipped(), i))
        i++;
    for (; (c = channel_at(set, i)); i++)
        check_text(c, facts, text);
    channel_set_free(set);
}

static void check_shipped(size_t pick, const struct json *facts, const char *text)
{
    size_t count = 0;
    while (channel_at(shipped(), count))
        count++;
    check(count > 0);
    check_text(channel_at(shipped(), pick % count), facts, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *table = fuzz_string(data, n);
    char *text = strchr(table, '\n');
    struct json *facts = facts_new();
    if (text)
        *text++ = '\0';
    if (table[0] == '{')
        check_own(table, facts, text ? text : "");
    else
        check_shipped((size_t)(uint8_t)table[0], facts, text ? text : "");
    json_free(facts);
    free(table);
    return 0;
}
