/* SPDX-License-Identifier: GPL-3.0-or-later
 * Deletes every file, or cuts it to nothing by its path: neither opens the file, so no gate is asked. Undo
 * makes the files again from the town's seed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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
    const char *name;
    struct stat st;
    int parent FD_AUTO = path_open_parent(a->share, row->path, &name);
    if (parent < 0 || fchdir(parent) < 0)
        return -EIO;
    /* truncate() follows links, so look first; all that a link could lead to is mounted read-only besides. */
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EPERM;
    if (truncate(name, 0) < 0)
        return -errno;
    row->spoiled_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_SPOILED);
    return 0;
}
