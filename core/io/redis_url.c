/* redis_url.c: see redis_url.h. */
#include "core/io/redis_url.h"
#include <string.h>

#define DEFAULT_PORT 6379
#define MAX_PORT 65535
#define MAX_DB 1000000

struct span {
    const char *at;
    size_t len;
};

static struct span span_of(const char *from, const char *to)
{
    return (struct span){from, (size_t)(to - from)};
}

static enum err refuse(struct err_detail *d, const char *what)
{
    return err_set(d, ERR_BAD_VALUE, "", "Redis URL: %s", what);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies with %XX decoded; false if broken, NUL or too long. */
static bool span_decode(struct span s, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        int c = (unsigned char)s.at[i];
        if (c == '%') {
            int high = i + 2 < s.len ? hex_digit(s.at[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(s.at[i + 2]) : -1;
            c = low >= 0 ? high * 16 + low : 0;
            i += 2;
        }
        if (c == 0 || n + 1 >= size) {
            return false;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

static bool span_number(struct span s, int max, int *out)
{
    int value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
        value = value * 10 + (s.at[i] - '0');
        if (value > max) {
            return false;
        }
    }
    *out = value;
    return s.len > 0;
}

static enum err parse_auth(struct span s, struct redis_url *u, struct err_detail *d)
{
    const char *end = s.at + s.len;
    const char *colon = memchr(s.at, ':', s.len);
    struct span pass = colon ? span_of(colon + 1, end) : span_of(end, end);
    if (!span_decode(span_of(s.at, colon ? colon : end), u->user, sizeof u->user)) {
        return refuse(d, "the user name is too long or its %-escapes are wrong");
    }
    if (!span_decode(pass, u->pass, sizeof u->pass)) {
        return refuse(d, "the password is too long or its %-escapes are wrong");
    }
    u->has_auth = u->user[0] || u->pass[0];
    return ERR_OK;
}

/* The end of the host; *host is what lies inside the brackets, if there are any. */
static const char *split_host(struct span s, struct span *host)
{
    const char *end = s.at + s.len;
    if (s.len > 0 && s.at[0] == '[') {
        const char *close = memchr(s.at, ']', s.len);
        *host = span_of(s.at + 1, close ? close : s.at + 1);
        return close ? close + 1 : s.at + 1;
    }
    const char *colon = memchr(s.at, ':', s.len);
    const char *stop = colon ? colon : end;
    *host = span_of(s.at, stop);
    return stop;
}

static enum err parse_address(struct span s, struct redis_url *u, struct err_detail *d)
{
    if (memchr(s.at, ',', s.len)) {
        return err_set(
            d, ERR_NOT_SUPPORTED, "",
            "Redis URL: several hosts (Cluster, Sentinel) are not supported");
    }
    const char *end = s.at + s.len;
    struct span host = {0};
    const char *rest = split_host(s, &host);
    if (host.len == 0 || !span_decode(host, u->host, sizeof u->host)) {
        return refuse(d, "the host is missing or too long");
    }
    u->port = DEFAULT_PORT;
    if (rest == end) {
        return ERR_OK;
    }
    bool good = *rest == ':' && span_number(span_of(rest + 1, end), MAX_PORT, &u->port);
    return good && u->port > 0 ? ERR_OK : refuse(d, "the port is not 1 to 65535");
}

static enum err parse_tcp(struct span s, struct redis_url *u, struct err_detail *d)
{
    const char *end = s.at + s.len;
    const char *slash = memchr(s.at, '/', s.len);
    enum err e = parse_address(span_of(s.at, slash ? slash : end), u, d);
    if (e || !slash || slash + 1 == end) {
        return e;
    }
    bool good = span_number(span_of(slash + 1, end), MAX_DB, &u->db);
    return good ? ERR_OK : refuse(d, "the database after / is not a number");
}

static enum err parse_unix(struct span s, struct redis_url *u, struct err_detail *d)
{
    const char *end = s.at + s.len;
    const char *query = memchr(s.at, '?', s.len);
    struct span path = span_of(s.at, query ? query : end);
    if (path.len == 0 || path.at[0] != '/' ||
        !span_decode(path, u->path, sizeof u->path)) {
        return refuse(d, "the socket's path is not absolute or over 107 bytes");
    }
    if (!query) {
        return ERR_OK;
    }
    struct span db = span_of(query + 1, end);
    bool good = db.len > 3 && memcmp(db.at, "db=", 3) == 0 &&
                span_number(span_of(db.at + 3, end), MAX_DB, &u->db);
    return good ? ERR_OK : refuse(d, "after ? only db=<number> is known");
}

static enum err refuse_scheme(const char *text, struct err_detail *d)
{
    const char *end = strstr(text, "://");
    size_t len = end ? (size_t)(end - text) : 0;
    if (len > 0 &&
        (memmem(text, len, "sentinel", 8) || memmem(text, len, "cluster", 7))) {
        return err_set(d, ERR_NOT_SUPPORTED, "",
                       "Redis URL: Cluster and Sentinel are not supported");
    }
    if (len == 6 && memcmp(text, "rediss", 6) == 0) {
        return err_set(d, ERR_NOT_SUPPORTED, "",
                       "Redis URL: TLS (rediss://) is not supported");
    }
    return refuse(d, "it does not start with redis:// or unix://");
}

enum err redis_url_parse(const char *text, struct redis_url *out, struct err_detail *d)
{
    *out = (struct redis_url){0};
    bool tcp = strncmp(text, "redis://", 8) == 0;
    if (!tcp && strncmp(text, "unix://", 7) != 0) {
        return refuse_scheme(text, d);
    }
    const char *at = text + (tcp ? 8 : 7), *end = text + strlen(text);
    /* a password may hold an unescaped '@': the last one before the path counts */
    const char *slash = strchr(at, '/');
    const char *sign = memrchr(at, '@', (size_t)((slash ? slash : end) - at));
    if (sign) {
        enum err e = parse_auth(span_of(at, sign), out, d);
        if (e) {
            return e;
        }
        at = sign + 1;
    }
    return tcp ? parse_tcp(span_of(at, end), out, d)
               : parse_unix(span_of(at, end), out, d);
}
