/* config_endpoint_test.c: the fallback= of endpoints, which name each other. */
#include "core/base/buf.h"
#include "core/base/config.h"
#include "tests/fakes/config_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TWO "[endpoint a]\nmodel=m\n[endpoint b]\nmodel=m\n"

/* Refused at this line, in words that hold `word`. */
static void refuses(const char *text, int line, const char *word)
{
    bool said;
    assert_int_equal(config_refusal(text, line, word, &said), ERR_CONFIG);
    assert_true(said);
}

static void test_fallbacks(void **state)
{
    (void)state;
    struct config *c = NULL;
    struct err_detail d = {.message = ""};
    assert_int_equal(config_from("[endpoint a]\nmodel=m\nfallback = c ,b\n"
                                 "[endpoint b]\nmodel=m\nfallback=a\n"
                                 "[endpoint c]\nmodel=m\nfallback=\n",
                                 &c, &d),
                     ERR_OK);
    const struct config_endpoint *a = config_endpoint_at(c, 0);
    assert_int_equal(a->fallback_count, 2);
    assert_int_equal(a->fallbacks[0], 2);
    assert_int_equal(a->fallbacks[1], 1);
    assert_int_equal(config_endpoint_at(c, 1)->fallback_count, 1);
    assert_int_equal(config_endpoint_at(c, 1)->fallbacks[0], 0);
    assert_int_equal(config_endpoint_at(c, 2)->fallback_count, 0);
    config_free(c);
}

static void test_bad_fallbacks(void **state)
{
    (void)state;
    refuses("[endpoint a]\nfallback=b\nmodel=m\n", 2, "no endpoint 'b'");
    refuses(TWO "[endpoint c]\n\nfallback=a, ,b\n", 7, "endpoint ''");
    refuses(TWO "fallback=a,\n", 5, "comma");
    refuses(TWO "fallback=a , b\n", 5, "names itself");
    refuses(TWO "fallback=a,a\n", 5, "twice");
    struct buf many;
    buf_init(&many, 4000);
    buf_append_str(&many, "[endpoint z]\nmodel=m\nfallback=e0");
    for (int i = 1; i <= CONFIG_FALLBACKS_MAX; i++)
        buf_printf(&many, ",e%d", i);
    for (int i = 0; i <= CONFIG_FALLBACKS_MAX; i++)
        buf_printf(&many, "\n[endpoint e%d]\nmodel=m", i);
    refuses(buf_str(&many), 3, "more than 8");
    buf_fini(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fallbacks),
        cmocka_unit_test(test_bad_fallbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
