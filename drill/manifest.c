/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/filemeta.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/yard.h"

#define MAX_DEPTH   64
#define MAX_THREADS 4
#define READ_BYTES  (1u << 20)

struct walk {
    struct manifest *m;
    struct inode {
        uint64_t ino, nlink;
    } * inodes; /* of entry n */
    const char *skip;
    uint64_t device;
    int root;
    atomic_size_t next;
    atomic_int code;
    char text[512];
};

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++) {
        free(m->entries[i].path);
        free(m->entries[i].same_as);
        free(m->entries[i].target);
    }
    free(m->entries);
    free(m);
}

static void sha256(const void *bytes, size_t length, uint8_t out[32])
{
    EVP_Digest(bytes, length, out, NULL, EVP_sha256(), NULL);
}

static struct manifest_entry *add_entry(struct walk *w, char *path, const struct stat *st)
{
    struct manifest *m = w->m;
    if ((m->count & (m->count + 1)) == 0) {
        m->entries = mem_resize(m->entries, 2 * m->count + 2, sizeof *m->entries);
        w->inodes = mem_resize(w->inodes, 2 * m->count + 2, sizeof *w->inodes);
    }
    w->inodes[m->count] = (struct inode){st->st_ino, S_ISREG(st->st_mode) ? st->st_nlink : 1};
    struct manifest_entry *e = &m->entries[m->count++];
    *e = (struct manifest_entry){.path = path, .type = '?', .mode = st->st_mode & 07777, .uid = st->st_uid};
    e->gid = st->st_gid;
    e->mtime_ns = st->st_mtim.tv_sec * NS_PER_SECOND + st->st_mtim.tv_nsec;
    if (S_ISREG(st->st_mode))
        e->type = 'f', e->size = (uint64_t)st->st_size;
    if (S_ISDIR(st->st_mode))
        e->type = 'd';
    return e;
}

static int walk_folder(struct walk *w, int dirfd, const char *path, int depth);

static int walk_name(struct walk *w, int dirfd, const char *path, const char *name, int depth)
{
    struct stat st;
    char *full = path_join(path, name);
    if (strcmp(full, YARD_MARKER) == 0 || (w->skip && strcmp(full, w->skip) == 0)) {
        free(full);
        return 0;
    }
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        int code = errno == ENOENT ? 0 : err_sys(_("cannot look at %s"), full);
        free(full);
        return code;
    }
    struct manifest_entry *e = add_entry(w, full, &st);
    if (S_ISLNK(st.st_mode)) {
        char target[4096];
        ssize_t length = readlinkat(dirfd, name, target, sizeof target - 1);
        if (length < 0)
            return err_sys(_("cannot read the link %s"), full);
        target[length] = 0;
        e->type = 'l';
        e->target = mem_strdup(target);
        sha256(target, (size_t)length, e->sha256);
    }
    if (!S_ISDIR(st.st_mode) || st.st_dev != w->device)
        return 0;
    if (depth >= MAX_DEPTH)
        return err_set(ERR_TOO_LARGE, _("%s: folders are nested too deeply"), full);
    int fd FD_AUTO = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open %s"), full) : walk_folder(w, fd, full, depth + 1);
}

static int walk_folder(struct walk *w, int dirfd, const char *path, int depth)
{
    int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir)
        return err_sys(_("cannot list %s"), path);
    int code = 0;
    char *kept = mem_strdup(path); /* entries may move while they are added; names do not, but be plain */
    for (struct dirent *d; code == 0 && (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            code = walk_name(w, dirfd, kept, d->d_name, depth);
    free(kept);
    closedir(dir);
    return code;
}

static int hash_file(struct walk *w, struct manifest_entry *e, uint8_t *room)
{
    int fd FD_AUTO = path_open_beneath(w->root, e->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0)
        return fd;
    if (e->type == 'f') {
        EVP_MD_CTX *hash = EVP_MD_CTX_new();
        EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
        ssize_t got;
        while ((got = fd_read_full(fd, room, READ_BYTES, e->path)) > 0)
            EVP_DigestUpdate(hash, room, (size_t)got);
        EVP_DigestFinal_ex(hash, e->sha256, NULL);
        EVP_MD_CTX_free(hash);
        if (got < 0)
            return (int)got;
    }
    struct filemeta meta;
    int code = filemeta_read(fd, &meta);
    if (code == 0 && meta.xattr_count > 0) {
        struct buf b BUF_AUTO;
        buf_init(&b, 0);
        for (size_t i = 0; i < meta.xattr_count; i++) {
            buf_put_string(&b, meta.xattrs[i].name);
            buf_put_blob(&b, meta.xattrs[i].value, meta.xattrs[i].length);
        }
        sha256(b.data, b.length, e->xattrs);
    }
    if (code == 0)
        filemeta_free(&meta);
    return code;
}

static void *hash_entries(void *argument)
{
    struct walk *w = argument;
    uint8_t *room = mem_zalloc(1, READ_BYTES);
    for (size_t i; (i = atomic_fetch_add(&w->next, 1)) < w->m->count && !atomic_load(&w->code);) {
        struct manifest_entry *e = &w->m->entries[i];
        if (e->type != 'f' && e->type != 'd')
            continue;
        int code = hash_file(w, e, room), none = 0;
        if (code < 0 && code != ERR_NOT_FOUND && atomic_compare_exchange_strong(&w->code, &none, code))
            strncpy(w->text, err_text(), sizeof w->text - 1);
    }
    free(room);
    return NULL;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct manifest_entry *)a)->path, ((const struct manifest_entry *)b)->path);
}

