/* tenant_terms_test.c: what is told of tenants, and that all of it fits. */
#include "workers/tenant_terms.h"
#include "core/base/buf.h"
#include "queues/jobs.h"
#include "tests/fakes/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static char *terms_of(const char *ini)
{
    char *text;
    struct config *c = NULL;
    struct err_detail d;
    assert_int_equal(config_from(ini, &c, &d), ERR_OK);
    assert_int_equal(tenant_terms_text(c, &text), ERR_OK);
    config_free(c);
    return text;
}

static void says(const char *ini, const char *want)
{
    char *text = terms_of(ini);
    assert_string_equal(text, want);
    free(text);
}

static void test_what_is_told(void **state)
{
    (void)state;
    says("", "");
    says("[tenant a]\nusd_per_day=1\n[tenant b]\nweight=1\n", "");
    says(
        "[tenant a]\nweight=3\n[tenant b]\nusd_per_day=1\n[tenant c]\nmax_campaigns=7\n"
        "weight=2\n[tenant d]\nmax_campaigns=1\n",
        "a 3 0\nc 2 7\nd 1 1\n");
}

static void test_the_most(void **state)
{
    (void)state;
    struct buf ini;
    buf_init(&ini, 1 << 20);
    for (int i = 0; i < CONFIG_TENANTS_MAX; i++)
        buf_printf(&ini, "[tenant %041d]\nweight=%d\nmax_campaigns=%d\n", i,
                   CONFIG_WEIGHT_MAX, CONFIG_CAMPAIGNS_MAX);
    char *text = terms_of(buf_str(&ini));
    assert_int_equal(strlen(text), CONFIG_TENANTS_MAX * (41 + 1 + 4 + 1 + 7 + 1));
    assert_true(strlen(text) <= JOBS_TERMS_BYTES);
    free(text);
    buf_fini(&ini);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_told),
        cmocka_unit_test(test_the_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
