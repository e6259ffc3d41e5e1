/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ARGUMENTS 6

enum intent opener_flags(uint64_t flags)
{
    return (flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC) ? INTENT_READ : INTENT_WRITE;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* " 0xHEX" at *at; moves behind it. */
static bool read_hex(const char **at, const char *end, uint64_t *value)
{
    if (end - *at < 4 || memcmp(*at, " 0x", 3) != 0 || digit((*at)[3]) < 0)
        return false;
    *value = 0;
    int digits = 0;
    for (*at += 3; *at < end && digit(**at) >= 0; ++*at, digits++)
        *value = (*value << 4) | (uint64_t)digit(**at);
    return digits <= 16;
}

static enum intent judge_call(long number, const uint64_t *arguments, uint64_t *address)
{
    switch (number) {
#ifdef __NR_open
    case __NR_open:
        return opener_flags(arguments[1]);
#endif
    case __NR_openat:
    case __NR_open_by_handle_at:
        return opener_flags(arguments[2]);
    case __NR_execve:
    case __NR_execveat:
        return INTENT_READ;
    case __NR_openat2:
        *address = arguments[2];
        return INTENT_STRUCT;
    default:
        return INTENT_WRITE;
    }
}

enum intent opener_decode(const char *line, size_t length, uint64_t *address)
{
    const char *at = line, *end = line + length;
    uint64_t arguments[ARGUMENTS];
    long number = 0;
    if (length >= 7 && memcmp(line, "running", 7) == 0)
        return INTENT_RUNNING;
    if (at == end || *at < '0' || *at > '9')
        return INTENT_WRITE;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (*at - '0');
        if (number > 1000000000)
            return INTENT_WRITE;
    }
    for (int i = 0; i < ARGUMENTS; i++)
        if (!read_hex(&at, end, &arguments[i]))
            return INTENT_WRITE;
    return judge_call(number, arguments, address);
}

enum intent opener_ask(int syscall_fd, pid_t tid, int *gone)
{
    char line[256];
    uint64_t address = 0, flags = 0;
    *gone = 0;
    ssize_t got = pread(syscall_fd, line, sizeof line, 0);
    if (got <= 0) {
        *gone = got == 0 || errno == ESRCH;
        return INTENT_WRITE;
    }
    enum intent intent = opener_decode(line, (size_t)got, &address);
    if (intent != INTENT_STRUCT)
        return intent;
    /* struct open_how begins with u64 flags. Another thread of the opener could change it between our look
     * and the kernel's (which copied it before the open began), so only a plain answer is believed. */
    struct iovec here = {&flags, sizeof flags};
    struct iovec there = {(void *)(uintptr_t)address, sizeof flags}; /* NOLINT: an address of another space */
    if (process_vm_readv(tid, &here, 1, &there, 1, 0) != sizeof flags)
        return INTENT_WRITE;
    return opener_flags(flags);
}
