/* suspended_clock.h: a machine that was suspended: the clock that counts that is ahead
 * of the monotonic one, in this process. Included by one file of a test. */
#ifndef BARKER_TESTS_SUSPENDED_CLOCK_H
#define BARKER_TESTS_SUSPENDED_CLOCK_H

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t suspended_s;

/* In place of that of libc. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t id, struct timespec *out)
{
    int rc = (int)syscall(SYS_clock_gettime, id, out);
    if (rc == 0 && id == CLOCK_BOOTTIME)
        out->tv_sec += suspended_s;
    return rc;
}

#endif
