/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gives an attacked share back: what was encrypted is decrypted with the yard's key, what was deleted or cut
 * is made again from the town's seed, notes are removed. Every file is written only when its hash is the
 * manifest's; what is right already is left alone. Once all is well the ledger is removed. A share that was
 * never attacked has none: ERR_NOT_FOUND.
 */
#ifndef DRILL_UNDO_H
#define DRILL_UNDO_H

#include <stddef.h>

#include "drill/yard.h"

struct undo_counts {
    size_t decrypted, rebuilt, right, failed;
};
int undo_share(struct yard *yard, struct undo_counts *counts);

#endif
