/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The socket that is listened at.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stddef.h>

#define LISTEN_HOST_SIZE 256
#define LISTEN_PORT_SIZE 32

/* "HOST:PORT", "[IPV6]:PORT" or ":PORT" (all addresses: host is ""). ERR_INVALID. */
int listen_parse(const char *text, char host[static LISTEN_HOST_SIZE], char port[static LISTEN_PORT_SIZE]);
/* Opens it; the descriptor or a negative error. `where` gets "HOST:PORT" as it is now: port 0 is any. */
int listen_open(const char *text, char *where, size_t size);

#endif
