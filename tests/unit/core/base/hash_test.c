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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc16),
        cmocka_unit_test(test_fast_is_fnv1a_then_fmix64),
        cmocka_unit_test(test_fast_never_changes),
        cmocka_unit_test(test_seeds_are_independent),
        cmocka_unit_test(test_sha),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
