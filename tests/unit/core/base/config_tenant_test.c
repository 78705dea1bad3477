/* config_tenant_test.c: what the sections [tenant NAME] take, and where they complain.
 */
#include "core/base/buf.h"
#include "core/base/config.h"
#include "tests/fakes/config_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct config *load(const char *text)
{
    struct config *c = NULL;
    struct err_detail d = {.message = ""};
    if (config_from(text, &c, &d) != ERR_OK)
        fail_msg("%s: %s", d.path, d.message);
    return c;
}

/* With this code, at this line, in words that hold `word`. */
static void refuses(const char *text, enum err code, int line, const char *word)
{
    bool said;
    assert_int_equal(config_refusal(text, line, word, &said), code);
    assert_true(said);
}

static void test_money(void **state)
{
    (void)state;
    struct config *c = load("[tenant acme]\nusd_per_day=12.5\n"
                            "[tenant  z_.-9]\nusd_per_day=0\n"
                            "[tenant big]\nusd_per_day=1000000000\n");
    assert_int_equal(config_tenant_count(c), 3);
    assert_string_equal(config_tenant_at(c, 1)->name, "z_.-9");
    assert_int_equal(config_tenant_find(c, "acme")->usd_per_day_nano, 12500000000);
    assert_int_equal(config_tenant_find(c, "z_.-9")->usd_per_day_nano, 0);
    assert_int_equal(config_tenant_find(c, "big")->usd_per_day_nano,
                     INT64_C(1000000000000000000));
    assert_null(config_tenant_find(c, "acm"));
    config_free(c);
    refuses("[tenant a]\nusd_per_day=\n", ERR_CONFIG, 2, "as in 12.50");
    refuses("[tenant a]\nusd_per_day=-1\n", ERR_CONFIG, 2, "as in 12.50");
    refuses("[tenant a]\nusd_per_day=1e3\n", ERR_CONFIG, 2, "as in 12.50");
    refuses("[tenant a]\nusd_per_day=1000000001\n", ERR_CONFIG, 2, "as in 12.50");
    refuses("[tenant a]\nusd_per_day=1\nusd_per_day=1\n", ERR_CONFIG, 3, "twice");
}

static void test_turns(void **state)
{
    (void)state;
    struct config *c = load("[tenant acme]\nweight=1000\nmax_campaigns=1000000\n"
                            "[tenant b]\nmax_campaigns=1\n"
                            "[tenant c]\nusd_per_day=1\n");
    const struct config_tenant *acme = config_tenant_find(c, "acme");
    assert_int_equal(acme->weight, CONFIG_WEIGHT_MAX);
    assert_int_equal(acme->max_campaigns, CONFIG_CAMPAIGNS_MAX);
    assert_int_equal(acme->usd_per_day_nano, -1);
    assert_int_equal(config_tenant_find(c, "b")->weight, 1);
    assert_int_equal(config_tenant_find(c, "b")->max_campaigns, 1);
    assert_int_equal(config_tenant_find(c, "c")->weight, 1);
    assert_int_equal(config_tenant_find(c, "c")->max_campaigns, 0);
    config_free(c);
}

static void test_bad_turns(void **state)
{
    (void)state;
    static const char *const weights[] = {"0", "1001", "-1", "1.5", "x", "", "1e2"};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        char text[64];
        snprintf(text, sizeof text, "[tenant a]\nweight=%s\n", weights[i]);
        refuses(text, ERR_CONFIG, 2, "weight must be a whole number from 1 to 1000");
        snprintf(text, sizeof text, "[tenant a]\nweight=2\nmax_campaigns=%s\n",
                 i == 1 ? "1000001" : weights[i]);
        refuses(text, ERR_CONFIG, 3,
                "max_campaigns must be a whole number from 1 to 1000000");
    }
    refuses("[tenant a]\nweight=2\n[tenant b]\nweight=2\n[tenant a]\nweight=2\n",
            ERR_CONFIG, 6, "weight is given twice for tenant a");
    refuses("[tenant a]\nmax_campaigns=2\nmax_campaigns=2\n", ERR_CONFIG, 3, "twice");
}

static void test_calls(void **state)
{
    (void)state;
    struct config *c = load("[tenant acme]\nmax_in_flight=1000000\n"
                            "tpm=1000000000000\n[tenant b]\ntpm=1\n");
    const struct config_tenant *acme = config_tenant_find(c, "acme");
    assert_int_equal(acme->max_in_flight, CONFIG_IN_FLIGHT_MAX);
    assert_int_equal(acme->tpm, CONFIG_TPM_MAX);
    assert_int_equal(config_tenant_find(c, "b")->max_in_flight, 0);
    assert_int_equal(config_tenant_find(c, "b")->tpm, 1);
    config_free(c);
    refuses("[tenant a]\ntpm=0\n", ERR_CONFIG, 2,
            "tpm must be a whole number from 1 to 1000000000000");
    refuses("[tenant a]\ntpm=1000000000001\n", ERR_CONFIG, 2, "tpm must be");
    refuses("[tenant a]\nmax_in_flight=0\n", ERR_CONFIG, 2,
            "max_in_flight must be a whole number from 1 to 1000000");
    refuses("[tenant a]\nmax_in_flight=1000001\n", ERR_CONFIG, 2, "max_in_flight");
    refuses("[tenant a]\ntpm=1\ntpm=1\n", ERR_CONFIG, 3, "twice");
}

static void test_names_and_keys(void **state)
{
    (void)state;
    refuses("[tenant ]\nusd_per_day=1\n", ERR_CONFIG, 2, "name");
    refuses("[tenant a:b]\nweight=1\n", ERR_CONFIG, 2, "name");
    refuses("[tenant a]\nweights=1\n", ERR_CONFIG, 2, "unknown key");
    refuses("[tenant a]\nstop=1\n", ERR_CONFIG, 2, "unknown key");
    refuses("[tenant a]\n\nscopes=1\n", ERR_NOT_SUPPORTED, 3, "not served");
    struct buf many;
    buf_init(&many, 1 << 20);
    for (int i = 0; i <= CONFIG_TENANTS_MAX; i++)
        buf_printf(&many, "[tenant t%d]\nweight=1\n", i);
    refuses(buf_str(&many), ERR_CONFIG, 2 * CONFIG_TENANTS_MAX + 2, "more than");
    buf_fini(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money),          cmocka_unit_test(test_turns),
        cmocka_unit_test(test_bad_turns),      cmocka_unit_test(test_calls),
        cmocka_unit_test(test_names_and_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
