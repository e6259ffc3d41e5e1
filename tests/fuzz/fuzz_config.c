/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob guard */
/* Configurations: whatever is taken is complete, its paths are absolute and plain, and no tree holds another.
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "guard/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void check_path(const char *path)
{
    must(path && path[0] == '/' && (!path[1] || path_is_plain(path + 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of exactly this size, so that a read past the end is seen. */
    char *text = malloc(size ? size : 1);
    memcpy(text, data, size);
    struct config *config = NULL;
    if (config_parse(text, size, "fuzz.yaml", &config) == 0) {
        must(config->name && config->name[0]);
        check_path(config->state);
        check_path(config->socket);
        check_path(config->repository);
        check_path(config->password_file);
        must(config->tree_count >= 1 && config->tree_count <= CONFIG_MAX_TREES);
        for (size_t i = 0; i < config->tree_count; i++) {
            check_path(config->trees[i].path);
            for (size_t j = 0; j < i; j++)
                must(!path_is_within(config->trees[j].path, config->trees[i].path));
        }
        config_free(config);
    }
    free(text);
    return 0;
}
