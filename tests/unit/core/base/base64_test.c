/* base64_test.c: the vectors of RFC 4648 §10, and what is no base64. */
#include "core/base/base64.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    const char *bytes, *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xef\xbe", "/+++"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct buf b;
        const char *text = vectors[i].text;
        buf_init(&b, 64);
        assert_int_equal(base64_encode(vectors[i].bytes, strlen(vectors[i].bytes), &b),
                         ERR_OK);
        assert_string_equal(buf_str(&b), text);
        buf_clear(&b);
        assert_int_equal(base64_decode(text, strlen(text), &b), ERR_OK);
        assert_string_equal(buf_str(&b), vectors[i].bytes);
        buf_clear(&b);
        assert_int_equal(base64_decode(text, strcspn(text, "="), &b), ERR_OK);
        assert_string_equal(buf_str(&b), vectors[i].bytes); /* without padding */
        buf_fini(&b);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",    "Zm9vY", "====", "Z===", "Zg=g", "Zm9v\n",
                                      "Zm-v", "Zh==",  "Zm9=", "Zg=",  "=Zg=", "Zm 9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf b;
        buf_init(&b, 64);
        if (base64_decode(bad[i], strlen(bad[i]), &b) != ERR_BAD_VALUE)
            fail_msg("'%s' is taken", bad[i]);
        buf_fini(&b);
    }
}

static void test_all_bytes_within_bounds(void **state)
{
    (void)state;
    unsigned char bytes[256];
    struct buf text, back;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    buf_init(&text, 344);
    buf_init(&back, sizeof bytes);
    assert_int_equal(base64_encode(bytes, sizeof bytes, &text), ERR_OK);
    assert_int_equal(base64_decode(text.data, text.len, &back), ERR_OK);
    assert_int_equal(back.len, sizeof bytes);
    assert_memory_equal(back.data, bytes, sizeof bytes);
    buf_fini(&back);
    buf_init(&back, sizeof bytes - 1);
    assert_int_equal(base64_decode(text.data, text.len, &back), ERR_LIMIT);
    buf_fini(&back);
    buf_fini(&text);
    buf_init(&text, 343);
    assert_int_equal(base64_encode(bytes, sizeof bytes, &text), ERR_LIMIT);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_all_bytes_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
