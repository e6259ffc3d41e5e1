/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model sensor */
/* What the kernel says of processes, by the first byte: syscall line, status, stat, or a table of
 * connections. */
#include <stdlib.h>
#include <string.h>

#include "sensor/opener.h"
#include "sensor/procs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t inodes[] = {4001, 5001};
    struct proc_status status;
    struct proc_stat stat;
    char client[ACTOR_CLIENT_SIZE];
    uint64_t address;
    if (size == 0)
        return 0;
    /* A copy of exactly this size, so that a read past the end is seen. */
    char *text = malloc(size - 1 ? size - 1 : 1);
    memcpy(text, data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        opener_decode(text, size - 1, &address);
        break;
    case 1:
        if (procs_parse_status(text, size - 1, &status) && !memchr(status.name, '\0', sizeof status.name))
            abort();
        procs_parse_stopped(text, size - 1);
        break;
    case 2:
        if (procs_parse_stat(text, size - 1, &stat) && !memchr(stat.name, '\0', sizeof stat.name))
            abort();
        break;
    default:
        if (procs_parse_peer(text, size - 1, inodes, 2, client) && !memchr(client, '\0', sizeof client))
            abort();
    }
    free(text);
    return 0;
}
