/* json.h: typed reading of JSON over cJSON; errors carry the JSON pointer.
 *
 * `struct json` is a parsed value; the root is **owned** by whoever parsed it
 * (json_free), children are **borrowed**. Parsing runs the lexical pre-pass first:
 * invalid UTF-8, \u0000, lone surrogates, depth, duplicate keys and numbers outside
 * double range (or over 63 characters) are refused with the byte offset in the message.
 * Not thread-safe. */
#ifndef BARKER_CORE_BASE_JSON_H
#define BARKER_CORE_BASE_JSON_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct json;

struct json_limits {
    size_t max_bytes;
    int max_depth;
};
extern const struct json_limits json_limits_spec;  /* 1 MiB, depth 32 */
extern const struct json_limits json_limits_reply; /* 4 MiB, depth 64 */

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

enum err json_parse(const char *text, size_t n, const struct json_limits *limits,
                    struct json **out, struct err_detail *d) MUST_USE;
void json_free(struct json *j);

enum json_type json_type(const struct json *j); /* NULL pointer = JSON_NULL */
const char *json_type_name(enum json_type t);   /* "object" … for messages */
const struct json *json_get(const struct json *object, const char *key); /* or NULL */
const char *json_key(const struct json *member); /* name inside its object */
size_t json_count(const struct json *array_or_object);
const struct json *json_first(const struct json *array_or_object);
const struct json *json_next(const struct json *child);
const struct json *json_at(const struct json *array, size_t i); /* O(i) */
/* NOLINTBEGIN(bugprone-macro-parentheses): `item` is declared here */
#define json_each(item, parent)                                                        \
    for (const struct json *item = json_first(parent); item; item = json_next(item))
/* NOLINTEND(bugprone-macro-parentheses) */

/* Plain values; the default when absent or of another type. */
const char *json_str(const struct json *j, const char *fallback);
double json_num(const struct json *j, double fallback);
int64_t json_int(const struct json *j, int64_t fallback); /* fallback if not integral */
bool json_bool(const struct json *j, bool fallback);
bool json_is_int(const struct json *j); /* integral, between -2^53 and 2^53 */

/* Compact text of a value appended to out. Member order is kept. */
enum err json_print(const struct json *j, struct buf *out);

/* Building a tree (kinds keep their state this way). Every function **takes** `value`
 * also when it fails; a failed build returns NULL or ERR_NOMEM. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_str(const char *s);
struct json *json_new_num(double n);
struct json *json_new_bool(bool b);
struct json *json_dup(const struct json *j);
enum err json_set(struct json *object, const char *key, struct json *value);
enum err json_push(struct json *array, struct json *value);
enum err json_set_str(struct json *object, const char *key, const char *s);
enum err json_set_num(struct json *object, const char *key, double n);
enum err json_set_bool(struct json *object, const char *key, bool b);
/* The child, to change it; or NULL. */
struct json *json_mut(struct json *object, const char *key);
void json_remove(struct json *object, const char *key);

#endif
