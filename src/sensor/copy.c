/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/copy.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define CHUNK ((size_t)4 << 20) /* bytes between two looks at *gave_up */
#define BLOCK ((size_t)256 << 10)

static bool is_canceled(const bool *gave_up)
{
    return gave_up && __atomic_load_n(gave_up, __ATOMIC_RELAXED);
}

static int cut_short(void)
{
    return err_set(ERR_CHANGED, _("the file shrank while it was copied aside"));
}

/* Reading and writing, from `offset` on. */
static int copy_plainly(int from, int to, uint64_t offset, uint64_t size, const bool *gave_up)
{
    uint8_t *block MEM_AUTO = mem_zalloc(BLOCK, 1);
    if (lseek(to, (off_t)offset, SEEK_SET) < 0)
        return err_sys(_("cannot write the copy"));
    while (offset < size) {
        if (is_canceled(gave_up))
            return err_set(ERR_CANCELED, _("the copy was given up"));
        size_t wanted = size - offset < BLOCK ? (size_t)(size - offset) : BLOCK;
        ssize_t got = fd_pread_full(from, block, wanted, offset, "the file");
        if (got < 0)
            return (int)got;
        if (got == 0)
            return cut_short();
        int rc = fd_write_all(to, block, (size_t)got, "the copy");
        if (rc != 0)
            return rc;
        offset += (uint64_t)got;
    }
    return 0;
}

int copy_bytes(int from, int to, uint64_t size, const bool *gave_up)
{
    if (size == 0)
        return 0;
    if (size >= BLOCK && ioctl(to, FICLONE, from) == 0)
        return ftruncate(to, (off_t)size) == 0 ? 0 : err_sys(_("cannot write the copy"));
    loff_t in = 0, out = 0;
    while ((uint64_t)in < size) {
        if (is_canceled(gave_up))
            return err_set(ERR_CANCELED, _("the copy was given up"));
        size_t wanted = size - (uint64_t)in < CHUNK ? (size_t)(size - (uint64_t)in) : CHUNK;
        ssize_t got = copy_file_range(from, &in, to, &out, wanted, 0);
        if (got == 0)
            return cut_short();
        if (got < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
            return err_sys(_("cannot write the copy"));
        if (got < 0 && errno != EINTR) /* other file system, or it cannot: do it by hand */
            return copy_plainly(from, to, (uint64_t)in, size, gave_up);
    }
    return 0;
}
