/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which processes hold a TCP connection with an address. Inside of respond/ only.
 */
#ifndef RESPOND_SOCKETS_H
#define RESPOND_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

/* The inodes of the sockets connected with `address` (from wall_address), from a text like /proc/net/tcp or
 * tcp6. Returns how many were written, at most `most`. */
size_t sockets_parse(const char *text, const char *address, uint64_t *inodes, size_t most);
/* The same for the network namespace of process `pid`. */
size_t sockets_of(int32_t pid, const char *address, uint64_t *inodes, size_t most);
/* Whether the process holds one of these sockets. */
int sockets_held(int32_t pid, const uint64_t *inodes, size_t count);

#endif
