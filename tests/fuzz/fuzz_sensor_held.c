/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model sensor */
/* The held list: it is whole or it is refused, and then no record of a damaged size was given. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sensor/held.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(const struct held_record *record, void *self)
{
    (void)record;
    ++*(uint64_t *)self;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t snapshot = 0, records = 0;
    char path[] = "/tmp/beffroi-fuzz-list-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
    if (held_read(AT_FDCWD, path, 0, &snapshot, count, &records) == 0 && size != 28 + records * 40)
        abort();
    unlink(path);
    return 0;
}
