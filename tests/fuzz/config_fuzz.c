/* config_fuzz.c: any bytes as a configuration file. */
#include "core/base/config.h"
#include "core/io/redis_url.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define INT_MAX_VALUE INT64_C(1000000000000)

/* Only the file counts. */
static void forget_environment(void)
{
    static const char *const names[] = {
#define SETTING(section, key, type, initial, env, meaning) env,
#include "core/base/settings.def"
#undef SETTING
        "OPENAI_BASE_URL", "OPENAI_API_KEY", "BARKER_MODEL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (*names[i])
            unsetenv(names[i]);
}

static void check_int(const struct config *c, const char *section, const char *key)
{
    int64_t n = config_int(c, section, key);
    check(n >= 0 && n <= INT_MAX_VALUE);
}

static void check_str(const struct config *c, const char *section, const char *key)
{
    const char *text = config_str(c, section, key);
    check(utf8_invalid_at(text, strlen(text)) == strlen(text) && !strchr(text, '\n'));
}

static void check_settings(const struct config *c)
{
#define check_INT check_int
#define check_STR check_str
#define check_BOOL check_str
#define check_SECRET check_str
#define SETTING(section, key, type, initial, env, meaning)                             \
    check_##type(c, #section, #key);
#include "core/base/settings.def"
#undef SETTING
}

static void check_endpoints(const struct config *c)
{
    check(config_endpoint_count(c) <= CONFIG_ENDPOINTS_MAX);
    for (size_t i = 0; i < config_endpoint_count(c); i++) {
        const struct config_endpoint *e = config_endpoint_at(c, i);
        check(memchr(e->base_url, '\0', sizeof e->base_url));
        check(memchr(e->key_env, '\0', sizeof e->key_env));
        check(e->name[0] && e->rpm >= 0 && e->tpm >= 0 && e->max_in_flight >= 0);
    }
}

static void check_url(const char *text)
{
    struct redis_url url;
    struct err_detail d = {.code = ERR_OK};
    enum err e = redis_url_parse(text, &url, &d);
    if (e) {
        fuzz_check_refusal(e, &d);
        return;
    }
    check((url.host[0] != '\0') != (url.path[0] != '\0'));
    check(url.port >= 0 && url.port <= 65535 && url.db >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct config *c = NULL;
    struct err_detail d = {.code = ERR_OK};
    char path[64];
    int fd = memfd_create("barker.ini", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    forget_environment();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err e = config_load(path, &c, &d);
    close(fd);
    if (e) {
        fuzz_check_refusal(e, &d);
        return 0;
    }
    check(!memchr(data, '\0', n)); /* what stands behind it would be lost unseen */
    check_settings(c);
    check_endpoints(c);
    check_url(config_str(c, "redis", "url"));
    config_free(c);
    return 0;
}
