/* sim_multipart.h: a multipart/form-data body (RFC 7578), for POST /v1/files. Pure. */
#ifndef BARKER_TESTS_LLMSIM_SIM_MULTIPART_H
#define BARKER_TESTS_LLMSIM_SIM_MULTIPART_H

#include "core/base/err.h"
#include <stddef.h>

struct sim_part { /* borrows the body; at NULL: there is none */
    const char *at;
    size_t len;
};
/* The part of this name. ERR_BAD_REQUEST: no such body; ERR_NOT_FOUND: no such part.
 * content_type may be NULL. filename, of size bytes, is filled too, "" if there is
 * none.
 */
enum err sim_multipart_find(const char *content_type, const char *body, size_t n,
                            const char *name, struct sim_part *out, char *filename,
                            size_t size) MUST_USE;

#endif
