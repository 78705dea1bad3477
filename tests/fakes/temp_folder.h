/* temp_folder.h: a folder of a test's own under TMPDIR, and its end. */
#ifndef BARKER_TESTS_TEMP_FOLDER_H
#define BARKER_TESTS_TEMP_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static inline char *temp_folder_make(char *path, size_t size)
{
    const char *root = getenv("TMPDIR");
    (void)snprintf(path, size, "%s/barker-test-XXXXXX", root ? root : "/tmp");
    return mkdtemp(path);
}

static inline int temp_folder_forget(const char *path, const struct stat *st, int type,
                                     struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static inline void temp_folder_remove(const char *path)
{
    (void)nftw(path, temp_folder_forget, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
