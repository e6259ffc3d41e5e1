/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With which intent a program opens a file. A permission event does not say; but the opener is blocked in
 * its system call, and /proc/TID/syscall shows the call's number and arguments.
 */
#ifndef SENSOR_OPENER_H
#define SENSOR_OPENER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum intent {
    INTENT_READ,    /* the handle cannot change the file */
    INTENT_WRITE,   /* it can, or nobody knows */
    INTENT_RUNNING, /* the task was not yet at rest: ask again in a moment */
    INTENT_STRUCT,  /* openat2: the flags are in the opener's memory, at *address */
};

/* Decodes one line of /proc/TID/syscall: "NR 0xA0 .. 0xA5 0xSP 0xPC", "running" or "-1 0xSP 0xPC". Whatever
 * is not understood is INTENT_WRITE. A 32-bit program's numbers mean other calls, but none of the numbers
 * that count as reading here opens a file in the 32-bit table. */
enum intent opener_decode(const char *line, size_t length, uint64_t *address);
/* What open flags allow. */
enum intent opener_flags(uint64_t flags);
/* Reads the line from a descriptor of /proc/TID/syscall, and the struct of openat2 from the opener's memory.
 * Negative errno text is not made: a vanished task gives INTENT_WRITE and *gone. */
enum intent opener_ask(int syscall_fd, pid_t tid, int *gone);

#endif
