/* log_test.c: one JSON line per event, bounded; on a terminal, harmless text. */
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static int real_stderr;

/* From here on stderr is a pipe; finish() gives what was written. */
static int start(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    real_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

static void finish(int from, char *text, size_t size)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    ssize_t n = read(from, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    close(from);
}

static struct json *parse_line(char *text)
{
    size_t n = strlen(text);
    assert_true(n > 0 && text[n - 1] == '\n');
    assert_ptr_equal(strchr(text, '\n'), text + n - 1); /* one line */
    struct json *j;
    struct err_detail d = {.message = ""};
    if (json_parse(text, n, &json_limits_spec, &j, &d) != ERR_OK)
        fail_msg("%s: %s", text, d.message);
    return j;
}

static const char *field(const struct json *j, const char *key)
{
    return json_str(json_get(j, key), "(none)");
}

static void test_json_line(void **state)
{
    (void)state;
    char text[4096];
    int from = start();
    log_init(LOG_INFO, "worker 1f3a");
    log_event(LOG_WARN, "job.claimed", "campaign", "c\"1\n", "empty", NULL, NULL);
    finish(from, text, sizeof text);
    struct json *j = parse_line(text);
    assert_string_equal(field(j, "level"), "warn");
    assert_string_equal(field(j, "process"), "worker 1f3a");
    assert_string_equal(field(j, "event"), "job.claimed");
    assert_string_equal(field(j, "campaign"), "c\"1\n");
    assert_string_equal(field(j, "empty"), "");
    const char *time = field(j, "time");
    assert_int_equal(strlen(time), strlen("2026-01-31T12:00:00.000Z"));
    assert_int_equal(time[10], 'T');
    assert_int_equal(time[23], 'Z');
    json_free(j);
}

static void test_levels(void **state)
{
    (void)state;
    char text[4096];
    int from = start();
    log_init(LOG_WARN, "x");
    log_event(LOG_INFO, "quiet", NULL);
    log_event(LOG_DEBUG, "quiet", NULL);
    finish(from, text, sizeof text);
    assert_string_equal(text, "");
    from = start();
    log_event(LOG_ERROR, "loud", NULL);
    finish(from, text, sizeof text);
    assert_non_null(strstr(text, "loud"));
    assert_int_equal(log_level_from("error"), LOG_ERROR);
    assert_int_equal(log_level_from("warn"), LOG_WARN);
    assert_int_equal(log_level_from("debug"), LOG_DEBUG);
    assert_int_equal(log_level_from("loud"), LOG_INFO);
    assert_int_equal(log_level_from(NULL), LOG_INFO);
}

static void test_long_values_are_cut_and_marked(void **state)
{
    (void)state;
    char value[2000], text[8192];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    memcpy(value + 510, "\xf0\x9f\x98\x80", 4); /* lies across the cut */
    int from = start();
    log_init(LOG_INFO, "x");
    log_event(LOG_INFO, "e", "long", value, NULL);
    value[510] = '\0';
    finish(from, text, sizeof text);
    struct json *j = parse_line(text);
    const char *got = field(j, "long");
    assert_memory_equal(got, value, 510);
    assert_string_equal(got + 510, "…");
    json_free(j);
    memset(value, 'y', 512);
    value[512] = '\0';
    from = start();
    log_event(LOG_INFO, "e", "full", value, NULL);
    finish(from, text, sizeof text);
    j = parse_line(text);
    assert_string_equal(field(j, "full"), value); /* 512 bytes are whole */
    json_free(j);
}

static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    char text[4096];
    int from = start();
    log_init(LOG_INFO, "x");
    log_event(LOG_INFO, "e", "bad", "a\xff\xfe", NULL);
    finish(from, text, sizeof text);
    struct json *j = parse_line(text);
    assert_string_equal(field(j, "bad"), "a\xef\xbf\xbd\xef\xbf\xbd");
    json_free(j);
}

static void test_terminal_gets_plain_harmless_text(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    char name[64], text[1024];
    if (master < 0 || grantpt(master) || unlockpt(master) ||
        ptsname_r(master, name, sizeof name))
        skip();
    int slave = open(name, O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    real_stderr = dup(STDERR_FILENO);
    dup2(slave, STDERR_FILENO);
    log_init(LOG_INFO, "x");
    log_event(LOG_INFO, "job.done", "id", "c1", "text", "a \x1b[31mb\xc2\x9b\xff",
              NULL);
    dup2(real_stderr, STDERR_FILENO);
    ssize_t n = read(master, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    close(slave);
    close(master);
    assert_non_null(strstr(text, " info  job.done id=c1 text=\"a ?[31mb??\""));
    assert_null(strchr(text, 0x1b));
    log_init(LOG_INFO, "x");
    close(real_stderr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_line),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_long_values_are_cut_and_marked),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_terminal_gets_plain_harmless_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
