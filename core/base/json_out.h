/* json_out.h: streaming JSON writer onto a buf. Commas and escapes are its business;
 * errors stick to the buf (buf_status). Strings must be UTF-8; invalid bytes are
 * written as U+FFFD. Nesting at most 64, deeper is ERR_LIMIT. */
#ifndef BARKER_CORE_BASE_JSON_OUT_H
#define BARKER_CORE_BASE_JSON_OUT_H

#include "core/base/buf.h"
#include "core/base/json.h"
#include <stdint.h>

struct json_out {
    struct buf *out; /* borrows */
    unsigned depth;
    bool first[65];
    bool after_key;
};

void json_out_init(struct json_out *w, struct buf *out);
void json_out_open(struct json_out *w, char bracket);  /* '{' or '[' */
void json_out_close(struct json_out *w, char bracket); /* '}' or ']' */
void json_out_key(struct json_out *w, const char *key);
void json_out_str(struct json_out *w, const char *s);
void json_out_strn(struct json_out *w, const char *s, size_t n);
void json_out_int(struct json_out *w, int64_t n);
/* The shortest text that reads back as n; 0 if n is not finite. */
void json_out_num(struct json_out *w, double n);
void json_out_bool(struct json_out *w, bool b);
void json_out_null(struct json_out *w);
void json_out_raw(struct json_out *w, const char *json, size_t n); /* valid JSON text */
void json_out_json(struct json_out *w, const struct json *j);
/* key and value in one */
void json_out_kstr(struct json_out *w, const char *key, const char *s);
void json_out_kint(struct json_out *w, const char *key, int64_t n);
void json_out_knum(struct json_out *w, const char *key, double n);
void json_out_kbool(struct json_out *w, const char *key, bool b);

#endif
