/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base server */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "server/htpasswd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file of users, or what a client sends as its name and password. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct htpasswd table;
    struct htpasswd_login who;
    htpasswd_parse((const char *)data, size, &table);
    for (size_t i = 0; i < table.count; i++)
        if (strlen(table.users[i].hash) != HTPASSWD_HASH_LENGTH ||
            !htpasswd_find(&table, table.users[i].name))
            abort();
    htpasswd_free(&table);
    char *header = mem_printf("Basic %.*s", (int)(size < 10000 ? size : 10000), (const char *)data);
    if (htpasswd_parse_basic(header, &who) && (!*who.name || strchr(who.name, ':')))
        abort();
    free(header);
    return 0;
}
