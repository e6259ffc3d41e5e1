/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model detect */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "detect/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct event *event, const struct replay_opinion *opinion, void *self)
{
    char text[200];
    (void)self;
    replay_describe(event, opinion, text, sizeof(text));
}

/* Hostile traces: the reader must refuse or accept, and the detectors must digest what it accepts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct replay_sink sink = {.event = describe};
    struct buf out;
    replay_trace(data, size, NULL, &sink);
    buf_init(&out, 0);
    replay_summary(data, size, NULL, &out);
    buf_free(&out);
    return 0;
}
