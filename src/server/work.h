/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Work that takes long (hashing a password, waiting for the disk) is done by threads of its own, so that the
 * threads that serve connections never wait.
 */
#ifndef SERVER_WORK_H
#define SERVER_WORK_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of work: part of what it is about, and that one's until `run` is called. */
struct work {
    void (*run)(struct work *work);
    struct work *next;
};

struct work_pool;

/* `threads` threads; at most `limit` pieces wait. */
int work_pool_new(unsigned threads, size_t limit, struct work_pool **out);
/* False when too many wait, or the pool is stopping: then nothing will happen. */
bool work_pool_add(struct work_pool *pool, struct work *work);
/* Takes no more, does all that waits, ends. NULL is fine. */
void work_pool_stop(struct work_pool *pool);

#endif
