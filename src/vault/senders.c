/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/senders.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

struct senders {
    senders_send *send;
    void *context;
    pthread_t *threads;
    unsigned count;
    pthread_mutex_t mutex; /* below */
    pthread_cond_t work, space;
    struct pack waiting; /* handed over, and not yet taken by a thread */
    bool has_waiting, ending;
    unsigned busy;
};

/* Called with the mutex held. */
static void send_waiting(struct senders *senders)
{
    struct pack pack = senders->waiting;
    senders->has_waiting = false;
    senders->busy++;
    pthread_cond_broadcast(&senders->space);
    pthread_mutex_unlock(&senders->mutex);
    senders->send(senders->context, &pack);
    pack_free(&pack);
    pthread_mutex_lock(&senders->mutex);
    senders->busy--;
    pthread_cond_broadcast(&senders->space);
}

static void *work(void *context)
{
    struct senders *senders = context;
    pthread_mutex_lock(&senders->mutex);
    while (senders->has_waiting || !senders->ending) {
        if (senders->has_waiting)
            send_waiting(senders);
        else
            pthread_cond_wait(&senders->work, &senders->mutex);
    }
    pthread_mutex_unlock(&senders->mutex);
    return NULL;
}

struct senders *senders_new(unsigned count, senders_send *send, void *context)
{
    struct senders *senders = mem_zalloc(1, sizeof *senders);
    *senders = (struct senders){.send = send, .context = context};
    senders->threads = mem_zalloc(count, sizeof *senders->threads);
    pthread_mutex_init(&senders->mutex, NULL);
    pthread_cond_init(&senders->work, NULL);
    pthread_cond_init(&senders->space, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (senders->count < count &&
           pthread_create(&senders->threads[senders->count], NULL, work, senders) == 0)
        senders->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (senders->count > 0)
        return senders;
    senders_free(senders);
    return NULL;
}

void senders_put(struct senders *senders, struct pack *pack)
{
    pthread_mutex_lock(&senders->mutex);
    while (senders->has_waiting || senders->busy == senders->count)
        pthread_cond_wait(&senders->space, &senders->mutex);
    senders->waiting = *pack;
    senders->has_waiting = true;
    pthread_cond_signal(&senders->work);
    pthread_mutex_unlock(&senders->mutex);
    pack_init(pack);
}

void senders_wait(struct senders *senders)
{
    pthread_mutex_lock(&senders->mutex);
    while (senders->has_waiting || senders->busy > 0)
        pthread_cond_wait(&senders->space, &senders->mutex);
    pthread_mutex_unlock(&senders->mutex);
}

void senders_free(struct senders *senders)
{
    if (!senders)
        return;
    pthread_mutex_lock(&senders->mutex);
    senders->ending = true;
    pthread_cond_broadcast(&senders->work);
    pthread_mutex_unlock(&senders->mutex);
    for (unsigned i = 0; i < senders->count; i++)
        pthread_join(senders->threads[i], NULL);
    free(senders->threads);
    pthread_cond_destroy(&senders->work);
    pthread_cond_destroy(&senders->space);
    pthread_mutex_destroy(&senders->mutex);
    free(senders);
}
