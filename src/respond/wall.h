/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The firewall's part: a table of our own (inet beffroi) with a set of addresses per family whose packets are
 * dropped before anything else looks at them, those of established connections too. Through libnftables, in
 * this process. Inside of respond/ only.
 */
#ifndef RESPOND_WALL_H
#define RESPOND_WALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALL_ADDRESS_SIZE 46

/* A client's address as inet_ntop writes it: without a scope (%eth0), IPv4-mapped IPv6 as IPv4. ERR_INVALID
 * for anything else: nothing but what this wrote gets anywhere near the firewall or a command. */
int wall_address(const char *client, char out[static WALL_ADDRESS_SIZE]);
/* 127.0.0.0/8 and ::1. */
bool wall_is_loopback(const char *address);

/* Drops, or no longer drops, what comes from this address (from wall_address), in the network namespace of
 * the process `pid` (0: our own). ERR_INVALID when it is an address of that machine itself. Dropping twice is
 * fine. */
int wall_drop(int32_t pid, const char *address);
int wall_undrop(int32_t pid, const char *address);
/* The inode of a process's network namespace, or of ours (0); 0 when it cannot be read. */
uint64_t wall_namespace(int32_t pid);

#endif
