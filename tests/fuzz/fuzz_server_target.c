/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base blob server */
#include <stdlib.h>
#include <string.h>

#include "server/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A path that is understood leads nowhere but to a repository below the served folder. */
static void check(const struct target *t)
{
    if (*t->repository == '/' || *t->repository == '.' || strstr(t->repository, "..//") ||
        strstr(t->repository, "/.") || strstr(t->repository, "//"))
        abort();
    if (*t->name &&
        (strlen(t->name) != BLOB_NAME_LENGTH || strspn(t->name, "0123456789abcdef") != BLOB_NAME_LENGTH))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target target;
    uint64_t from = 0, length = 0;
    char *text = malloc(size + 1);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (target_parse(text, &target) == 0)
        check(&target);
    if (target_range(text, 1000, &from, &length) == RANGE_PART &&
        (length == 0 || from >= 1000 || length > 1000 - from))
        abort();
    target_is_part(text);
    free(text);
    return 0;
}
