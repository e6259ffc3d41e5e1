/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* Access lists of a snapshot: what is accepted has known tags and permissions alone, and as many as there are
 * bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vault/acl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acl_item *items;
    size_t count;
    if (acl_decode(data, size, &items, &count) != 0)
        return 0;
    if (size != 4 + 8 * count)
        abort();
    for (size_t i = 0; i < count; i++)
        if (items[i].permissions > 7 || !items[i].tag || items[i].tag > ACL_OTHERS ||
            (items[i].tag & (items[i].tag - 1)))
            abort();
    free(items);
    return 0;
}
