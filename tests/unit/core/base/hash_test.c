/* hash_test.c: published vectors; hash_fast is frozen here for ever. */
#include "core/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_crc16(void **state)
{
    (void)state;
    assert_int_equal(hash_crc16("123456789", 9), 0x31c3);
    assert_int_equal(hash_crc16("", 0), 0);
    assert_int_equal(hash_crc16("foo", 3) & 16383, 12182); /* CLUSTER KEYSLOT foo */
    assert_int_equal(hash_crc16("\xff", 1), 0x1ef0);
}

static void test_fast_is_fnv1a_then_fmix64(void **state)
{
    (void)state;
    assert_true(hash_mix(0) == 0);
    assert_true(hash_mix(1) == 0xb456bcfc34c2cb2cu);
    assert_true(hash_fast("foobar", 6, 0) == hash_mix(0x85944171f73967e8u));
    assert_true(hash_fast("", 0, 0) == hash_mix(0xcbf29ce484222325u));
    assert_true(hash_fast_str("foobar", 9) == hash_fast("foobar", 6, 9));
    assert_true(hash_fast("a\0b", 3, 0) != hash_fast("a\0c", 3, 0));
}

static void test_fast_never_changes(void **state)
{
    (void)state;
    assert_true(hash_fast_str("user-1", 1) == 0xb2f74ba88ddafafeu);
    assert_true(hash_fast_str("user-1", 2) == 0x5303d8b9d178df20u);
}

/* A seed must not be undone by a change of the first byte. */
static void test_seeds_are_independent(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 128; seed++) {
        char other[] = "a";
        other[0] = (char)('a' ^ (int)seed);
        if (seed > 0)
            assert_true(hash_fast("a", 1, 0) != hash_fast(other, 1, seed));
    }
}

static void test_sha(void **state)
{
    (void)state;
    char hex[HASH_SHA256_HEX];
    hash_sha256_hex("abc", 3, hex);
    assert_string_equal(
        hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256_hex("", 0, hex);
    assert_string_equal(
        hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    char hex1[HASH_SHA1_HEX];
    hash_sha1_hex("abc", 3, hex1);
    assert_string_equal(hex1, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

/* RFC 4231: test cases 1, 2 and 6 (a key longer than a block); and nothing at all. */
static void test_hmac(void **state)
{
    (void)state;
    unsigned char key1[20], key6[131], out[HASH_HMAC_BYTES];
    char hex[2 * HASH_HMAC_BYTES + 1];
    memset(key1, 0x0b, sizeof key1);
    memset(key6, 0xaa, sizeof key6);
    static const char six[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    const struct {
        const void *key;
        size_t n;
        const char *text, *hex;
    } rows[] = {
        {key1, sizeof key1, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {key6, sizeof key6, six,
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"", 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hash_hmac(rows[i].key, rows[i].n, rows[i].text, strlen(rows[i].text), out);
        hash_hex(out, sizeof out, hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc16),
        cmocka_unit_test(test_fast_is_fnv1a_then_fmix64),
        cmocka_unit_test(test_fast_never_changes),
        cmocka_unit_test(test_seeds_are_independent),
        cmocka_unit_test(test_sha),
        cmocka_unit_test(test_hmac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
