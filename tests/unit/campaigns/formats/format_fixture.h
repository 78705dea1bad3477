/* format_fixture.h: JSON texts read as events, for the tests of the formats. */
#ifndef BARKER_TESTS_FORMAT_FIXTURE_H
#define BARKER_TESTS_FORMAT_FIXTURE_H

#include "campaigns/formats/format_reader.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEPS_MAX 32

struct format_fixture {
    struct arena arena;
    struct json *root;
    struct format_reader reader;
    struct format_event events[STEPS_MAX];
    struct err_detail refused[STEPS_MAX];
    int count, refused_count;
};

static inline int format_drop(void **state)
{
    struct format_fixture *f = *state;
    if (f) {
        format_reader_fini(&f->reader);
        json_free(f->root);
        arena_fini(&f->arena);
        free(f);
    }
    *state = NULL;
    return 0;
}

/* *state holds what the events borrow; a tree that was decoded lives until the next
 * event, so its strings are kept in the arena. */
static inline void format_keep(struct format_fixture *f, const struct format_event *e)
{
    struct format_event *k = &f->events[f->count++];
    *k = *e;
    const char **texts[] = {&k->id,       &k->type, &k->campaign,  &k->variant,
                            &k->currency, &k->user, &k->impression};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = arena_strdup(&f->arena, *texts[i]);
        assert_non_null(*texts[i]);
    }
}

static inline const struct format_fixture *format_try(void **state, const char *text)
{
    struct format_event e;
    struct err_detail why;
    format_drop(state);
    struct format_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    *state = f;
    arena_init(&f->arena, 1 << 20);
    enum err err = json_parse(text, strlen(text), &json_limits_spec, &f->root, &why);
    if (err)
        print_error("%s: %s\n", text, why.message);
    assert_int_equal(err, ERR_OK);
    format_reader_init(&f->reader, f->root, &f->arena);
    while (format_reader_next(&f->reader, &e, &why)) {
        assert_true(f->count < STEPS_MAX && f->refused_count < STEPS_MAX);
        if (why.code)
            f->refused[f->refused_count++] = why;
        else
            format_keep(f, &e);
    }
    return f;
}

/* The one event in it. */
static inline struct format_event format_one(void **state, const char *text)
{
    const struct format_fixture *f = format_try(state, text);
    if (f->refused_count)
        print_error("%s: %s %s\n", text, f->refused[0].path, f->refused[0].message);
    assert_int_equal(f->refused_count, 0);
    assert_int_equal(f->count, 1);
    return f->events[0];
}

/* One refusal and no event. */
static inline void format_refused(void **state, const char *text, enum err code,
                                  const char *path)
{
    const struct format_fixture *f = format_try(state, text);
    assert_int_equal(f->count, 0);
    assert_int_equal(f->refused_count, 1);
    if (f->refused[0].code != code || strcmp(f->refused[0].path, path) != 0)
        print_error("%s: %s %s\n", text, err_code(f->refused[0].code),
                    f->refused[0].path);
    assert_int_equal(f->refused[0].code, code);
    assert_string_equal(f->refused[0].path, path);
    assert_true(f->refused[0].message[0]);
}

static inline char *format_file(const char *path)
{
    char *text = calloc(1, 1 << 16);
    FILE *file = fopen(path, "re");
    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

#define FORMAT_FIXTURES SOURCE_DIR "/tests/fuzz/corpus/formats/"

#endif
