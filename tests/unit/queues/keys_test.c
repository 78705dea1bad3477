/* keys_test.c: names, and that keys.c and lua/keys.lua agree. */
#include "queues/keys.h"
#include "core/io/file.h"
#include "tests/unit/queues/queue_fixture.h"
#include <stdlib.h>

static void test_prefixes(void **state)
{
    (void)state;
    struct keys k;
    assert_int_equal(keys_init(&k, "bk", 7), ERR_OK);
    assert_string_equal(k.root, "bk:{7}");
    assert_int_equal(keys_init(&k, "shop-1.a_b:c", 16383), ERR_OK);
    const char *const bad[] = {"",  "a b", "a{1}",
                               "ä", "b\n", "123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(keys_init(&k, bad[i], 0), ERR_BAD_VALUE);
    assert_int_equal(keys_init(&k, "bk", -1), ERR_BAD_VALUE);
    assert_int_equal(keys_init(&k, "bk", 16384), ERR_BAD_VALUE);
}

static void test_partitions(void **state)
{
    (void)state;
    assert_int_equal(keys_partition_of("anything", 1), 0);
    /* CRC16-XMODEM of "123456789" is 0x31C3 */
    assert_int_equal(keys_partition_of("123456789", 16384), 0x31C3 % 16384);
    assert_int_equal(keys_partition_of("123456789", 64), 0x31C3 % 64);
    assert_int_equal(keys_partition_of("123456789~1~22", 64), 0x31C3 % 64);
}

static void test_an_overlong_name_is_no_other(void **state)
{
    (void)state;
    struct keys k;
    char id[KEYS_NAME_MAX + 50];
    assert_int_equal(keys_init(&k, "bk", 0), ERR_OK);
    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    assert_string_equal(keys_campaign(&k, id).name, "bk:{0}:too_long");
    id[KEYS_NAME_MAX - 10] = '\0'; /* bk:{0}:c: and NUL are 10 */
    assert_int_equal(strlen(keys_campaign(&k, id).name), KEYS_NAME_MAX - 1);
    id[KEYS_NAME_MAX - 10] = 'a';
    id[KEYS_NAME_MAX - 9] = '\0';
    assert_string_equal(keys_campaign(&k, id).name, "bk:{0}:too_long");
}

static void test_global_names(void **state)
{
    (void)state;
    struct keys k;
    assert_int_equal(keys_init(&k, "shop", 3), ERR_OK);
    assert_string_equal(keys_meta(&k).name, "shop:meta");
    assert_string_equal(keys_worker(&k, "h:1:x").name, "shop:worker:h:1:x");
    assert_string_equal(keys_tenant(&k, "acme").name, "shop:{t:acme}");
    assert_string_equal(keys_ledger(&k, "acme", "2026-11-25").name,
                        "shop:{t:acme}:spent:2026-11-25");
    assert_string_equal(keys_reply(&k, "t", "0f").name, "shop:{3}:cache:t:0f");
}

/* Lua's name for the same thing. */
static void agree(struct partition *p, const char *prelude, const char *expression,
                  struct key key)
{
    struct buf script;
    char want[KEYS_NAME_MAX + 2];
    buf_init(&script, 65536);
    (void)buf_printf(&script, "%s return %s", prelude, expression);
    (void)snprintf(want, sizeof want, "'%s'", key.name);
    assert_string_equal(ask(p, "EVAL", buf_str(&script), "1", "bk:{0}"), want);
    buf_fini(&script);
}

static void test_lua_agrees(void **state)
{
    struct partition *p = *state;
    const struct keys *k = &p->queue.keys;
    struct buf lua;
    buf_init(&lua, 65536);
    assert_int_equal(file_read(SOURCE_DIR "/queues/lua/keys.lua", &lua, NULL), ERR_OK);
    const char *text = buf_str(&lua);
    static const char *const parts[] = {"inbox",   "events",    "control", "rejected",
                                        "changes", "campaigns", "dead"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char expression[32];
        (void)snprintf(expression, sizeof expression, "key('%s')", parts[i]);
        agree(p, text, expression, keys_of(k, parts[i]));
    }
    agree(p, text, "campaign_key('c~1')", keys_campaign(k, "c~1"));
    agree(p, text, "part_key('c', 'doc')", keys_campaign_part(k, "c", "doc"));
    agree(p, text, "variant_key('c', 'v1')", keys_variant(k, "c", "v1"));
    agree(p, text, "placement_key('c', 'a/b/c')", keys_placement(k, "c", "a/b/c"));
    agree(p, text, "rank_key('c', 'a/b')", keys_rank(k, "c", "a/b"));
    agree(p, text, "alloc_key('c', 'a')", keys_alloc(k, "c", "a"));
    agree(p, text, "journal_key('c', 'draft', '12')",
          keys_journal(k, "c", "draft", 12));
    buf_fini(&lua);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_an_overlong_name_is_no_other),
        cmocka_unit_test(test_global_names),
        cmocka_unit_test(test_lua_agrees),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
