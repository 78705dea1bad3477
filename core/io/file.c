/* file.c: see file.h. */
#include "core/io/file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 16384

static enum err failed(struct err_detail *d, const char *path, const char *what)
{
    int code = errno;
    char text[128];
    const char *why = strerror_r(code, text, sizeof text);
    return err_set(d, ERR_IO, path, "cannot %s: %s", what, why);
}

static enum err not_opened(struct err_detail *d, const char *path)
{
    bool passing = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    enum err e = failed(d, path, "open");
    if (passing) {
        e = ERR_BUSY;
        if (d) {
            d->code = e;
        }
    }
    return e;
}

static enum err read_all(int fd, const char *path, struct buf *out,
                         struct err_detail *d)
{
    char bytes[READ_BYTES];
    for (;;) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return failed(d, path, "read");
        }
        if (n == 0) {
            return ERR_OK;
        }
        enum err e = buf_append(out, bytes, (size_t)n);
        if (e) {
            return err_set(d, e, path, "the file is over %zu bytes", out->max_bytes);
        }
    }
}

enum err file_read(const char *path, struct buf *out, struct err_detail *d)
{
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, path, out, d);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return not_opened(d, path);
    }
    enum err e = read_all(fd, path, out, d);
    (void)close(fd);
    return e;
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return false;
        }
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

/* A name left over from a process of our number that died is taken again. */
static int temporary_open(const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(path, flags, 0666);
    if (fd < 0 && errno == EEXIST && unlink(path) == 0) {
        fd = open(path, flags, 0666);
    }
    return fd;
}

/* A file that is replaced keeps its mode. */
static bool temporary_fill(int fd, const char *path, const void *bytes, size_t n)
{
    struct stat old;
    if (stat(path, &old) == 0 && fchmod(fd, old.st_mode & 07777) != 0) {
        return false;
    }
    return write_all(fd, bytes, n) && fsync(fd) == 0;
}

/* Makes the rename itself last; a file system that cannot is no reason to fail. */
static void folder_sync(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = slash ? (int)(slash - path) + 1 : 1;
    (void)snprintf(folder, sizeof folder, "%.*s", len, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

enum err file_write(const char *path, const void *bytes, size_t n, struct err_detail *d)
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.%d.tmp", path, (int)getpid());
    if (len < 0 || (size_t)len >= sizeof temporary) {
        return err_set(d, ERR_LIMIT, path, "the path is too long");
    }
    int fd = temporary_open(temporary);
    if (fd < 0) {
        return failed(d, path, "create");
    }
    bool good = temporary_fill(fd, path, bytes, n);
    enum err e = good ? ERR_OK : failed(d, path, "write");
    if (close(fd) != 0 && !e) {
        e = failed(d, path, "write");
    }
    if (!e && rename(temporary, path) != 0) {
        e = failed(d, path, "replace");
    }
    if (e) {
        (void)unlink(temporary);
        return e;
    }
    folder_sync(path);
    return ERR_OK;
}

static bool folder_make(const char *path)
{
    struct stat found;
    if (mkdir(path, 0777) == 0) {
        return true;
    }
    if (errno != EEXIST || stat(path, &found) != 0) {
        return false;
    }
    errno = ENOTDIR;
    return S_ISDIR(found.st_mode);
}

enum err file_make_folder(const char *path, struct err_detail *d)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part) {
        return err_set(d, ERR_LIMIT, path, "the path is empty or too long");
    }
    (void)memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        part[i] = '\0';
        if (!folder_make(part)) {
            return failed(d, part, "make the folder");
        }
        part[i] = path[i];
    }
    return ERR_OK;
}

enum err file_lock(const char *path, int *fd, struct err_detail *d)
{
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (opened < 0) {
        return failed(d, path, "open");
    }
    if (flock(opened, LOCK_EX | LOCK_NB) != 0) {
        enum err e = errno == EWOULDBLOCK
                         ? err_set(d, ERR_BUSY, path, "another process holds the lock")
                         : failed(d, path, "lock");
        (void)close(opened);
        return e;
    }
    *fd = opened;
    return ERR_OK;
}
