/* config.c: one text per row of settings.def; file < environment < flag. */
#include "core/base/config.h"
#include "core/base/config_endpoint.h"
#include "core/base/config_ini.h"
#include "core/base/config_tenant.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum setting_type { SETTING_STR, SETTING_INT, SETTING_BOOL, SETTING_SECRET };

struct setting {
    const char *section, *key, *initial, *env;
    enum setting_type type;
};

static const struct setting settings[] = {
#define SETTING(section, key, type, initial, env, meaning)                             \
    {#section, #key, initial, env, SETTING_##type},
#include "core/base/settings.def"
#undef SETTING
};
#define SETTING_COUNT (sizeof settings / sizeof *settings)

struct config {
    char *values[SETTING_COUNT]; /* owns; NULL = the default */
    bool in_file[SETTING_COUNT];
    struct config_endpoints endpoints;
    struct config_tenants tenants;
    char *path; /* owns; NULL = no file */
};

/* Sections of the contract that this version does not serve yet. */
static const struct {
    const char *section, *key;
} unserved[] = {
    {"global", "stop"},
};

static size_t setting_find(const char *section, const char *key)
{
    size_t i = 0;
    while (i < SETTING_COUNT && (strcmp(settings[i].section, section) != 0 ||
                                 strcmp(settings[i].key, key) != 0))
        i++;
    return i;
}

static enum err setting_set(struct config *c, size_t at, const char *value,
                            struct err_detail *d)
{
    const struct setting *s = &settings[at];
    int64_t number;
    bool flag;
    if (s->type == SETTING_INT && !config_parse_int(value, &number))
        return err_set(d, ERR_CONFIG, "",
                       "%s.%s must be a whole number from 0 to 10^12, not '%s'",
                       s->section, s->key, value);
    if (s->type == SETTING_BOOL && !config_parse_bool(value, &flag))
        return err_set(d, ERR_CONFIG, "", "%s.%s must be true or false, not '%s'",
                       s->section, s->key, value);
    if (s->type == SETTING_SECRET && *value && strlen(value) < CONFIG_SECRET_MIN)
        return err_set(d, ERR_CONFIG, "", "%s.%s must have at least %d bytes",
                       s->section, s->key, CONFIG_SECRET_MIN);
    char *copy = strdup(value);
    if (!copy)
        return err_set(d, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
    free(c->values[at]);
    c->values[at] = copy;
    return ERR_OK;
}

static enum err refuse_unknown(const char *section, const char *key,
                               struct err_detail *d)
{
    for (size_t i = 0; i < sizeof unserved / sizeof *unserved; i++)
        if (strcmp(unserved[i].key, key) == 0 &&
            strcmp(unserved[i].section, section) == 0)
            return err_set(d, ERR_NOT_SUPPORTED, "",
                           "[%s] %s is not served by this version", section, key);
    bool known = false;
    for (size_t i = 0; i < SETTING_COUNT && !known; i++)
        known = strcmp(settings[i].section, section) == 0;
    if (known)
        return err_set(d, ERR_CONFIG, "", "unknown key '%s' in [%s]", key, section);
    if (!*section)
        return err_set(d, ERR_CONFIG, "", "key '%s' stands before any [section]", key);
    return err_set(d, ERR_CONFIG, "", "unknown section [%s]", section);
}

static enum err on_pair(void *user, const char *section, const char *key,
                        const char *value, int line, struct err_detail *d)
{
    struct config *c = user;
    c->endpoints.line = line;
    if (strncmp(section, "endpoint ", 9) == 0)
        return config_endpoint_set(
            &c->endpoints, section + 9 + strspn(section + 9, " "), key, value, d);
    if (strncmp(section, "tenant ", 7) == 0)
        return config_tenant_set(&c->tenants, section + 7 + strspn(section + 7, " "),
                                 key, value, d);
    size_t at = setting_find(section, key);
    if (at == SETTING_COUNT)
        return refuse_unknown(section, key, d);
    if (c->in_file[at])
        return err_set(d, ERR_CONFIG, "", "%s.%s is given twice", section, key);
    c->in_file[at] = true;
    return setting_set(c, at, value, d);
}

static enum err read_env(struct config *c, struct err_detail *d)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *value = *settings[i].env ? getenv(settings[i].env) : NULL;
        if (!value || !*value)
            continue;
        struct err_detail why;
        enum err e = setting_set(c, i, value, &why);
        if (e)
            return err_set(d, e, settings[i].env, "%s", why.message);
    }
    return ERR_OK;
}

static const char *default_path(void)
{
    const char *path = getenv("BARKER_CONFIG");
    if (path && *path)
        return path;
    return access("barker.ini", F_OK) == 0 ? "barker.ini" : NULL;
}

enum err config_load(const char *path, struct config **out, struct err_detail *d)
{
    *out = NULL;
    struct config *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(d, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
    if (!path)
        path = default_path();
    if (path && !(c->path = strdup(path))) {
        config_free(c);
        return err_set(d, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
    }
    enum err e = path ? config_ini_read(path, on_pair, c, d) : ERR_OK;
    e = e ? e : read_env(c, d);
    struct err_detail why = {.path = ""};
    if (!e) {
        e = config_endpoint_finish(&c->endpoints, &why);
        if (e && c->endpoints.line)
            config_ini_where(path, c->endpoints.line, why.path, sizeof why.path);
        if (e)
            err_set(d, e, *why.path ? why.path : path, "%s", why.message);
    }
    if (e)
        config_free(c);
    else
        *out = c;
    return e;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        free(c->values[i]);
    free(c->path);
    free(c);
}

const char *config_path(const struct config *c)
{
    return c->path ? c->path : "";
}

enum err config_override(struct config *c, const char *section, const char *key,
                         const char *value, struct err_detail *d)
{
    size_t at = setting_find(section, key);
    if (at == SETTING_COUNT)
        return err_set(d, ERR_CONFIG, "", "unknown setting %s.%s", section, key);
    return setting_set(c, at, value, d);
}

const char *config_str(const struct config *c, const char *section, const char *key)
{
    size_t at = setting_find(section, key);
    check(at < SETTING_COUNT);
    return c->values[at] ? c->values[at] : settings[at].initial;
}

int64_t config_int(const struct config *c, const char *section, const char *key)
{
    int64_t number = 0;
    bool ok = config_parse_int(config_str(c, section, key), &number);
    check(ok); /* setting_set() has parsed it before; defaults are tested */
    return number;
}

bool config_bool(const struct config *c, const char *section, const char *key)
{
    bool flag = false;
    bool ok = config_parse_bool(config_str(c, section, key), &flag);
    check(ok); /* as in config_int() */
    return flag;
}

size_t config_endpoint_count(const struct config *c)
{
    return c->endpoints.count;
}

const struct config_endpoint *config_endpoint_at(const struct config *c, size_t i)
{
    check(i < c->endpoints.count);
    return &c->endpoints.items[i];
}

size_t config_tenant_count(const struct config *c)
{
    return c->tenants.count;
}

const struct config_tenant *config_tenant_at(const struct config *c, size_t i)
{
    check(i < c->tenants.count);
    return &c->tenants.items[i];
}

const struct config_tenant *config_tenant_find(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->tenants.count; i++)
        if (strcmp(c->tenants.items[i].name, name) == 0)
            return &c->tenants.items[i];
    return NULL;
}
