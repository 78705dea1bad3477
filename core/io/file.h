/* file.h: small whole files, read and written synchronously: for start-up and the
 * command line, never on a busy loop. */
#ifndef BARKER_CORE_IO_FILE_H
#define BARKER_CORE_IO_FILE_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* path "-" reads stdin. Appends to out, whose cap bounds it. ERR_BUSY: not now, as
 * there are no descriptors or no memory left; ERR_IO: it is not there, or not for us;
 * ERR_LIMIT, ERR_NOMEM: of out. */
enum err file_read(const char *path, struct buf *out, struct err_detail *d) MUST_USE;
/* Writes to a temporary name beside it, then renames. */
enum err file_write(const char *path, const void *bytes, size_t n,
                    struct err_detail *d) MUST_USE;
enum err file_make_folder(const char *path,
                          struct err_detail *d) MUST_USE; /* mkdir -p */
/* Takes an exclusive lock on path for the life of the process. ERR_BUSY if taken. */
enum err file_lock(const char *path, int *fd, struct err_detail *d) MUST_USE;

#endif
