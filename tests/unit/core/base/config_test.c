/* config_test.c: order of sources, endpoints, and a line number for every complaint. */
#include "core/base/buf.h"
#include "core/base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/barker-config-XXXXXX";
static char file[64];

/* Every test starts in an empty folder and with none of our variables. */
static int set_up(void **state)
{
    (void)state;
    static const char *const names[] = {
#define SETTING(section, key, type, initial, env, meaning) env,
#include "core/base/settings.def"
#undef SETTING
        "BARKER_CONFIG", "OPENAI_API_KEY", "OPENAI_BASE_URL", "BARKER_MODEL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (*names[i])
            unsetenv(names[i]);
    strcpy(folder, "/tmp/barker-config-XXXXXX");
    if (!mkdtemp(folder) || chdir(folder))
        return -1;
    snprintf(file, sizeof file, "%s/my.ini", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(file);
    unlink("barker.ini");
    return chdir("/") || rmdir(folder) ? -1 : 0;
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void write_file(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static struct config *load(const char *path)
{
    struct config *c = NULL;
    struct err_detail d = {.message = ""};
    if (config_load(path, &c, &d) != ERR_OK)
        fail_msg("%s: %s", d.path, d.message);
    return c;
}

static struct config *load_text(const char *text)
{
    write_file(file, text);
    return load(file);
}

static void refuses_bytes(const char *text, size_t n, enum err code, int line,
                          const char *word)
{
    struct config *c = NULL;
    struct err_detail d = {.message = ""};
    char where[80];
    write_bytes(file, text, n);
    enum err e = config_load(file, &c, &d);
    if (e != code)
        fail_msg("%s: %s, not %s", text, err_code(e), err_code(code));
    assert_null(c);
    assert_int_equal(d.code, code);
    snprintf(where, sizeof where, line ? "%s:%d" : "%s", file, line);
    assert_string_equal(d.path, where);
    if (!strstr(d.message, word))
        fail_msg("'%s' does not say '%s'", d.message, word);
}

/* The text is refused with this code, at this line, in words that hold `word`. */
static void refuses(const char *text, enum err code, int line, const char *word)
{
    refuses_bytes(text, strlen(text), code, line, word);
}

static void test_defaults(void **state)
{
    (void)state;
    struct config *c = load(NULL);
#define STR(section, key, initial)                                                     \
    assert_string_equal(config_str(c, #section, #key), initial)
#define INT(section, key, initial)                                                     \
    assert_int_equal(config_int(c, #section, #key), strtoll(initial, NULL, 10))
#define SECRET STR
#define BOOL(section, key, initial)                                                    \
    assert_int_equal(config_bool(c, #section, #key), strcmp(initial, "true") == 0)
#define SETTING(section, key, type, initial, env, meaning) type(section, key, initial);
#include "core/base/settings.def"
#undef SETTING
    assert_int_equal(config_endpoint_count(c), 0);
    config_free(c);
    config_free(NULL);
}

static void test_file_env_flag(void **state)
{
    (void)state;
    write_file(file, "# prose\n[redis]\nurl = redis://file ; why\nprefix=f\n\n"
                     "[worker]\n; prose\npoll_ms: 7\njobs=3\n");
    setenv("BARKER_PREFIX", "e", 1);
    setenv("BARKER_POLL_MS", "", 1); /* empty is not given */
    struct config *c = load(file);
    assert_string_equal(config_str(c, "redis", "url"), "redis://file");
    assert_string_equal(config_str(c, "redis", "prefix"), "e");
    assert_int_equal(config_int(c, "worker", "poll_ms"), 7);
    assert_int_equal(config_int(c, "worker", "jobs"), 3);
    struct err_detail d;
    assert_int_equal(config_override(c, "redis", "prefix", "flag", &d), ERR_OK);
    assert_string_equal(config_str(c, "redis", "prefix"), "flag");
    assert_int_equal(config_override(c, "worker", "jobs", "many", &d), ERR_CONFIG);
    assert_non_null(strstr(d.message, "worker.jobs"));
    assert_int_equal(config_int(c, "worker", "jobs"), 3);
    assert_int_equal(config_override(c, "worker", "nope", "1", &d), ERR_CONFIG);
    config_free(c);
}

/* A secret is not repeated in a message, wherever it came from. */
static void test_secret(void **state)
{
    (void)state;
    struct config *c = NULL;
    struct err_detail d = {.message = ""};
    setenv("BARKER_USER_SECRET", "too-short-one", 1);
    assert_int_equal(config_load(NULL, &c, &d), ERR_CONFIG);
    assert_string_equal(d.path, "BARKER_USER_SECRET");
    assert_null(strstr(d.message, "too-short"));
    setenv("BARKER_USER_SECRET", "0123456789abcdef", 1);
    c = load_text("[global]\nuser_secret = of-the-file-0123456789\n");
    assert_string_equal(config_str(c, "global", "user_secret"), "0123456789abcdef");
    config_free(c);
}

/* A file of zeros is what some crashes leave; what follows a NUL would be lost. */
static void test_nul_is_refused(void **state)
{
    (void)state;
    static const char zeros[4096] = "", late[] = "[redis]\nprefix = a\0b\n";
    refuses_bytes(zeros, sizeof zeros, ERR_CONFIG, 1, "too long");
    refuses_bytes(zeros, 100, ERR_CONFIG, 1, "NUL");
    refuses_bytes(late, sizeof late - 1, ERR_CONFIG, 2, "NUL");
}

static void test_where_the_file_is(void **state)
{
    (void)state;
    write_file("barker.ini", "[redis]\nprefix = here\n");
    write_file(file, "[redis]\nprefix = there\n");
    struct config *c = load(NULL);
    assert_string_equal(config_str(c, "redis", "prefix"), "here");
    config_free(c);
    setenv("BARKER_CONFIG", file, 1);
    c = load(NULL);
    assert_string_equal(config_str(c, "redis", "prefix"), "there");
    config_free(c);
    c = load("barker.ini"); /* the argument wins */
    assert_string_equal(config_str(c, "redis", "prefix"), "here");
    config_free(c);
    struct err_detail d;
    assert_int_equal(config_load("/nowhere/x.ini", &c, &d), ERR_CONFIG);
    assert_string_equal(d.path, "/nowhere/x.ini");
    assert_int_equal(config_load(folder, &c, &d), ERR_CONFIG);
    assert_null(c);
}

static void test_complaints_have_lines(void **state)
{
    (void)state;
    refuses("[redis]\nurl=x\nurI=y\n", ERR_CONFIG, 3, "unknown key 'urI' in [redis]");
    refuses("\n[reddis]\nurl=x\n", ERR_CONFIG, 3, "unknown section [reddis]");
    refuses("url=x\n", ERR_CONFIG, 1, "before any");
    refuses("[worker]\njobs=many\n", ERR_CONFIG, 2, "worker.jobs must be");
    refuses("[worker]\njobs=\n", ERR_CONFIG, 2, "worker.jobs must be");
    refuses("[worker]\njobs=-1\n", ERR_CONFIG, 2, "worker.jobs must be");
    refuses("[worker]\njobs=1.5\n", ERR_CONFIG, 2, "worker.jobs must be");
    refuses("[worker]\njobs=1000000000001\n", ERR_CONFIG, 2, "worker.jobs must be");
    refuses("[worker]\njobs=99999999999999999999999\n", ERR_CONFIG, 2, "must be");
    refuses("[worker]\njobs=1\n\njobs=2\n", ERR_CONFIG, 4, "twice");
    refuses("[worker]\njobs\n", ERR_CONFIG, 2, "neither");
    refuses("[worker\njobs=1\n", ERR_CONFIG, 1, "neither");
    refuses("[worker]\njobs\nnope=1\n", ERR_CONFIG, 2, "neither"); /* the first one */
    refuses("[worker]\nnope=1\njobs\n", ERR_CONFIG, 2, "unknown key");
    refuses("[worker]\njobs=1\n  jobs=2\n", ERR_CONFIG, 3, "twice"); /* no joining */
    refuses("[redis]\nprefix=\xff\n", ERR_CONFIG, 2, "UTF-8");
    refuses("[tenant a]\nkey_hash=x\n", ERR_NOT_SUPPORTED, 2, "not served");
    refuses("[global]\nstop=true\n", ERR_NOT_SUPPORTED, 2, "not served");
    refuses("[global]\nstart=true\n", ERR_CONFIG, 2, "unknown key");
    refuses("[global]\nuser_secret=0123456789abcde\n", ERR_CONFIG, 2, "at least 16");
}

static void test_long_lines(void **state)
{
    (void)state;
    char text[3000], value[1200];
    memset(value, 'u', sizeof value - 1);
    value[900] = '\0';
    snprintf(text, sizeof text, "[redis]\nurl=%s\nprefix=p\n", value);
    struct config *c = load_text(text);
    assert_string_equal(config_str(c, "redis", "url"), value);
    assert_string_equal(config_str(c, "redis", "prefix"), "p");
    config_free(c);
    value[900] = 'u';
    value[1199] = '\0';
    snprintf(text, sizeof text, "[redis]\nurl=%s\n", value);
    refuses(text, ERR_CONFIG, 2, "too long");
    value[70] = '\0';
    snprintf(text, sizeof text, "[endpoint %s]\nmodel=m\n", value);
    refuses(text, ERR_CONFIG, 2, "too long");
    snprintf(text, sizeof text, "[redis]\n%s=1\n", value);
    refuses(text, ERR_CONFIG, 2, "too long");
}

static void test_bad_env_is_named(void **state)
{
    (void)state;
    struct config *c;
    struct err_detail d;
    setenv("BARKER_POLL_MS", "soon", 1);
    assert_int_equal(config_load(NULL, &c, &d), ERR_CONFIG);
    assert_null(c);
    assert_string_equal(d.path, "BARKER_POLL_MS");
}

static void test_endpoints(void **state)
{
    (void)state;
    setenv("OPENAI_API_KEY", "secret", 1); /* not asked when the file has endpoints */
    struct config *c = load_text("[endpoint a]\nmodel=m1\n"
                                 "[endpoint b.2]\ndialect=other\nbase_url=http://x/v1\n"
                                 "model=m2\nkey_env=B_KEY\nrpm=60\ntpm=100000\n"
                                 "max_in_flight=8\nprice_in=0.15\nprice_out=2.5\n"
                                 "price_cached=0.075\nprice_written=0\n"
                                 "json_schema=false\nbatch=true\nprice_batch=0.25\n");
    assert_int_equal(config_endpoint_count(c), 2);
    const struct config_endpoint *a = config_endpoint_at(c, 0);
    assert_string_equal(a->name, "a");
    assert_string_equal(a->dialect, "openai_chat");
    assert_string_equal(a->base_url, "https://api.openai.com/v1");
    assert_string_equal(a->key_env, "");
    assert_true(a->price_in_nano < 0 && a->price_out_nano < 0);
    assert_true(a->price_cached_nano < 0 && a->price_written_nano < 0);
    assert_true(a->json_schema);
    assert_true(!a->batch && a->price_batch == 0.5);
    assert_int_equal(a->rpm + a->tpm + a->max_in_flight, 0);
    const struct config_endpoint *b = config_endpoint_at(c, 1);
    assert_string_equal(b->name, "b.2");
    assert_string_equal(b->dialect, "other");
    assert_string_equal(b->base_url, "http://x/v1");
    assert_string_equal(b->model, "m2");
    assert_string_equal(b->key_env, "B_KEY");
    assert_int_equal(b->rpm, 60);
    assert_int_equal(b->tpm, 100000);
    assert_int_equal(b->max_in_flight, 8);
    assert_true(b->price_in_nano == 150.0 && b->price_out_nano == 2500.0);
    assert_true(b->price_cached_nano == 75.0 && b->price_written_nano == 0);
    assert_false(b->json_schema);
    assert_true(b->batch && b->price_batch == 0.25);
    config_free(c);
}

static void test_bad_endpoints(void **state)
{
    (void)state;
    refuses("[endpoint a]\nmodle=x\n", ERR_CONFIG, 2, "unknown key 'modle'");
    refuses("[endpoint a]\nmodel=x\nmodel=y\n", ERR_CONFIG, 3, "twice");
    refuses("[endpoint a b]\nmodel=x\n", ERR_CONFIG, 2, "name");
    refuses("[endpoint ]\nmodel=x\n", ERR_CONFIG, 2, "");
    refuses("[endpoint a]\nrpm=-5\n", ERR_CONFIG, 2, "rpm must be");
    refuses("[endpoint a]\nprice_in=cheap\n", ERR_CONFIG, 2, "price_in must be");
    refuses("[endpoint a]\nprice_in=-1\n", ERR_CONFIG, 2, "price_in must be");
    refuses("[endpoint a]\njson_schema=maybe\n", ERR_CONFIG, 2, "true or false");
    refuses("[endpoint a]\nprice_batch=1.1\n", ERR_CONFIG, 2, "from 0 to 1");
    refuses("[endpoint a]\nprice_batch=-1\n", ERR_CONFIG, 2, "from 0 to 1");
    refuses("[endpoint a]\nrpm=5\n", ERR_CONFIG, 0, "has no model");
    struct buf many;
    buf_init(&many, 4000);
    for (int i = 0; i <= CONFIG_ENDPOINTS_MAX; i++)
        buf_printf(&many, "[endpoint e%d]\nmodel=m\n", i);
    refuses(buf_str(&many), ERR_CONFIG, 2 * (CONFIG_ENDPOINTS_MAX + 1), "more than 32");
    buf_fini(&many);
    char text[400], value[200];
    memset(value, 'm', sizeof value - 1);
    value[128] = '\0';
    snprintf(text, sizeof text, "[endpoint a]\nmodel=%s\n", value);
    refuses(text, ERR_CONFIG, 2, "model must be shorter");
}

static void test_endpoint_of_the_environment(void **state)
{
    (void)state;
    setenv("OPENAI_API_KEY", "secret", 1);
    setenv("BARKER_MODEL", "m", 1);
    struct config *c = load(NULL);
    assert_int_equal(config_endpoint_count(c), 1);
    const struct config_endpoint *e = config_endpoint_at(c, 0);
    assert_string_equal(e->name, "default");
    assert_string_equal(e->base_url, "https://api.openai.com/v1");
    assert_string_equal(e->model, "m");
    assert_string_equal(e->key_env, "OPENAI_API_KEY"); /* the name, not the secret */
    config_free(c);
    unsetenv("OPENAI_API_KEY");
    unsetenv("BARKER_MODEL");
    setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1", 1);
    c = load(NULL);
    assert_int_equal(config_endpoint_count(c), 1);
    assert_string_equal(config_endpoint_at(c, 0)->base_url, "http://127.0.0.1:1/v1");
    config_free(c);
    char url[600];
    memset(url, 'u', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    setenv("OPENAI_BASE_URL", url, 1);
    struct err_detail d;
    assert_int_equal(config_load(NULL, &c, &d), ERR_CONFIG);
    assert_string_equal(d.path, "OPENAI_BASE_URL");
}

/* The sample loads as it is, and with every ';' taken away says the same. */
static void test_sample(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 64 << 10);
    assert_int_equal(config_sample(&b), ERR_OK);
    struct config *c = load_text(buf_str(&b));
    assert_int_equal(config_endpoint_count(c), 0);
    config_free(c);
    for (char *p = b.data; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
        if (*p == ';')
            *p = ' ';
    c = load_text(buf_str(&b));
#define SETTING(section, key, type, initial, env, meaning) type(section, key, initial);
#include "core/base/settings.def"
#undef SETTING
    assert_int_equal(config_endpoint_count(c), 1);
    assert_int_equal(config_tenant_count(c), 1);
    assert_true(config_endpoint_at(c, 0)->price_in_nano == 150.0);
    config_free(c);
    assert_non_null(strstr(buf_str(&b), "\n url =\n")); /* each key is really there */
    assert_non_null(strstr(buf_str(&b), "(environment: BARKER_REDIS_URL)"));
    assert_non_null(strstr(buf_str(&b), "\n jobs = 32\n"));
    buf_fini(&b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_file_env_flag),
        TEST(test_secret),
        TEST(test_nul_is_refused),
        TEST(test_where_the_file_is),
        TEST(test_complaints_have_lines),
        TEST(test_long_lines),
        TEST(test_bad_env_is_named),
        TEST(test_endpoints),
        TEST(test_bad_endpoints),
        TEST(test_endpoint_of_the_environment),
        TEST(test_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
