/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A library that is loaded into programs of a test (by ld.so.preload, in a mount namespace of its own): it
 * moves the wall clock they see by as many nanoseconds as the int64_t in the file /etc/clock-shift says at
 * that moment. The monotonic clock, and the times that the kernel gives to files, stay. The file is mapped
 * when a program starts, so that one in a sandbox needs no call to look at it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static const volatile int64_t *shift;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void map_shift(void)
{
    int fd = open("/etc/clock-shift", O_RDONLY | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (page != MAP_FAILED)
        shift = page;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(id, now);
    if (failed || !shift || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t moved = (int64_t)now->tv_sec * SECOND + now->tv_nsec + *shift;
    now->tv_sec = (time_t)(moved / SECOND);
    now->tv_nsec = (long)(moved % SECOND);
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}
