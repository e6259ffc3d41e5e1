/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "recover/work.h"

#define BUCKETS 1024

struct folder {
    struct folder *next;
    uint32_t tree;
    struct timespec times[2];
    char path[];
};

struct foldertimes {
    struct folder *buckets[BUCKETS];
};

struct foldertimes *foldertimes_new(void)
{
    return mem_zalloc(1, sizeof(struct foldertimes));
}

void foldertimes_free(struct foldertimes *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct folder *at = f->buckets[i], *next; at; at = next) {
            next = at->next;
            free(at);
        }
    free(f);
}

/* The folder's entry, or a new one (*fresh). */
static struct folder *take(struct foldertimes *f, uint32_t tree, const char *path, size_t length, bool *fresh)
{
    uint32_t hash = 2166136261u ^ tree;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)path[i]) * 16777619u;
    struct folder *at = f->buckets[hash % BUCKETS];
    while (at && !(at->tree == tree && strncmp(at->path, path, length) == 0 && !at->path[length]))
        at = at->next;
    *fresh = !at;
    if (at)
        return at;
    at = mem_zalloc(1, sizeof *at + length + 1);
    at->tree = tree;
    memcpy(at->path, path, length);
    at->next = f->buckets[hash % BUCKETS];
    f->buckets[hash % BUCKETS] = at;
    return at;
}

void foldertimes_note(struct foldertimes *f, uint32_t tree, const char *path, size_t length, int folder)
{
    bool fresh;
    struct folder *at = take(f, tree, path, length, &fresh);
    struct stat st;
    if (!fresh)
        return;
    if (fstat(folder, &st) == 0) {
        at->times[0] = st.st_atim;
        at->times[1] = st.st_mtim;
    } else {
        at->times[0].tv_nsec = at->times[1].tv_nsec = UTIME_OMIT;
    }
}

void foldertimes_split(int64_t ns, struct timespec *out)
{
    *out = (struct timespec){.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
    if (out->tv_nsec < 0) {
        out->tv_nsec += NS_PER_SECOND;
        out->tv_sec--;
    }
}

void foldertimes_set(struct foldertimes *f, uint32_t tree, const char *path, int64_t atime_ns,
                     int64_t mtime_ns)
{
    bool fresh;
    struct folder *at = take(f, tree, path, strlen(path), &fresh);
    foldertimes_split(atime_ns, &at->times[0]);
    foldertimes_split(mtime_ns, &at->times[1]);
}

void foldertimes_apply(struct foldertimes *f, struct work *w)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct folder *at = f->buckets[i]; at; at = at->next) {
            int root = work_tree(w, at->tree);
            if (root < 0)
                continue;
            int fd FD_AUTO = path_open_beneath(root, at->path[0] ? at->path : ".", O_RDONLY | O_DIRECTORY, 0);
            if (fd >= 0)
                (void)futimens(fd, at->times); /* best effort: the folder may be gone or another's by now */
        }
}
