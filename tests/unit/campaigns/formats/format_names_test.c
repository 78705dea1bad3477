/* format_names_test.c: names of events, in all spellings. */
#include "campaigns/formats/format_names.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name, *type;
} rows[] = {
    {"Order Completed", "conversion"},
    {"order_completed", "conversion"},
    {"OrderCompleted", "conversion"},
    {"orderCompleted", "conversion"},
    {"ORDER COMPLETED", "conversion"},
    {"  Order -- Completed!", "conversion"},
    {"Purchase", "conversion"},
    {"purchase", "conversion"},
    {"conversion", "conversion"},
    {"Product Added", "cart"},
    {"AddToCart", "cart"},
    {"add_to_cart", "cart"},
    {"Order Refunded", "refund"},
    {"refund", "refund"},
    {"Email Delivered", "delivered"},
    {"Email Opened", "open"},
    {"Email Link Clicked", "click"},
    {"Email Bounced", "bounce"},
    {"Email Marked as Spam", "complaint"},
    {"Unsubscribed", "unsubscribe"},
    {"Promotion Viewed", "impression"},
    {"view_promotion", "impression"},
    {"select_promotion", "click"},
    {"DFEmailClicked", "click"},
    {"Signed Up", "signed_up"},
    {"Level2Done", "level2_done"},
    {"page_view", "page_view"},
};

static void test_types(void **state)
{
    (void)state;
    struct arena arena;
    struct err_detail d = {.code = ERR_OK};
    struct format_event e;
    struct format_reading r = {.arena = &arena, .d = &d, .event = &e};
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(names_type(&r, rows[i].name, NULL), rows[i].type);
    assert_int_equal(r.err, ERR_OK);
    (void)names_type(&r, " -- ", NULL);
    assert_int_equal(r.err, ERR_BAD_VALUE);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_types)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
