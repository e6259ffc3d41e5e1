/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model respond */
#include "respond/containment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct containment c = {.state_fd = -1};
    containment_parse(data, size, "boot", &c);
    containment_close(&c);
    return 0;
}
