/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/room.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool room_is_own(const struct sensor *s, int32_t id)
{
    for (size_t i = 0; i < ROOM_OWN_MAX; i++) {
        int own = atomic_load_explicit(&s->own[i], memory_order_relaxed);
        if (own == id)
            return true;
    }
    return false;
}

void room_enter_thread(struct sensor *s, const char *name)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    pthread_setname_np(pthread_self(), name);
    sensor_own_pid(s, (int32_t)gettid(), true);
}

bool room_locate(const struct sensor *s, int fd, dev_t device, uint32_t *tree, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = '\0';
    *tree = 0;
    for (uint32_t i = 0; i < s->tree_count; i++) {
        const struct room_tree *t = &s->trees[i];
        if (t->device == device)
            *tree = i;
        if (strncmp(path, t->path, t->path_length) == 0 && path[t->path_length] == '/') {
            memmove(path, path + t->path_length + 1, strlen(path + t->path_length + 1) + 1);
            *tree = i;
            return true;
        }
    }
    return false;
}
