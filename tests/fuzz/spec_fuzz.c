/* spec_fuzz.c: any text as a campaign spec, with the shipped channels. An input that
 * begins with '+' is put after the members of a valid spec, so that it gets far. */
#include "campaigns/campaign.h"
#include "campaigns/kind.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>

#define ARENA_MAX_BYTES ((size_t)4 << 20)
#define PREFIX "{\"kind\":\"content\",\"input\":{\"brief\":\"A lamp\"}"

static const struct channel_set *channels(void)
{
    static struct channel_set *shipped;
    if (!shipped) {
        struct err_detail d;
        check(channel_set_new(NULL, &shipped, &d) == ERR_OK);
    }
    return shipped;
}

static void check_placements(const struct spec *s)
{
    check(s->placement_count >= 1 && s->placement_count <= SPEC_PLACEMENTS_MAX);
    for (int i = 0; i < s->placement_count; i++) {
        check(s->placement[i].channel && s->placement[i].name[0]);
        check(s->placement[i].locale[0]);
        for (int k = 0; k < i; k++)
            check(strcmp(s->placement[i].name, s->placement[k].name) != 0);
    }
    for (int i = 0; i < s->segment_count; i++)
        check(spec_id_is_valid(s->segment[i].id) && s->segment[i].size >= -1);
}

static void check_bounds(const struct spec *s)
{
    check(!s->id[0] || spec_id_is_valid(s->id));
    check(spec_id_is_valid(s->tenant) && kind_find(s->kind));
    check(s->channel_count >= 1 && s->channel_count <= SPEC_LIST_MAX);
    check(s->segment_count >= 0 && s->segment_count <= SPEC_LIST_MAX);
    check(s->locale_count >= 1 && s->locale_count <= SPEC_LIST_MAX);
    check(s->never_count <= 64 && s->say_count <= 64);
    check(s->budget_calls >= -1 && s->budget_tokens >= -1 && s->budget_usd_nano >= -1);
    check(s->holdout >= 0 && s->holdout <= 0.5);
    check(s->min_distance >= 0 && s->min_distance <= 1);
    check(s->horizon >= 0 && s->min_impressions >= 0 && s->max_rounds >= 0);
    check(s->not_before_ms >= 0);
    check(s->warning_count >= 0 && s->warning_count <= SPEC_WARNINGS_MAX);
    for (int i = 0; i < s->warning_count; i++) {
        fuzz_check_text(s->warning[i].path, 4096);
        fuzz_check_text(s->warning[i].message, 4096);
    }
}

/* The campaign of an accepted spec can be saved, and read back as it was. */
static void check_campaign(const struct spec *s)
{
    struct arena arena;
    struct err_detail d = {.code = ERR_OK};
    struct buf first, second;
    buf_init(&first, ARENA_MAX_BYTES);
    buf_init(&second, ARENA_MAX_BYTES);
    arena_init(&arena, ARENA_MAX_BYTES);
    struct campaign *c = campaign_new(&arena, s), *again = campaign_new(&arena, s);
    check(c && again);
    const char *stage = kind_find(s->kind)->stages[0].name;
    check(campaign_save(c, stage, 0, &first) == ERR_OK);
    check(campaign_restore(again, first.data, first.len, &d) == ERR_OK);
    check(campaign_save(again, stage, 0, &second) == ERR_OK);
    check(first.len == second.len && !memcmp(first.data, second.data, first.len));
    campaign_fini(c);
    campaign_fini(again);
    arena_fini(&arena);
    buf_fini(&first);
    buf_fini(&second);
}

/* The same verdict, and each error is one. */
static void find_all(const char *text, size_t n, struct arena *arena, enum err first)
{
    static struct spec_errors all;
    enum err e = spec_find_errors(text, n, channels(), arena, &all);
    check(e == ERR_NOMEM || first == ERR_NOMEM || (e != ERR_OK) == (first != ERR_OK));
    check(e == ERR_OK || e == ERR_NOMEM || all.count > 0);
    for (int i = 0; i < all.count; i++)
        fuzz_check_refusal(all.item[i].code, &all.item[i]);
}

static void parse(const char *text, size_t n)
{
    struct spec spec = {.root = NULL};
    struct err_detail d = {.code = ERR_OK};
    struct arena arena;
    arena_init(&arena, ARENA_MAX_BYTES);
    enum err e = spec_parse(text, n, channels(), &arena, &spec, &d), verdict = e;
    check(e != ERR_NOMEM || arena.failed);
    if (e) {
        fuzz_check_refusal(e, &d);
    } else {
        check_placements(&spec);
        check_bounds(&spec);
        check_campaign(&spec);
        e = spec_check_price(&spec, false, &d);
        if (e)
            fuzz_check_refusal(e, &d);
    }
    spec_fini(&spec);
    find_all(text, n, &arena, verdict);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0 || data[0] != '+') {
        parse((const char *)data, n);
        return 0;
    }
    size_t prefix = sizeof PREFIX - 1, size = prefix + n + 1;
    char *text = malloc(size);
    check(text);
    memcpy(text, PREFIX, prefix);
    memcpy(text + prefix, data, n);
    text[prefix] = ','; /* in place of the '+' */
    text[size - 1] = '}';
    parse(text, size);
    free(text);
    return 0;
}
