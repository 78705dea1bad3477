/* zone_file.h: time zones from the system's database (Debian's tzdata), by name. Reads
 * synchronously, some 3 KB: for start-up, the command line, and a cache's miss. */
#ifndef BARKER_CORE_IO_ZONE_FILE_H
#define BARKER_CORE_IO_ZONE_FILE_H

#include "core/base/zone.h"

#define ZONE_FILE_MAX_BYTES 65536
#define ZONE_FILE_FOLDER "/usr/share/zoneinfo"

/* folder: what the environment's TZDIR says, as for tzset(3); NULL or "": the usual
 * one. "UTC" needs no file. d->path is ""; errors beside those of zone_parse():
 * ERR_BAD_VALUE: no name of a zone; ERR_NOT_FOUND: the database has no such zone;
 * ERR_IO: there is no database, or it is not for us; ERR_BUSY, ERR_NOMEM: not now. */
enum err zone_file_load(const char *folder, const char *name, struct zone *z,
                        struct err_detail *d) MUST_USE;

#endif
