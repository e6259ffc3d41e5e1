/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/acl.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

#define VERSION    2
#define ENTRY_SIZE 8

static void read_item(struct reader *r, struct acl_item *out)
{
    unsigned tag = reader_u16(r), permissions = reader_u16(r);
    uint32_t id = reader_u32(r);
    if (tag == 0 || tag > ACL_OTHERS || (tag & (tag - 1)) != 0 || permissions > 7)
        r->failed = true;
    *out = (struct acl_item){(enum acl_tag)tag, permissions, id};
}

int acl_decode(const void *bytes, size_t length, struct acl_item **items, size_t *count)
{
    struct reader r;
    reader_init(&r, bytes, length);
    uint32_t version = reader_u32(&r);
    size_t found = reader_left(&r) / ENTRY_SIZE;
    if (version != VERSION || found > ACL_MAX_ENTRIES)
        return err_set(ERR_CORRUPT, _("the access list is malformed"));
    struct acl_item *list = mem_zalloc(found + 1, sizeof *list);
    for (size_t i = 0; i < found; i++)
        read_item(&r, &list[i]);
    if (!reader_done(&r)) {
        free(list);
        return err_set(ERR_CORRUPT, _("the access list is malformed"));
    }
    *items = list;
    *count = found;
    return 0;
}
