/* spec_reader.c: typed reading of spec members, with pointers in every error. */
#include "campaigns/spec_reader.h"
#include "core/base/utf8.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void spec_pointer(char *out, size_t size, const char *path, const char *key)
{
    size_t n = (size_t)snprintf(out, size, "%s/", path);
    for (const char *p = key; *p && n + 3 < size; p++) {
        if (*p == '~' || *p == '/') {
            out[n++] = '~';
            out[n++] = *p == '~' ? '0' : '1';
        } else {
            out[n++] = *p;
        }
    }
    if (n < size)
        out[utf8_invalid_at(out, n)] = '\0'; /* a long key ends between characters */
}

void spec_pointer_at(char *out, size_t size, const char *path, int index)
{
    snprintf(out, size, "%s/%d", path, index);
}

static enum err wrong_type(struct spec_reader *r, const struct json *j,
                           const char *path, const char *wanted)
{
    return err_set(r->d, ERR_BAD_TYPE, path, "must be %s, not %s", wanted,
                   json_type_name(json_type(j)));
}

/* An error of a member is one of all objects around it. */
static void keep_error(struct spec_reader *r)
{
    struct spec_errors *all = r->all;
    for (int i = 0; i < all->count; i++)
        if (strcmp(all->item[i].path, r->d->path) == 0)
            return;
    if (all->count < SPEC_ERRORS_MAX)
        all->item[all->count++] = *r->d;
}

enum err spec_note(struct spec_reader *r, enum err e)
{
    if (!e || !r->all || e == ERR_NOMEM)
        return e;
    keep_error(r);
    return ERR_OK;
}

static enum err read_member(struct spec_reader *r, const struct json *member,
                            const char *path, const struct spec_row *rows)
{
    char at[160];
    spec_pointer(at, sizeof at, path, json_key(member));
    const struct spec_row *row = rows;
    while (row->name && strcmp(row->name, json_key(member)) != 0)
        row++;
    if (!row->name)
        return err_set(r->d, ERR_UNKNOWN_FIELD, at, "no such field");
    return row->read(r, member, at);
}

enum err spec_read_object(struct spec_reader *r, const struct json *object,
                          const char *path, const struct spec_row *rows)
{
    if (json_type(object) != JSON_OBJECT)
        return wrong_type(r, object, path, "an object");
    json_each (member, object) {
        enum err e = spec_note(r, read_member(r, member, path, rows));
        if (e)
            return e;
    }
    return ERR_OK;
}

enum err spec_read_text(struct spec_reader *r, const struct json *j, const char *path,
                        size_t max_characters, const char **out)
{
    if (json_type(j) != JSON_STRING)
        return wrong_type(r, j, path, "a string");
    const char *text = json_str(j, "");
    if (text[0] == '\0')
        return err_set(r->d, ERR_OUT_OF_RANGE, path, "must not be empty");
    if (utf8_count(text, strlen(text)) > max_characters)
        return err_set(r->d, ERR_OUT_OF_RANGE, path, "at most %zu characters",
                       max_characters);
    *out = text;
    return ERR_OK;
}

enum err spec_read_id(struct spec_reader *r, const struct json *j, const char *path,
                      char *out, size_t size)
{
    if (json_type(j) != JSON_STRING)
        return wrong_type(r, j, path, "a string");
    const char *id = json_str(j, "");
    if (!spec_id_is_valid(id) || strlen(id) >= size)
        return err_set(r->d, ERR_BAD_ID, path,
                       "1 to %d characters of A-Z a-z 0-9 . _ -", SPEC_ID_MAX);
    memcpy(out, id, strlen(id) + 1);
    return ERR_OK;
}

enum err spec_read_bool(struct spec_reader *r, const struct json *j, const char *path,
                        bool *out)
{
    *out = json_bool(j, false);
    return json_type(j) == JSON_BOOL ? ERR_OK : wrong_type(r, j, path, "true or false");
}

enum err spec_read_int(struct spec_reader *r, const struct json *j, const char *path,
                       int64_t lo, int64_t hi, int64_t *out)
{
    if (json_type(j) != JSON_NUMBER || !json_is_int(j))
        return wrong_type(r, j, path, "a whole number");
    int64_t n = json_int(j, lo - 1);
    if (n < lo || n > hi)
        return err_set(r->d, ERR_OUT_OF_RANGE, path, "must be %lld to %lld",
                       (long long)lo, (long long)hi);
    *out = n;
    return ERR_OK;
}

enum err spec_read_num(struct spec_reader *r, const struct json *j, const char *path,
                       double lo, double hi, double *out)
{
    if (json_type(j) != JSON_NUMBER)
        return wrong_type(r, j, path, "a number");
    double n = json_num(j, NAN);
    if (!(n >= lo && n <= hi))
        return err_set(r->d, ERR_OUT_OF_RANGE, path, "must be %g to %g", lo, hi);
    *out = n;
    return ERR_OK;
}

enum err spec_read_texts(struct spec_reader *r, const struct json *j, const char *path,
                         const char **out, int max, int *count)
{
    if (json_type(j) != JSON_ARRAY)
        return wrong_type(r, j, path, "an array of strings");
    if (json_count(j) > (size_t)max)
        return err_set(r->d, ERR_OUT_OF_RANGE, path, "at most %d items", max);
    *count = 0;
    json_each (item, j) {
        char at[160];
        spec_pointer_at(at, sizeof at, path, *count);
        enum err e = spec_read_text(r, item, at, 500, &out[*count]);
        if (e)
            return e;
        (*count)++;
    }
    return ERR_OK;
}

void spec_warn(struct spec *s, const char *path, const char *message)
{
    if (s->warning_count < SPEC_WARNINGS_MAX)
        s->warning[s->warning_count++] = (struct spec_warning){path, message};
}
