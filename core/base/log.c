/* log.c: one write(2) per event, so that lines of several processes do not mix. */
#include "core/base/log.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_out.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VALUE_MAX_BYTES ((size_t)512)
#define LINE_MAX_BYTES ((size_t)65536)
#define CUT_MARK "…"

struct log_sink {
    enum log_level level;
    bool human;
    char process[64];
};

static struct log_sink sink = {.level = LOG_INFO};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_init(enum log_level level, const char *process)
{
    sink.level = level;
    sink.human = isatty(STDERR_FILENO) == 1;
    snprintf(sink.process, sizeof sink.process, "%s", process ? process : "");
}

enum log_level log_level_from(const char *name)
{
    for (unsigned i = 0; name && i < sizeof level_names / sizeof *level_names; i++)
        if (strcmp(name, level_names[i]) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

/* At most VALUE_MAX_BYTES of the value; a mark after it if more was there. */
static void cut_value(const char *value, char out[VALUE_MAX_BYTES + sizeof CUT_MARK])
{
    size_t len = strlen(value);
    size_t kept = utf8_prefix(value, len, VALUE_MAX_BYTES);
    memcpy(out, value, kept);
    out[kept] = '\0';
    if (kept < len)
        memcpy(out + kept, CUT_MARK, sizeof CUT_MARK);
}

static void print_time(int64_t now_ms, char *out, size_t size)
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    char day[32] = "";
    if (gmtime_r(&seconds, &tm))
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, size, "%s.%03dZ", day, (int)(now_ms % 1000));
}

/* Text of users may hold escape sequences that would steer the reader's terminal. */
static void append_plain(struct buf *line, const char *value)
{
    size_t n = strlen(value);
    bool quote = n == 0 || strpbrk(value, " \t\"=");
    if (quote)
        buf_append_char(line, '"');
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t len = utf8_decode(value + i, n - i, &c);
        bool control = len == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0);
        if (control)
            buf_append_char(line, '?');
        else
            buf_append(line, value + i, len);
        i += len ? len : 1;
    }
    if (quote)
        buf_append_char(line, '"');
}

static void format_plain(struct buf *line, enum log_level level, const char *when,
                         const char *event, va_list fields)
{
    buf_printf(line, "%s %-5s %s", when, level_names[level], event);
    for (const char *key; (key = va_arg(fields, const char *));) {
        const char *value = va_arg(fields, const char *);
        char text[VALUE_MAX_BYTES + sizeof CUT_MARK];
        cut_value(value ? value : "", text);
        buf_printf(line, " %s=", key);
        append_plain(line, text);
    }
}

static void format_json(struct buf *line, enum log_level level, const char *when,
                        const char *event, va_list fields)
{
    struct json_out w;
    json_out_init(&w, line);
    json_out_open(&w, '{');
    json_out_kstr(&w, "time", when);
    json_out_kstr(&w, "level", level_names[level]);
    json_out_kstr(&w, "process", sink.process);
    json_out_kstr(&w, "event", event);
    for (const char *key; (key = va_arg(fields, const char *));) {
        const char *value = va_arg(fields, const char *);
        char text[VALUE_MAX_BYTES + sizeof CUT_MARK];
        cut_value(value ? value : "", text);
        json_out_kstr(&w, key, text);
    }
    json_out_close(&w, '}');
}

static void write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) /* nobody reads the log; there is nowhere to say so */
            return;
        bytes += written;
        n -= (size_t)written;
    }
}

void log_event(enum log_level level, const char *event, ...)
{
    if (level > sink.level)
        return;
    int keep_errno = errno;
    char when[64];
    print_time(clock_wall_ms(), when, sizeof when);
    struct buf line;
    buf_init(&line, LINE_MAX_BYTES);
    va_list fields;
    va_start(fields, event);
    if (sink.human)
        format_plain(&line, level, when, event, fields);
    else
        format_json(&line, level, when, event, fields);
    va_end(fields);
    buf_append_char(&line, '\n');
    if (buf_status(&line) == ERR_OK)
        write_all(line.data, line.len);
    else
        write_all("{\"level\":\"error\",\"event\":\"log.line_lost\"}\n", 43);
    buf_fini(&line);
    errno = keep_errno;
}
