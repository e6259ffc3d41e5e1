/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct search {
    const char *prefix;
    char *found;
    unsigned *count;
};

static int search_one(void *context, const char *name, uint64_t size)
{
    struct search *search = context;
    (void)size;
    if (strncmp(name, search->prefix, strlen(search->prefix)) == 0) {
        memcpy(search->found, name, VAULT_ID_TEXT - 1);
        search->found[VAULT_ID_TEXT - 1] = '\0';
        ++*search->count;
    }
    return 0;
}

int names_find(const struct vault *vault, enum blob_kind kind, const char *prefix, unsigned *count,
               char found[static VAULT_ID_TEXT])
{
    struct search search = {prefix, found, count};
    *count = 0;
    return *prefix ? blob_list(vault_reader(vault), kind, search_one, &search) : 0;
}

struct collect {
    char (*names)[VAULT_ID_TEXT];
    size_t count;
};

static int collect_one(void *context, const char *name, uint64_t size)
{
    struct collect *c = context;
    (void)size;
    if ((c->count & (c->count - 1)) == 0)
        c->names = mem_resize(c->names, c->count ? 2 * c->count : 1, sizeof *c->names);
    memcpy(c->names[c->count], name, VAULT_ID_TEXT - 1);
    c->names[c->count++][VAULT_ID_TEXT - 1] = '\0';
    return 0;
}

int names_list(const struct vault *vault, enum blob_kind kind, char (**names)[VAULT_ID_TEXT], size_t *count)
{
    struct collect c = {0};
    int err = blob_list(vault_reader(vault), kind, collect_one, &c);
    if (err) {
        free(c.names);
        return err;
    }
    *names = c.names;
    *count = c.count;
    return 0;
}
