/* gsm7_test.c: the vectors of the standard, and a naive counter on random text. */
#include "campaigns/checks/gsm7.h"
#include "core/base/buf.h"
#include "core/base/rng.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct buf text_of(int a, const char *x, const char *y, int b, const char *z)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < a; i++)
        assert_int_equal(buf_append_str(&text, x), ERR_OK);
    assert_int_equal(buf_append_str(&text, y), ERR_OK);
    for (int i = 0; i < b; i++)
        assert_int_equal(buf_append_str(&text, z), ERR_OK);
    return text;
}

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        int a;
        const char *x, *y;
        int b;
        const char *z;
        bool ucs2;
        int units, segments;
    } rows[] = {
        {0, "", "", 0, "", false, 0, 0},
        {1, "A", "", 0, "", false, 1, 1},
        {160, "A", "", 0, "", false, 160, 1},
        {161, "A", "", 0, "", false, 161, 2},
        {306, "A", "", 0, "", false, 306, 2},
        {307, "A", "", 0, "", false, 307, 3},
        {350, "A", "", 0, "", false, 350, 3},
        {158, "A", "€", 0, "", false, 160, 1},
        {159, "A", "€", 0, "", false, 161, 2},
        {80, "€", "", 0, "", false, 160, 1},
        {152, "a", "€", 152, "a", false, 306, 3},
        {151, "a", "€", 153, "a", false, 306, 2},
        {70, "字", "", 0, "", true, 70, 1},
        {71, "字", "", 0, "", true, 71, 2},
        {134, "字", "", 0, "", true, 134, 2},
        {160, "字", "", 0, "", true, 160, 3},
        {66, "字", "😀", 66, "字", true, 134, 3},
        {65, "字", "😀", 67, "字", true, 134, 2},
        {1, "ç", "", 0, "", true, 1, 1},
        {1, "Ç", "", 0, "", false, 1, 1},
        {159, "A", "ç", 0, "", true, 160, 3},
        {1, "`", "", 0, "", true, 1, 1},
        {1, "\t", "", 0, "", true, 1, 1},
        {1, "\r\n", "", 0, "", false, 2, 1},
        {1, "\f", "", 0, "", false, 2, 1},
        /* man, ZWJ, laptop: two surrogate pairs and one unit */
        {1, "👨\xE2\x80\x8D💻", "", 0, "", true, 5, 1},
        {1, "\xFF", "A", 0, "", true, 2, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text =
            text_of(rows[i].a, rows[i].x, rows[i].y, rows[i].b, rows[i].z);
        struct gsm7_size size = gsm7_measure(buf_str(&text), text.len);
        if (size.segments != rows[i].segments)
            print_error("row %zu\n", i);
        assert_int_equal(size.ucs2, rows[i].ucs2);
        assert_int_equal(size.units, rows[i].units);
        assert_int_equal(size.segments, rows[i].segments);
        buf_fini(&text);
    }
}

static void test_whole_alphabet(void **state)
{
    (void)state;
    /* TS 23.038 in the order of its table, without the escape */
    static const char basic[] =
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    static const char extension[] = "\f^{}\\[~]|€";
    struct gsm7_size size = gsm7_measure(basic, strlen(basic));
    assert_false(size.ucs2);
    assert_int_equal(size.units, 127);
    size = gsm7_measure(extension, strlen(extension));
    assert_false(size.ucs2);
    assert_int_equal(size.units, 20);
}

/* The naive counter: every character carries its own costs, parts are packed into an
 * array of sizes. It shares no code with the real one. */
struct piece {
    const char *text;
    int septets, utf16; /* septets 0 = not in the alphabet */
};
static const struct piece pieces[] = {
    {"a", 1, 1}, {"Z", 1, 1},  {" ", 1, 1},  {"é", 1, 1},  {"Ω", 1, 1},
    {"@", 1, 1}, {"€", 2, 1},  {"[", 2, 1},  {"|", 2, 1},  {"\\", 2, 1},
    {"~", 2, 1}, {"\n", 1, 1}, {"字", 0, 1}, {"ç", 0, 1},  {"😀", 0, 2},
    {"👨", 0, 2}, {"，", 0, 1}, {"ｓ", 0, 1}, {"𠮷", 0, 2}, {"\"", 1, 1},
};
enum { GSM_PIECES = 12, PIECES = sizeof pieces / sizeof pieces[0], LENGTH_MAX = 700 };

static int naive_segments(const struct piece **list, int n)
{
    int costs[LENGTH_MAX], sizes[LENGTH_MAX] = {0}, total = 0, part = 0;
    bool ucs2 = false;
    for (int i = 0; i < n; i++)
        ucs2 = ucs2 || list[i]->septets == 0;
    for (int i = 0; i < n; i++) {
        costs[i] = ucs2 ? list[i]->utf16 : list[i]->septets;
        total += costs[i];
    }
    if (total <= (ucs2 ? 70 : 160))
        return total > 0;
    for (int i = 0; i < n; i++) {
        if (sizes[part] + costs[i] > (ucs2 ? 67 : 153))
            part++;
        sizes[part] += costs[i];
    }
    return part + 1;
}

static void test_random_text(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 20240607);
    for (int round = 0; round < 3000; round++) {
        const struct piece *list[LENGTH_MAX];
        int n = (int)rng_below(&rng, LENGTH_MAX);
        /* mostly the alphabet only, or the escapes would never meet a border */
        uint64_t kinds = round % 3 ? GSM_PIECES : PIECES;
        struct buf text;
        buf_init(&text, 1 << 16);
        for (int i = 0; i < n; i++) {
            list[i] = &pieces[rng_below(&rng, kinds)];
            assert_int_equal(buf_append_str(&text, list[i]->text), ERR_OK);
        }
        struct gsm7_size size = gsm7_measure(buf_str(&text), text.len);
        assert_int_equal(size.segments, naive_segments(list, n));
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_whole_alphabet),
        cmocka_unit_test(test_random_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
