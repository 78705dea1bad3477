/* config_ini.h: reads an ini file pair by pair, with file:line for every complaint.
 * Lines over 1023 bytes and section names over 48 are refused, never cut. */
#ifndef BARKER_CORE_BASE_CONFIG_INI_H
#define BARKER_CORE_BASE_CONFIG_INI_H

#include "core/base/err.h"

#include <stddef.h>

/* Returns ERR_OK or the reason, with d->message set; d->path is filled by the reader.
 */
typedef enum err (*config_pair_fn)(void *user, const char *section, const char *key,
                                   const char *value, int line, struct err_detail *d);

/* Stops at the first refused line. */
enum err config_ini_read(const char *path, config_pair_fn on_pair, void *user,
                         struct err_detail *d) MUST_USE;
/* "file:line"; of a long path the end. */
void config_ini_where(const char *path, int line, char *out, size_t size);

#endif