struct named_inode {
    uint64_t ino;
    const char *path;
};

static int by_inode(const void *a, const void *b)
{
    const struct named_inode *x = a, *y = b;
    return x->ino != y->ino ? (x->ino < y->ino ? -1 : 1) : strcmp(x->path, y->path);
}

/* Writes into every further name of an inode which its first name is. */
static void join_links(struct walk *w)
{
    struct named_inode *list = mem_zalloc(w->m->count + 1, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < w->m->count; i++)
        if (w->inodes[i].nlink > 1)
            list[count++] = (struct named_inode){w->inodes[i].ino, w->m->entries[i].path};
    qsort(list, count, sizeof *list, by_inode);
    qsort(w->m->entries, w->m->count, sizeof *w->m->entries, by_path);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (list[i].ino != list[first].ino) {
            first = i;
            continue;
        }
        struct manifest_entry key = {.path = (char *)(uintptr_t)list[i].path};
        struct manifest_entry *e = bsearch(&key, w->m->entries, w->m->count, sizeof key, by_path);
        e->same_as = mem_strdup(list[first].path);
    }
    free(list);
}

static int hash_all(struct walk *w)
{
    pthread_t threads[MAX_THREADS];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t started = 0;
    while ((long)started + 1 < processors && started < MAX_THREADS - 1 &&
           pthread_create(&threads[started], NULL, hash_entries, w) == 0)
        started++;
    hash_entries(w);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    return w->code < 0 ? err_set((enum err)w->code, "%s", w->text) : 0;
}

int manifest_read(int dirfd, const char *skip, struct manifest **out)
{
    struct stat st;
    if (fstat(dirfd, &st) < 0)
        return err_sys(_("cannot look at the folder"));
    struct walk w = {.m = mem_zalloc(1, sizeof *w.m), .skip = skip, .device = st.st_dev, .root = dirfd};
    int code = walk_folder(&w, dirfd, "", 0);
    if (code == 0)
        code = hash_all(&w);
    if (code == 0)
        join_links(&w);
    free(w.inodes);
    if (code < 0)
        manifest_free(w.m);
    else
        *out = w.m;
    return code;
}

const struct manifest_entry *manifest_find(const struct manifest *m, const char *path)
{
    const struct manifest_entry key = {.path = (char *)(uintptr_t)path};
    return m->count ? bsearch(&key, m->entries, m->count, sizeof key, by_path) : NULL;
}

/* The fields in which two entries of one path differ, as words; "" when they do not. */
static enum manifest_verdict differ(const struct manifest_entry *a, const struct manifest_entry *b,
                                    struct buf *words)
{
    bool other = a->type != b->type || a->size != b->size || memcmp(a->sha256, b->sha256, 32) != 0;
    buf_clear(words);
    if (a->type != b->type)
        buf_printf(words, " type");
    else if (other)
        buf_printf(words, " contents");
    if (a->mode != b->mode)
        buf_printf(words, " mode");
    if (a->uid != b->uid || a->gid != b->gid)
        buf_printf(words, " owner");
    /* A folder's time only says that something in it came or went, which is so after every attack. */
    if (a->mtime_ns != b->mtime_ns && a->type != 'd')
        buf_printf(words, " time");
    if (memcmp(a->xattrs, b->xattrs, 32) != 0)
        buf_printf(words, " attributes");
    if (strcmp(a->same_as ? a->same_as : "", b->same_as ? b->same_as : "") != 0)
        buf_printf(words, " hard-link");
    if (other)
        return MANIFEST_CHANGED;
    return words->length ? MANIFEST_META : MANIFEST_SAME;
}

struct manifest_counts manifest_compare(const struct manifest *before, const struct manifest *after,
                                        manifest_each *each, void *self)
{
    struct manifest_counts counts = {0};
    struct buf words BUF_AUTO;
    buf_init(&words, 0);
    for (size_t i = 0, j = 0; i < before->count || j < after->count;) {
        const struct manifest_entry *a = i < before->count ? &before->entries[i] : NULL;
        const struct manifest_entry *b = j < after->count ? &after->entries[j] : NULL;
        int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);
        enum manifest_verdict verdict = order < 0 ? MANIFEST_MISSING : MANIFEST_EXTRA;
        buf_clear(&words);
        if (order == 0)
            verdict = differ(a, b, &words);
        size_t *const count[] = {[MANIFEST_SAME] = &counts.same,
                                 [MANIFEST_CHANGED] = &counts.changed,
                                 [MANIFEST_MISSING] = &counts.missing,
                                 [MANIFEST_EXTRA] = &counts.extra,
                                 [MANIFEST_META] = &counts.meta};
        ++*count[verdict];
        if (each && verdict != MANIFEST_SAME)
            each(self, verdict, order <= 0 ? a->path : b->path, words.length ? buf_string(&words) + 1 : "");
        i += order <= 0;
        j += order >= 0;
    }
    return counts;
}
