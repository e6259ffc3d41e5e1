/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The two PCs of the drill, as clients written on libsmbclient: the infected one, which encrypts what its
 * user may write, and the honest colleague's. Each runs behind walls (confine.h) where nothing at all can be
 * written: all they can change is what the server lets them.
 */
#ifndef DRILL_SMB_CLIENT_H
#define DRILL_SMB_CLIENT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"
#include "drill/attack.h"
#include "drill/stage.h"

/* Connects this process to the stage's share as `user`. Once per process. */
int smb_client_connect(const char *user);
/* The URL of a path of the share, percent-encoded; valid until the next call with the same `room`. */
const char *smb_client_url(const char *path, struct buf *room);
/* Reads a whole file of at most 4 KiB. 0 or a negative errno. */
int smb_client_read_small(const char *path, struct buf *out);

/* Starts the infected PC: checks the marker over SMB, lists the share, then encrypts file after file in place
 * and renames it, and stops at the first refusal that means it was cut off. As attack_start. */
int smb_attack_start(const struct stage *stage, const struct attack_options *options, struct ledger *ledger);

/* What the colleague did; shared memory. */
struct colleague {
    _Atomic int stop;      /* set by the drill */
    _Atomic uint32_t done; /* operations that worked */
    _Atomic uint32_t failed;
    _Atomic int gone; /* could not even start */
    char first_failure[256];
};
/* Starts her: she writes, reads back, renames and deletes documents of her own until told to stop. */
int smb_colleague_start(const struct stage *stage, struct colleague *shared);

#endif
