/* clock_shim.c: a wall clock that a test can move, preloaded into a redis-server. The
 * file that CLOCK_SHIM names holds how many seconds it is ahead, as int64_t of this
 * machine; written in place, it counts at once. The monotonic clock stays as it is. No
 * library that exists serves: Redis' allocator asks for the time before it is there. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s; /* NULL before the programme has begun */

__attribute__((constructor)) static void open_file(void)
{
    const char *path = getenv("CLOCK_SHIM");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        ahead_s = map;
}

static time_t ahead(void)
{
    return ahead_s ? (time_t)*ahead_s : 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t id, struct timespec *out)
{
    int rc = (int)syscall(SYS_clock_gettime, id, out);
    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        out->tv_sec += ahead();
    return rc;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    int rc = (int)syscall(SYS_gettimeofday, out, zone);
    if (rc == 0)
        out->tv_sec += ahead();
    return rc;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
time_t time(time_t *out)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
