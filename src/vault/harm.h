/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What became of the files of one snapshot in the next, judged from their folders and from the sizes in the
 * index: no data is read. A file counts as harmed when it was
 *
 *     scrambled    changed, and compresses clearly worse than before: by HARM_WORSE of its size, or not at
 *                  all any more
 *     grown alike  changed, did not compress before and does not now, and gained (or lost, or kept) the same
 *                  number of bytes as at least half of all such files, HARM_ALIKE or more
 *     renamed      replaced by other contents under an ending that no file had before, and not made smaller
 *     emptied      changed to zeros or to nothing
 *     removed      gone, when at least half of all files went at once, HARM_MASS or more
 *
 * Contents that an earlier snapshot had already are no harm. Files smaller than HARM_SMALL tell nothing by
 * how they compress, and in a repository without compression none does: then names and removals are judged
 * alone.
 */
#ifndef VAULT_HARM_H
#define VAULT_HARM_H

#include "vault/endings.h"
#include "vault/snapshot.h"

#define HARM_WORSE   0.2
#define HARM_ALIKE   10
#define HARM_MASS    20
#define HARM_SMALL   256
#define HARM_TELLING 4096

enum harm_kind { HARM_SCRAMBLED, HARM_GROWN_ALIKE, HARM_RENAMED, HARM_EMPTIED, HARM_REMOVED, HARM_KINDS };

struct harm {
    uint64_t files;                 /* in the later snapshot */
    uint64_t added, changed, gone;  /* files; what was moved is in both added and gone */
    uint64_t new_plain, new_stored; /* bytes of data that no earlier snapshot needed: plain, and as stored */
    uint64_t harmed[HARM_KINDS];
    int64_t growth;           /* of those grown alike, in bytes */
    char ending[ENDING_SIZE]; /* the commonest new one of those renamed */
    char *first;              /* path of one harmed file, owned; NULL for none */
};

uint64_t harm_total(const struct harm *harm);
/* How far the new data compressed, at most 1; 0 when there is too little of it to tell (HARM_TELLING bytes).
 */
double harm_ratio(const struct harm *harm);
void harm_free(struct harm *harm); /* frees what it owns */

/* What was seen in the snapshots so far. */
struct harm_history {
    struct vault *vault;
    struct loader *loader;
    bool *seen; /* per entry of the index */
    struct endings endings;
    uint64_t files;
    bool compressed; /* some data blob is stored compressed: without, only names and removals can be judged */
};
/* The index must be in memory. harm_history_end frees it. */
void harm_history_begin(struct vault *vault, struct harm_history *history);
void harm_history_end(struct harm_history *history);

/* Compares `later` with `earlier` (NULL: an empty one) and adds it to the history. ERR_CORRUPT or
 * ERR_NOT_FOUND when a folder cannot be read; *out is then empty. */
int harm_measure(struct harm_history *history, const struct snapshot *earlier, const struct snapshot *later,
                 struct harm *out);
/* How many files of `earlier` are changed or gone in `later`. */
int harm_count_differing(struct harm_history *history, const struct snapshot *earlier,
                         const struct snapshot *later, uint64_t *count);

#endif
