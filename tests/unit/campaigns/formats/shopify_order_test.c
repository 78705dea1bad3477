/* shopify_order_test.c: orders of Shopify. */
#include "tests/unit/campaigns/formats/format_fixture.h"

#define ORDER(more) "{\"id\":450789469,\"total_price\":\"39.95\"" more "}"
#define UTM ",\"landing_site\":\"/?utm_campaign=c&utm_content=v1\""

static void test_id(void **state)
{
    char a[80], b[80];
    snprintf(a, sizeof a, "%s", format_one(state, ORDER(UTM)).id);
    assert_true(*a);
    snprintf(
        b, sizeof b, "%s",
        format_one(state, "{\"id\":\"450789469\",\"total_price\":\"1\"" UTM "}").id);
    assert_string_equal(a, b);
    /* beyond what a double can tell apart */
    format_refused(state, "{\"id\":820982911946154508,\"total_price\":\"1\"" UTM "}",
                   ERR_MISSING, "/admin_graphql_api_id");
    snprintf(a, sizeof a, "%s",
             format_one(state,
                        "{\"id\":820982911946154508,\"total_price\":\"1\","
                        "\"admin_graphql_api_id\":\"gid://shopify/Order/1\"" UTM "}")
                 .id);
    assert_string_not_equal(a, b);
}

static void test_coupon(void **state)
{
    char *text = format_file(FORMAT_FIXTURES "shopify_order-coupon.json");
    struct format_event e = format_one(state, text);
    free(text);
    assert_string_equal(e.campaign, "mugs");
    assert_string_equal(e.variant, "v2");
    assert_string_equal(e.currency, "USD");
    assert_int_equal(e.value_micro, 403000000);
    e = format_one(state, ORDER(",\"discount_codes\":[{\"code\":\"SPRING\"},{\"code\":"
                                "\"mugs/v3\"}]"));
    assert_string_equal(e.campaign, "mugs");
    assert_string_equal(e.variant, "v3");
    e = format_one(state,
                   ORDER(",\"line_items\":[{\"properties\":[]},{\"properties\":[{"
                         "\"name\":\"campaign_id\",\"value\":\"c\"},{\"name\":"
                         "\"variant_id\",\"value\":\"v1\"}]}]"));
    assert_string_equal(e.variant, "v1");
    assert_int_equal(e.quantity, 2);
}

static void test_bad(void **state)
{
    format_refused(state, ORDER(UTM ",\"test\":true"), ERR_BAD_VALUE, "/test");
    format_refused(state, "{\"id\":1,\"total_price\":\"1e999\"" UTM "}", ERR_BAD_VALUE,
                   "/total_price");
    format_refused(state, "{\"id\":1,\"total_price\":\"-1\"" UTM "}", ERR_OUT_OF_RANGE,
                   "/total_price");
    format_refused(state, ORDER(UTM ",\"created_at\":\"2026-11-27\""), ERR_BAD_VALUE,
                   "/created_at");
    format_refused(state, ORDER(",\"landing_site\":\"/\""), ERR_MISSING, "/campaign");
    format_refused(state, ORDER(",\"landing_site\":\"/?utm_campaign=c\""), ERR_MISSING,
                   "/variant");
    format_refused(state,
                   ORDER(",\"landing_site\":\"/?utm_campaign=%7B0%7D&utm_content=v\""),
                   ERR_BAD_ID, "/landing_site");
}

/* Nobody has bought yet. */
static void test_detect(void **state)
{
    format_refused(state, ORDER(UTM ",\"abandoned_checkout_url\":\"u\""), ERR_BAD_VALUE,
                   "");
    format_refused(state, ORDER(UTM ",\"invoice_url\":\"u\""), ERR_BAD_VALUE, "");
    struct format_event e = format_one(
        state, ORDER(",\"type\":\"click\",\"campaign\":\"c\",\"variant\":\"v1\""));
    assert_string_equal(e.source, "plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_id, format_drop),
        cmocka_unit_test_teardown(test_coupon, format_drop),
        cmocka_unit_test_teardown(test_bad, format_drop),
        cmocka_unit_test_teardown(test_detect, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
