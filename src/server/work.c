/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/work.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

struct work_pool {
    pthread_mutex_t lock; /* guards what follows but `threads` */
    pthread_cond_t more;
    struct work *first, **last;
    size_t count, limit;
    bool stopping;
    pthread_t *threads;
    unsigned thread_count;
};

static void *serve(void *argument)
{
    struct work_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->first && !pool->stopping)
            pthread_cond_wait(&pool->more, &pool->lock);
        struct work *work = pool->first;
        if (!work)
            break;
        pool->first = work->next;
        if (!pool->first)
            pool->last = &pool->first;
        pool->count--;
        pthread_mutex_unlock(&pool->lock);
        work->run(work);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

int work_pool_new(unsigned threads, size_t limit, struct work_pool **out)
{
    struct work_pool *pool = mem_zalloc(1, sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    pool->last = &pool->first;
    pool->limit = limit;
    pool->threads = mem_zalloc(threads, sizeof *pool->threads);
    int code = 0;
    while (!code && pool->thread_count < threads) {
        code = pthread_create(&pool->threads[pool->thread_count], NULL, serve, pool);
        pool->thread_count += !code;
    }
    if (!code) {
        *out = pool;
        return 0;
    }
    work_pool_stop(pool);
    errno = code;
    return err_sys("%s", _("cannot start a thread"));
}

bool work_pool_add(struct work_pool *pool, struct work *work)
{
    work->next = NULL;
    pthread_mutex_lock(&pool->lock);
    bool taken = !pool->stopping && pool->count < pool->limit;
    if (taken) {
        *pool->last = work;
        pool->last = &work->next;
        pool->count++;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

void work_pool_stop(struct work_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}
