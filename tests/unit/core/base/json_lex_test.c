/* json_lex_test.c: runs of plain bytes, with every byte at every place of a word. */
#include "core/base/json_lex.h"
#include "core/base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define RUN_BYTES 59 /* a block, three words and a rest */

/* A copy of its own bytes, so that reading past its end is seen. */
static size_t plain_of(const char *s, size_t n)
{
    char *copy = malloc(n + 1);
    assert_non_null(copy);
    memcpy(copy, s, n);
    copy = realloc(copy, n ? n : 1);
    assert_non_null(copy);
    size_t run = json_lex_plain(copy, n);
    assert_int_equal(utf8_ascii(copy, n) >= run, 1);
    free(copy);
    return run;
}

static void test_every_byte_everywhere(void **state)
{
    (void)state;
    for (size_t at = 0; at < RUN_BYTES; at++)
        for (int byte = 0; byte < 256; byte++) {
            char text[RUN_BYTES];
            memset(text, 'x', sizeof text);
            text[at] = (char)byte;
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            if (plain_of(text, sizeof text) != (plain ? RUN_BYTES : at))
                fail_msg("byte %d at %zu", byte, at);
            if (utf8_ascii(text, sizeof text) != (byte < 0x80 ? RUN_BYTES : at))
                fail_msg("ascii: byte %d at %zu", byte, at);
        }
}

/* A byte that borrows from its neighbour must not be missed nor invented. */
static void test_neighbours(void **state)
{
    (void)state;
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++) {
            char text[16] = {(char)first, (char)second};
            memset(text + 2, 0x21, sizeof text - 2);
            size_t want = 0;
            for (; want < 2; want++) {
                unsigned char c = (unsigned char)text[want];
                if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
                    break;
            }
            if (plain_of(text, sizeof text) != (want == 2 ? sizeof text : want))
                fail_msg("bytes %d %d", first, second);
        }
}

static void test_lengths(void **state)
{
    (void)state;
    static const char text[] = "abcdefghijklmnopqrstuvwxyz";
    for (size_t n = 0; n < sizeof text; n++)
        assert_int_equal(plain_of(text, n), n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_everywhere),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
