/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is frozen or shut out at the moment, kept in the file `containment` of the state folder so that it can
 * be undone after a restart. Inside of respond/ only.
 *
 *   "BEFCONT1" | string boot id | u32 count | entries | u32 sum of all bytes before it (FNV-1a)
 *   entry: u8 kind | u32 incident | u32 root pid | u64 root start | string client | u64 network namespace |
 *          u32 count | processes                                                    (all little-endian)
 *   process: u32 pid | u64 start | u8 was stopped before | string cgroup
 *
 * Frozen processes of an earlier boot are gone with it; addresses shut out stay so.
 */
#ifndef RESPOND_CONTAINMENT_H
#define RESPOND_CONTAINMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/order.h"
#include "respond/cgroup.h"

#define CONTAINMENT_ENTRIES   4096
#define CONTAINMENT_PROCESSES 65536

struct contained_process {
    int32_t pid;
    uint64_t start;
    bool was_stopped;
    char *cgroup; /* owned */
};

struct contained {
    enum order_kind kind; /* ORDER_FREEZE or ORDER_LOCKOUT */
    uint32_t incident;
    int32_t root_pid;
    uint64_t root_start;
    char client[ACTOR_CLIENT_SIZE];
    uint64_t namespace; /* inode of the network namespace in which the address is dropped */
    struct contained_process *processes;
    size_t process_count;
};

struct containment {
    int state_fd;
    struct contained *entries;
    size_t count;
};

/* Reads the file; none is an empty list. A damaged one is kept as `containment.damaged`, and ERR_CORRUPT
 * returned with an empty list that works. */
int containment_open(int state_fd, struct containment *out);
void containment_close(struct containment *c);
/* Takes a file's bytes apart; `boot` is the id of this boot. For containment_open and the fuzzer. */
int containment_parse(const void *bytes, size_t length, const char *boot, struct containment *out);
/* The entry of this target, or NULL. */
struct contained *containment_find(struct containment *c, enum order_kind kind, const struct actor *culprit);
/* The same, made when it is missing. Pointers to other entries are no longer valid. */
struct contained *containment_take(struct containment *c, const struct order *order);
void containment_add_process(struct contained *e, int32_t pid, uint64_t start, bool was_stopped,
                             const char *cgroup);
void containment_drop(struct containment *c, struct contained *entry);
/* Writes the file. `lasting`: synced, to survive a power cut; else it survives only the end of this process.
 */
int containment_save(struct containment *c, bool lasting);

#endif
