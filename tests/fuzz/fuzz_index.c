/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* Index files: every entry that was accepted is found, and belongs to a pack. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vault/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct index *index = index_new();
    index_decode(index, data, size);
    for (size_t i = 0; i < index->count; i++) {
        const struct index_entry *entry = &index->entries[i];
        if (entry->pack >= index->pack_count || !index_find(index, (enum pack_type)entry->type, entry->id))
            abort();
    }
    index_free(index);
    return 0;
}
