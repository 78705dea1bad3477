/* otlp_target.c: see otlp_target.h. */
#include "workers/telemetry/otlp_target.h"
#include "workers/telemetry/otlp_span.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACES_PATH "/v1/traces"
#define HEADERS_MAX_BYTES 8192

static enum err read_url(struct otlp_target *t, const struct config *c,
                         struct err_detail *d)
{
    const char *whole = config_str(c, "otlp", "traces_endpoint");
    const char *base = config_str(c, "otlp", "endpoint");
    const char *key = *whole ? "otlp.traces_endpoint" : "otlp.endpoint";
    char host[256];
    int port, len;
    if (!*whole && !*base)
        return ERR_OK;
    size_t base_len = strlen(base);
    while (base_len > 0 && base[base_len - 1] == '/')
        base_len--;
    if (*whole)
        len = snprintf(t->url, sizeof t->url, "%s", whole);
    else
        len = snprintf(t->url, sizeof t->url, "%.*s" TRACES_PATH, (int)base_len, base);
    if (len < 0 || (size_t)len >= sizeof t->url)
        return err_set(d, ERR_CONFIG, key, "the address is too long");
    if (!otlp_split_url(t->url, host, sizeof host, &port))
        return err_set(d, ERR_CONFIG, key,
                       "must be an address that begins with http:// or https://");
    return ERR_OK;
}

static bool is_name(const char *s)
{
    size_t len = 0;
    for (; s[len]; len++)
        if (!isalnum((unsigned char)s[len]) && !strchr("!#$%&'*+-.^_`|~", s[len]))
            return false;
    return len > 0;
}

/* %XX in place; false if what comes out is no value of a header. */
static bool decode_value(char *s)
{
    char *to = s;
    for (const char *at = s; *at; at++) {
        char c = *at;
        if (c == '%') {
            char hex[3] = {0};
            if (!isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
                return false;
            memcpy(hex, at + 1, 2);
            c = (char)strtol(hex, NULL, 16);
            at += 2;
        }
        if ((unsigned char)c < ' ' || c == 0x7f)
            return false;
        *to++ = c;
    }
    *to = '\0';
    return true;
}

static char *trim(char *s)
{
    s += strspn(s, " \t");
    for (size_t len = strlen(s); len > 0 && strchr(" \t\r\n", s[len - 1]); len--)
        s[len - 1] = '\0';
    return s;
}

static bool take_header(struct otlp_target *t, char *pair)
{
    char *equals = strchr(pair, '=');
    if (!equals || t->header_count == OTLP_HEADERS_MAX)
        return false;
    *equals = '\0';
    char *name = trim(pair), *value = trim(equals + 1);
    if (!is_name(name) || !decode_value(value))
        return false;
    t->headers[t->header_count++] = (struct http_header){name, value};
    return true;
}

static enum err read_headers(struct otlp_target *t, struct err_detail *d)
{
    const char *env = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
    const char *text = getenv(env);
    if (!text || !*text)
        text = getenv(env = "OTEL_EXPORTER_OTLP_HEADERS");
    if (!text || !*text)
        return ERR_OK;
    t->text_len = strlen(text);
    if (t->text_len > HEADERS_MAX_BYTES)
        return err_set(d, ERR_CONFIG, env, "the headers are too long");
    t->text = strdup(text);
    if (!t->text)
        return ERR_NOMEM;
    char *next = t->text;
    for (char *pair; (pair = strsep(&next, ",")) != NULL;)
        if (*trim(pair) && !take_header(t, pair))
            return err_set(d, ERR_CONFIG, env,
                           "must read name=value,name=value; %%XX in values, and at "
                           "most %d of them",
                           OTLP_HEADERS_MAX - 2);
    return ERR_OK;
}

enum err otlp_target_init(struct otlp_target *t, const struct config *c,
                          struct err_detail *d)
{
    *t = (struct otlp_target){.timeout_ms = config_int(c, "otlp", "timeout_ms")};
    enum err e = read_url(t, c, d);
    if (e || !*t->url)
        return e;
    t->headers[t->header_count++] =
        (struct http_header){"Content-Type", "application/json"};
    t->headers[t->header_count++] = (struct http_header){"Accept", "application/json"};
    e = read_headers(t, d);
    if (e)
        otlp_target_fini(t);
    return e;
}

void otlp_target_fini(struct otlp_target *t)
{
    if (t->text)
        explicit_bzero(t->text, t->text_len);
    free(t->text);
    explicit_bzero(t->url, sizeof t->url);
    *t = (struct otlp_target){.url = ""};
}
