/* zone_file.c: see zone_file.h. */
#include "core/io/zone_file.h"
#include "core/io/file.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum err find(const char *folder, const char *name, const char *path,
                     struct err_detail *d)
{
    struct stat st;
    if (stat(path, &st) == 0 ? S_ISREG(st.st_mode)
                             : errno != ENOENT && errno != ENOTDIR)
        return ERR_OK; /* or what is wrong is told when it is read */
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(d, ERR_IO, "",
                       "time zones cannot be read, there is no folder %.100s: install "
                       "tzdata or set TZDIR",
                       folder);
    return err_set(d, ERR_NOT_FOUND, "", "there is no time zone %s in %.100s", name,
                   folder);
}

static enum err read_zone(const char *path, struct zone *z, struct err_detail *d)
{
    struct buf bytes;
    buf_init(&bytes, ZONE_FILE_MAX_BYTES);
    enum err e = file_read(path, &bytes, d);
    if (!e)
        e = zone_parse(bytes.data, bytes.len, z, d);
    buf_fini(&bytes);
    return e;
}

enum err zone_file_load(const char *folder, const char *name, struct zone *z,
                        struct err_detail *d)
{
    char path[PATH_MAX];
    if (!zone_name_is_valid(name))
        return err_set(d, ERR_BAD_VALUE, "",
                       "this is no name of a time zone; Europe/Berlin would be one");
    if (strcmp(name, "UTC") == 0) {
        zone_init_utc(z);
        return ERR_OK;
    }
    if (!folder || !*folder)
        folder = ZONE_FILE_FOLDER;
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(d, ERR_IO, "",
                       "the path of the folder of time zones is too long");
    enum err e = find(folder, name, path, d);
    if (e)
        return e;
    e = read_zone(path, z, d);
    if (e && d) /* the same words, with the name before them */
        return err_set(d, e, "", "time zone %s: %.160s", name, d->message);
    return e;
}
