/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model respond */
#include "respond/samba.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct samba_sessions s;
    if (samba_parse((const char *)data, size, &s) == 0)
        samba_sessions_free(&s);
    return 0;
}
