/* SPDX-License-Identifier: GPL-3.0-or-later
 * Deletes every file, or cuts it to nothing by its path: neither opens the file, so no gate is asked. Undo
 * makes the files again from the town's seed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "drill/attack.h"

int attack_spoil_delete(struct attack *a, struct ledger_row *row)
{
    const char *name;
    int parent FD_AUTO = path_open_parent(a->share, row->path, &name);
    if (parent < 0)
        return -EIO;
    if (unlinkat(parent, name, 0) < 0)
        return -errno;
    row->spoiled_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_SPOILED);
    return 0;
}

int attack_spoil_truncate(struct attack *a, struct ledger_row *row)
{
    char path[64];
    /* The path goes through an O_PATH descriptor: still truncate(), which opens nothing, but of this very
     * file whatever its name leads to by now. */
    int fd FD_AUTO = attack_open(a, row->path, O_PATH);
    if (fd < 0)
        return fd;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (truncate(path, 0) < 0)
        return -errno;
    row->spoiled_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_SPOILED);
    return 0;
}
