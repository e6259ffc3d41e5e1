/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/path.h"

int ledger_map(int dirfd, const char *name, int create, struct ledger **out)
{
    int flags = create ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR;
    int fd FD_AUTO = path_open_beneath(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC, create ? 0600 : 0);
    if (fd < 0)
        return fd;
    struct stat st;
    if (create && ftruncate(fd, sizeof **out) < 0)
        return err_sys(_("cannot make %s"), name);
    if (fstat(fd, &st) < 0 || st.st_size != (off_t)sizeof **out)
        return err_set(ERR_CORRUPT, _("%s is not a ledger of the drill"), name);
    void *at = mmap(NULL, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return err_sys(_("cannot map %s"), name);
    *out = at;
    return 0;
}

void ledger_unmap(struct ledger *ledger)
{
    if (ledger)
        munmap(ledger, sizeof *ledger);
}

int64_t ledger_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

struct ledger_row *ledger_begin(struct ledger *ledger, const char *path, int worker)
{
    if (strlen(path) >= LEDGER_NAMES)
        return NULL;
    uint32_t at = atomic_fetch_add(&ledger->count, 1);
    if (at >= LEDGER_ROWS) {
        atomic_store(&ledger->count, LEDGER_ROWS);
        return NULL;
    }
    struct ledger_row *row = &ledger->rows[at];
    strcpy(row->path, path);
    row->worker = worker;
    row->opened_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_OPENED);
    return row;
}
