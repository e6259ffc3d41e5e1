/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* Key files and what they hold sealed; the derivation itself is left out, it is slow on purpose. */
#include <stddef.h>
#include <stdint.h>

#include "vault/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key_file file;
    struct seal_key master;
    key_file_parse(data, size, &file);
    key_file_free(&file);
    key_master_parse(data, size, &master);
    return 0;
}
