/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MOST_THREADS 8
#define MOST_WISHES  32

struct ahead {
    pthread_mutex_t mutex; /* the wishes and `ending` */
    pthread_cond_t wanted;
    uint8_t wishes[MOST_WISHES][SHA256_SIZE]; /* a ring */
    unsigned first, count;
    bool ending;
    ahead_fetch *fetch;
    void *context;
    pthread_t threads[MOST_THREADS];
    unsigned thread_count;
};

static bool next_wish(struct ahead *ahead, uint8_t id[static SHA256_SIZE])
{
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->count == 0 && !ahead->ending)
        pthread_cond_wait(&ahead->wanted, &ahead->mutex);
    bool any = !ahead->ending;
    if (any) {
        memcpy(id, ahead->wishes[ahead->first], SHA256_SIZE);
        ahead->first = (ahead->first + 1) % MOST_WISHES;
        ahead->count--;
    }
    pthread_mutex_unlock(&ahead->mutex);
    return any;
}

static void *work(void *context)
{
    struct ahead *ahead = context;
    uint8_t id[SHA256_SIZE];
    while (next_wish(ahead, id))
        ahead->fetch(ahead->context, id);
    return NULL;
}

struct ahead *ahead_new(unsigned threads, ahead_fetch *fetch, void *context)
{
    struct ahead *ahead = mem_zalloc(1, sizeof *ahead);
    sigset_t all, before;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->wanted, NULL);
    ahead->fetch = fetch;
    ahead->context = context;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (ahead->thread_count < threads && ahead->thread_count < MOST_THREADS &&
           pthread_create(&ahead->threads[ahead->thread_count], NULL, work, ahead) == 0)
        ahead->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ahead;
}

void ahead_free(struct ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->ending = true;
    pthread_cond_broadcast(&ahead->wanted);
    pthread_mutex_unlock(&ahead->mutex);
    while (ahead->thread_count > 0)
        pthread_join(ahead->threads[--ahead->thread_count], NULL);
    pthread_cond_destroy(&ahead->wanted);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead);
}

void ahead_want(struct ahead *ahead, const uint8_t id[static SHA256_SIZE])
{
    pthread_mutex_lock(&ahead->mutex);
    bool known = ahead->count == MOST_WISHES || ahead->thread_count == 0;
    for (unsigned i = 0; i < ahead->count && !known; i++)
        known = memcmp(ahead->wishes[(ahead->first + i) % MOST_WISHES], id, SHA256_SIZE) == 0;
    if (!known) {
        memcpy(ahead->wishes[(ahead->first + ahead->count) % MOST_WISHES], id, SHA256_SIZE);
        ahead->count++;
        pthread_cond_signal(&ahead->wanted);
    }
    pthread_mutex_unlock(&ahead->mutex);
}
