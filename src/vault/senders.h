/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Threads that send full packs to a store behind a network, several at once, while the next ones are filled.
 */
#ifndef VAULT_SENDERS_H
#define VAULT_SENDERS_H

#include "vault/pack.h"

struct senders;

/* Sends a pack; on one of the threads. The pack stays the senders'. */
typedef void senders_send(void *context, struct pack *pack);

/* Up to `count` threads; NULL when not even one can be started. They take no signals. */
struct senders *senders_new(unsigned count, senders_send *send, void *context);
/* Hands over a pack, which is moved out of *pack. Waits while all threads are busy, so that no more packs are
 * in memory than are on their way. */
void senders_put(struct senders *senders, struct pack *pack);
/* Waits until all that were handed over are sent. */
void senders_wait(struct senders *senders);
void senders_free(struct senders *senders); /* sends what was handed over first; NULL is fine */

#endif
