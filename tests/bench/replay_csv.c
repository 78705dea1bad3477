/* replay_csv.c: one walk over the bytes, field by field. */
#include "tests/bench/replay_csv.h"
#include "core/base/hash.h"
#include "tests/bench/bench_env.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FIELD                                                                          \
    64 /* of a longer one the start is kept: no column wanted here has one             \
        */
#define COLUMNS_MAX 64

enum column { TEST_ID, IMPRESSIONS, CLICKS, WEEK, COLUMNS };
static const char *const names[COLUMNS] = {"test_id", "impressions", "clicks",
                                           "test_week"};

struct reader {
    const char *path;
    gzFile file;
    int64_t line, row; /* row: the line on which it began */
    int at[COLUMNS];   /* where the columns stand in a row */
    char field[COLUMNS_MAX][FIELD];
};

static _Noreturn void fail(const struct reader *r, const char *why)
{
    char where[512];
    snprintf(where, sizeof where, "%s: line %" PRId64, r->path, r->row);
    bench_die(where, why);
}

/* Reads one field and returns the byte that ended it: ',', '\n' or -1. Quotes are left
 * out; a doubled one inside opens and closes nothing. */
static int read_field(struct reader *r, char *field)
{
    size_t n = 0;
    bool quoted = false;
    for (;;) {
        int c = gzgetc(r->file);
        r->line += c == '\n';
        if (c < 0 || (!quoted && (c == ',' || c == '\n'))) {
            field[n] = 0;
            if (c < 0 && (quoted || !gzeof(r->file)))
                fail(r, "the file is cut short or damaged");
            return c;
        }
        if (c == '"')
            quoted = !quoted;
        else if (n + 1 < FIELD && c != '\r')
            field[n++] = (char)c;
    }
}

/* Number of fields; 0 at the end of the file. */
static int read_row(struct reader *r)
{
    r->row = r->line;
    for (int n = 0; n < COLUMNS_MAX;) {
        int c = read_field(r, r->field[n++]);
        if (c == '\n')
            return n;
        if (c < 0)
            return n == 1 && !r->field[0][0] ? 0 : n;
    }
    fail(r, "too many columns");
}

static void read_header(struct reader *r)
{
    int n = read_row(r);
    for (int i = 0; i < COLUMNS; i++) {
        r->at[i] = -1;
        for (int k = 0; k < n; k++) {
            if (strcmp(r->field[k], names[i]) == 0)
                r->at[i] = k;
        }
        if (r->at[i] < 0)
            fail(r, "a column of test_id, impressions, clicks, test_week is missing");
    }
}

static int64_t number(const struct reader *r, enum column column)
{
    const char *text = r->field[r->at[column]];
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end || n < 0)
        fail(r, "impressions, clicks and test_week are whole numbers");
    return n;
}

static bool week_is_broken(int week)
{
    return (week >= 201325 && week <= 201352) || week == 201400 || week == 201401;
}

static bool test_is_wanted(const struct replay_test *t)
{
    int64_t clicks = 0;
    for (int k = 0; k < t->count; k++) {
        clicks += t->clicks[k];
        if (t->impressions[k] < 1)
            return false;
    }
    return t->count >= 2 && clicks > 0 && !week_is_broken(t->week);
}

static struct replay_test *test_open(struct replay_tests *tests, const char *id)
{
    size_t n = tests->count++;
    if (n % 256 == 0)
        tests->test = realloc(tests->test, (n + 256) * sizeof *tests->test);
    if (!tests->test)
        bench_die("tests", "out of memory");
    struct replay_test *t = &tests->test[n];
    memset(t, 0, sizeof *t);
    snprintf(t->id, sizeof t->id, "%s", id);
    return t;
}

static void read_rows(struct reader *r, struct replay_tests *tests)
{
    struct replay_test *t = NULL;
    for (int n; (n = read_row(r)) > 0;) {
        for (int i = 0; i < COLUMNS; i++) {
            if (r->at[i] >= n)
                fail(r, "a row is too short");
        }
        const char *id = r->field[r->at[TEST_ID]];
        if (!t || strcmp(t->id, id) != 0) {
            if (t && !test_is_wanted(t))
                tests->count--;
            t = test_open(tests, id);
        }
        if (t->count == REPLAY_ARMS_MAX)
            fail(r, "a test has too many arms");
        t->week = (int)number(r, WEEK);
        t->impressions[t->count] = number(r, IMPRESSIONS);
        t->clicks[t->count++] = number(r, CLICKS);
    }
    if (t && !test_is_wanted(t))
        tests->count--;
}

/* The file is in the order of time: the first N would be the tests of one season. */
static int by_hash(const void *a, const void *b)
{
    const struct replay_test *p = a, *q = b;
    uint64_t x = hash_fast_str(p->id, 0), y = hash_fast_str(q->id, 0);
    return x != y ? (x < y ? -1 : 1) : strcmp(p->id, q->id);
}

void replay_load(struct replay_tests *tests, const char *path)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        bench_die("tests", "out of memory");
    r->path = path;
    r->file = gzopen(path, "rb");
    r->line = 1;
    if (!r->file)
        bench_die(path, "cannot be opened");
    *tests = (struct replay_tests){0};
    read_header(r);
    read_rows(r, tests);
    gzclose(r->file);
    free(r);
    if (tests->count == 0)
        bench_die(path, "holds no test that can be replayed");
    qsort(tests->test, tests->count, sizeof *tests->test, by_hash);
}

void replay_free(struct replay_tests *tests)
{
    free(tests->test);
}
