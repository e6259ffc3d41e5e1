/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base blob */
/* Packets of an SFTP server: what is accepted stays inside the packet, and every name that was counted is
 * there. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "blob/sftp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t touched; /* keeps the reads below */

static void must_lie_in(struct sftp_bytes bytes, const uint8_t *data, size_t size)
{
    if (bytes.length == 0)
        return;
    if (bytes.at < data || bytes.length > size || bytes.at + bytes.length > data + size)
        abort();
    touched ^= bytes.at[0] ^ bytes.at[bytes.length - 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sftp_features features;
    struct sftp_answer answer;
    uint64_t room;
    (void)sftp_decode_version(data, size, &features);
    (void)sftp_decode_free_space((struct sftp_bytes){data, size}, &room);
    if (sftp_decode(data, size, &answer) != 0)
        return 0;
    must_lie_in(answer.bytes, data, size);
    if (answer.type == SFTP_HANDLE && (answer.bytes.length == 0 || answer.bytes.length > SFTP_HANDLE_MAX))
        abort();
    if (answer.type != SFTP_NAME)
        return 0;
    uint32_t names = answer.names, seen = 0;
    struct sftp_bytes name;
    struct sftp_attrs attrs;
    while (sftp_next_name(&answer, &name, &attrs)) {
        must_lie_in(name, data, size);
        seen++;
    }
    if (seen != names)
        abort();
    return 0;
}
