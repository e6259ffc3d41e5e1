/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto model blob vault sensor recover */
#include <stdlib.h>

#include "base/mem.h"
#include "recover/planfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A plan and a file of finished steps, whichever the bytes are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf bytes;
    struct planfile plan;
    buf_init(&bytes, 0);
    buf_put(&bytes, data, size);
    if (planfile_parse(&bytes, &plan) == 0) {
        struct step *step = mem_zalloc(1, sizeof *step);
        for (size_t i = 0; i < plan.count; i++)
            planfile_step(&plan, i, step);
        free(step);
        planfile_free(&plan);
    }
    buf_free(&bytes);
    struct donefile done = {.fd = -1, .count = 100, .steps = mem_zalloc(100, sizeof *done.steps)};
    donefile_parse(data, size, &done);
    donefile_close(&done);
    return 0;
}
