/* shopify_refund_test.c: refunds of Shopify. */
#include "tests/unit/campaigns/formats/format_fixture.h"

#define REFUND(more)                                                                   \
    "{\"id\":5,\"order_id\":4,\"campaign\":\"c\",\"variant\":\"v1\"" more "}"
#define PAID(amount, currency)                                                         \
    "{\"kind\":\"refund\",\"amount\":" amount ",\"currency\":\"" currency "\"}"
#define TRANSACTIONS(list) ",\"transactions\":[" list "]"

static struct format_event fixture(void **state, const char *path)
{
    char *text = format_file(path);
    struct format_event e = format_one(state, text);
    free(text);
    assert_string_equal(e.type, "refund");
    assert_string_equal(e.campaign, "mugs");
    assert_string_equal(e.variant, "v2");
    assert_int_equal(e.quantity, 1);
    assert_int_equal(e.ts_ms, 1795858200000);
    assert_true(*e.id);
    return e;
}

/* What was paid back; the lines count if nothing tells of it. user_id is of the staff.
 */
static void test_money(void **state)
{
    struct format_event e = fixture(state, FORMAT_FIXTURES "shopify_refund-paid.json");
    assert_int_equal(e.value_micro, -20000000);
    assert_string_equal(e.currency, "EUR");
    assert_string_equal(e.user, "207119551");
    e = fixture(state, FORMAT_FIXTURES "shopify_refund-lines.json");
    assert_int_equal(e.value_micro, -23800000);
    assert_string_equal(e.currency, "");
    assert_string_equal(e.user, "");
    e = format_one(state, REFUND(TRANSACTIONS("") ",\"order\":{\"currency\":\"USD\"}"));
    assert_int_equal(e.value_micro, 0);
    assert_string_equal(e.currency, "USD");
}

static void test_order(void **state)
{
    struct format_event e = format_one(
        state, "{\"id\":5,\"order_id\":4,\"refund_line_items\":[],\"order\":{"
               "\"landing_site\":\"/?utm_campaign=c&utm_content=v1\"}}");
    assert_string_equal(e.campaign, "c");
    assert_string_equal(e.variant, "v1");
    format_refused(state, "{\"id\":5,\"order_id\":4,\"refund_line_items\":[]}",
                   ERR_MISSING, "/campaign");
}

static void test_bad(void **state)
{
    format_refused(state, REFUND(TRANSACTIONS(PAID("\"NaN\"", "EUR"))), ERR_BAD_VALUE,
                   "/transactions/0/amount");
    format_refused(state,
                   REFUND(TRANSACTIONS(PAID("\"1\"", "EUR") "," PAID("\"1\"", "USD"))),
                   ERR_BAD_VALUE, "/transactions/1/currency");
    format_refused(state, REFUND(TRANSACTIONS(PAID("\"2000000000\"", "EUR"))),
                   ERR_OUT_OF_RANGE, "/transactions/0/amount");
    format_refused(
        state,
        REFUND(TRANSACTIONS(PAID("700000000", "EUR") "," PAID("700000000", "EUR"))),
        ERR_OUT_OF_RANGE, "/transactions/1/amount");
    format_refused(state, REFUND(",\"refund_line_items\":[{\"subtotal\":true}]"),
                   ERR_BAD_TYPE, "/refund_line_items/0/subtotal");
}

static void test_ids(void **state)
{
    char a[80];
    snprintf(a, sizeof a, "%s", format_one(state, REFUND(TRANSACTIONS(""))).id);
    struct format_event order = format_one(
        state,
        "{\"id\":5,\"total_price\":\"1\",\"campaign\":\"c\",\"variant\":\"v1\"}");
    assert_string_not_equal(a, order.id); /* numbers of their own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_money, format_drop),
        cmocka_unit_test_teardown(test_order, format_drop),
        cmocka_unit_test_teardown(test_bad, format_drop),
        cmocka_unit_test_teardown(test_ids, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
