/* format_lookup_test.c: the order in which campaign and variant are looked for. */
#include "campaigns/formats/format_lookup.h"
#include "tests/unit/campaigns/formats/format_fixture.h"

/* Read as properties of a Segment call, whose sources are all there are. */
static void found(void **state, const char *properties, const char *context,
                  const char *campaign, const char *variant)
{
    char text[900];
    snprintf(
        text, sizeof text,
        "{\"type\":\"track\",\"event\":\"x\",\"properties\":{%s},\"context\":{%s}}",
        properties, context);
    struct format_event e = format_one(state, text);
    assert_string_equal(e.campaign, campaign);
    assert_string_equal(e.variant, variant);
}

#define UTM(name, content)                                                             \
    "\"campaign\":{\"name\":\"" name "\",\"content\":\"" content "\"}"
#define URL(query) "\"page\":{\"url\":\"https://shop.example/" query "\"}"

static void test_order(void **state)
{
    const char *all = UTM("u", "u1") "," URL("?utm_campaign=w&utm_content=w1");
    found(state,
          "\"campaign_id\":\"a\",\"variant_id\":\"a1\",\"email_id\":\"m/m1\","
          "\"coupon\":\"k/k1\"",
          all, "a", "a1");
    found(state, "\"email_id\":\"m/m1\",\"coupon\":\"k/k1\"", all, "u", "u1");
    found(state, "\"email_id\":\"m/m1\",\"coupon\":\"k/k1\"",
          URL("?utm_campaign=w&utm_content=w1"), "w", "w1");
    found(state, "\"email_id\":\"m/m1\",\"coupon\":\"k/k1\"", "", "m", "m1");
    found(state, "\"coupon\":\"k/k1\"", "", "k", "k1");
}

/* One source tells the campaign, another one the variant. */
static void test_together(void **state)
{
    found(state, "\"campaign\":\"a\",\"variant\":\"a1\"", "", "a", "a1");
    found(state, "\"campaign_id\":\"a\"", UTM("", "u1"), "a", "u1");
    found(state, "\"campaign_id\":\"a\"", UTM("a", "u1"), "a", "u1");
    found(state, "\"variant_id\":\"a1\"", UTM("u", "u1"), "u", "a1");
    found(state, "\"campaign_id\":\"a\",\"email_id\":\"m1\"", "", "a", "m1");
    found(state, "\"campaign_id\":\"a\",\"coupon\":\"k1\"", "", "a", "k1");
    found(state, "\"campaign_id\":7,\"variant_id\":8", "", "7", "8");
    found(state, "\"campaign_id\":\"a~2\",\"email_id\":\"a~2/m1\"", "", "a~2", "m1");
}

/* The variant of one campaign is never counted for another. */
static void test_no_mixture(void **state)
{
    found(state, "\"campaign_id\":\"a\"", UTM("u", "u1"), "u", "u1");
    found(state, "\"campaign_id\":\"a\",\"coupon\":\"a/k1\"", UTM("u", ""), "a", "k1");
    found(state, "\"campaign_id\":\"a\",\"coupon\":\"k1\"", UTM("u", ""), "a", "k1");
    format_refused(state,
                   "{\"type\":\"track\",\"event\":\"x\",\"properties\":{\"email_id\":"
                   "\"m1\",\"coupon\":\"k1\"}}",
                   ERR_MISSING, "/properties/campaign_id");
    format_refused(
        state,
        "{\"type\":\"track\",\"event\":\"x\",\"properties\":{\"campaign_id\":"
        "\"a\",\"email_id\":\"/m1\"}}",
        ERR_BAD_ID, "/properties/email_id");
    format_refused(
        state,
        "{\"type\":\"track\",\"event\":\"x\",\"properties\":{\"campaign_id\":"
        "\"a\"}}",
        ERR_MISSING, "/properties/variant_id");
}

/* What an address cannot tell as text is not there; what tells both then goes before
 * what tells one. */
static void test_address(void **state)
{
    found(state, "\"coupon\":\"k/k1\"", URL("?utm_campaign=w&utm_content=%00x"), "k",
          "k1");
    found(state, "\"coupon\":\"k/k1\"", URL("?utm_campaign=%ff&utm_content=w1"), "k",
          "w1");
    format_refused(state,
                   "{\"type\":\"track\",\"event\":\"x\",\"context\":{" URL(
                       "?utm_campaign=a+b&utm_content=v1") "}}",
                   ERR_BAD_ID, "/context/page/url");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_order, format_drop),
        cmocka_unit_test_teardown(test_together, format_drop),
        cmocka_unit_test_teardown(test_no_mixture, format_drop),
        cmocka_unit_test_teardown(test_address, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
