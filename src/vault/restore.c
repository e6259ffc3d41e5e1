/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "vault/content.h"
#include "vault/filenode.h"
#include "vault/lock.h"
#include "vault/tree.h"

#define MAX_DEPTH   512
#define MAX_WORKERS 8
#define MAX_QUEUE   128

/* A folder being restored. It stays open until all that lies in it is done; only then its own mode and times
 * can be put on. */
struct folder {
    struct folder *parent;
    const struct node *node; /* in the parent's tree; NULL for the target */
    struct tree *tree;
    char *path; /* in the snapshot, "" for the target */
    int fd;
    atomic_uint users;
};

struct job {
    struct job *next;
    struct folder *folder;
    const struct node *node;
    int fd; /* the new, empty file; -1: not made yet */
};

/* The first name of a file that has several. */
struct link {
    uint64_t inode, device;
    char *path; /* relative to the target; NULL: empty slot */
};

struct restore {
    struct vault *vault;
    const struct vault_restore_options *options;
    struct vault_restore_result *result;
    struct loader *loader;
    bool skip_owner;
    int target;
    struct link *links;
    size_t link_count, link_room;

    pthread_mutex_t mutex; /* below, and the result, and the callbacks */
    pthread_cond_t work, space;
    struct job *first, **last;
    size_t queued;
    bool ending;
};

static void problem(struct restore *restore, const char *path, int err)
{
    pthread_mutex_lock(&restore->mutex);
    restore->result->problems++;
    if (restore->options->on_problem)
        restore->options->on_problem(restore->options->context, path, err);
    pthread_mutex_unlock(&restore->mutex);
}

static char *path_of(const struct folder *folder, const struct node *node)
{
    return mem_printf("%s/%s", folder->path, node->name);
}

/* ---- folders ---- */

static struct folder *folder_new(struct folder *parent, const struct node *node, char *path, int fd,
                                 struct tree *tree)
{
    struct folder *folder = mem_zalloc(1, sizeof *folder);
    *folder = (struct folder){.parent = parent, .node = node, .path = path, .fd = fd, .tree = tree};
    atomic_init(&folder->users, 1);
    if (parent)
        atomic_fetch_add(&parent->users, 1);
    return folder;
}

static void folder_done(struct restore *restore, struct folder *folder)
{
    while (folder && atomic_fetch_sub(&folder->users, 1) == 1) {
        struct folder *parent = folder->parent;
        if (folder->node && filenode_apply(parent->fd, folder->node->name, folder->fd, folder->node,
                                           restore->skip_owner) != 0)
            problem(restore, folder->path, err_in(ERR_PARTIAL, "%s", folder->path));
        fd_close(&folder->fd);
        tree_free(folder->tree);
        free(folder->path);
        free(folder);
        folder = parent;
    }
}

/* Takes away what stands where a file, link or device is to be made; a folder in the way is not touched. */
static int clear_way(int dirfd, const char *name, const char *path)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    return err_sys(_("cannot replace %s"), path);
}

/* Makes the new, empty file. */
static int create_file(const struct folder *folder, const struct node *node, const char *path)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder->fd, node->name, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        int err = clear_way(folder->fd, node->name, path);
        if (err)
            return err;
        fd = openat(folder->fd, node->name, flags, 0600);
    }
    return fd < 0 ? err_sys(_("cannot create %s"), path) : fd;
}

/* ---- files, on the workers ---- */

static void write_file(struct restore *restore, struct loader *loader, struct job *job)
{
    char *path MEM_AUTO = path_of(job->folder, job->node);
    if (job->fd < 0)
        job->fd = create_file(job->folder, job->node, path);
    if (job->fd < 0) {
        problem(restore, path, job->fd);
        return;
    }
    int err = content_write(loader, job->node, job->fd, path);
    if (err)
        problem(restore, path, err);
    /* Metadata goes on last: writing clears setuid, and a file that is not whole keeps mode 0600. */
    else if (filenode_apply(job->folder->fd, job->node->name, job->fd, job->node, restore->skip_owner) != 0)
        problem(restore, path, err_in(ERR_PARTIAL, "%s", path));
    if (!err && restore->options->verify) {
        err = content_verify(restore->vault, job->node, job->fd, path);
        if (err)
            problem(restore, path, err);
    }
    if (err)
        return;
    pthread_mutex_lock(&restore->mutex);
    restore->result->files++;
    restore->result->bytes += job->node->size;
    if (restore->options->on_progress)
        restore->options->on_progress(
            restore->options->context,
            &(struct vault_restore_progress){restore->result->files, restore->result->bytes});
    pthread_mutex_unlock(&restore->mutex);
}

static struct job *next_job(struct restore *restore)
{
    pthread_mutex_lock(&restore->mutex);
    while (!restore->first && !restore->ending)
        pthread_cond_wait(&restore->work, &restore->mutex);
    struct job *job = restore->first;
    if (job) {
        restore->first = job->next;
        if (!restore->first)
            restore->last = &restore->first;
        restore->queued--;
        pthread_cond_signal(&restore->space);
    }
    pthread_mutex_unlock(&restore->mutex);
    return job;
}

static void *work(void *context)
{
    struct restore *restore = context;
    struct loader *loader = loader_new(restore->vault);
    struct job *job;
    while ((job = next_job(restore))) {
        write_file(restore, loader, job);
        fd_close(&job->fd);
        folder_done(restore, job->folder);
        free(job);
    }
    loader_free(loader);
    return NULL;
}

static void enqueue(struct restore *restore, struct job *job)
{
    pthread_mutex_lock(&restore->mutex);
    while (restore->queued >= MAX_QUEUE)
        pthread_cond_wait(&restore->space, &restore->mutex);
    *restore->last = job;
    restore->last = &job->next;
    restore->queued++;
    pthread_cond_signal(&restore->work);
    pthread_mutex_unlock(&restore->mutex);
}

/* ---- names, on the calling thread ---- */

static struct link *link_slot(struct restore *restore, const struct node *node)
{
    size_t mask = restore->link_room - 1;
    for (size_t i = (size_t)(node->inode * UINT64_C(0x9e3779b97f4a7c15) >> 20) & mask;; i = (i + 1) & mask) {
        struct link *link = &restore->links[i];
        if (!link->path || (link->inode == node->inode && link->device == node->device_id))
            return link;
    }
}

static void grow_links(struct restore *restore)
{
    struct link *old = restore->links;
    size_t room = restore->link_room;
    restore->link_room = room ? 2 * room : 256;
    restore->links = mem_zalloc(restore->link_room, sizeof *restore->links);
    for (size_t i = 0; i < room; i++)
        if (old[i].path)
            *link_slot(restore, &(struct node){.inode = old[i].inode, .device_id = old[i].device}) = old[i];
    free(old);
}

/* Makes a further name of a file that was made before. 1: there is none yet, make the file. */
static int make_link(struct restore *restore, const struct folder *folder, const struct node *node,
                     const char *path)
{
    if (2 * restore->link_count >= restore->link_room)
        grow_links(restore);
    struct link *link = link_slot(restore, node);
    if (!link->path) {
        *link = (struct link){node->inode, node->device_id, mem_strdup(path + 1)};
        restore->link_count++;
        return 1;
    }
    const char *name;
    int from FD_AUTO = path_open_parent(restore->target, link->path, &name);
    if (from < 0)
        return from;
    if (linkat(from, name, folder->fd, node->name, 0) != 0)
        return err_sys(_("cannot link %s to %s"), path, link->path);
    return 0;
}

static void hand_over(struct restore *restore, struct folder *folder, const struct node *node, int fd)
{
    struct job *job = mem_zalloc(1, sizeof *job);
    *job = (struct job){.folder = folder, .node = node, .fd = fd};
    atomic_fetch_add(&folder->users, 1);
    enqueue(restore, job);
}

/* A file with several names is made here, so that the further names find it. */
static void restore_linked(struct restore *restore, struct folder *folder, const struct node *node,
                           const char *path)
{
    int fd = -1, err = clear_way(folder->fd, node->name, path);
    int linked = err ? err : make_link(restore, folder, node, path);
    if (linked == 1)
        fd = linked = create_file(folder, node, path);
    if (linked < 0) {
        problem(restore, path, linked);
    } else if (fd >= 0) {
        hand_over(restore, folder, node, fd);
    } else {
        pthread_mutex_lock(&restore->mutex);
        restore->result->files++;
        pthread_mutex_unlock(&restore->mutex);
    }
}

static int make_special(const struct folder *folder, const struct node *node, const char *path)
{
    if (node->type == NODE_SYMLINK)
        return symlinkat(node->target, folder->fd, node->name) == 0 ? 0
                                                                    : err_sys(_("cannot create %s"), path);
    if (node->type == NODE_OTHER || node->type == NODE_SOCKET)
        return err_set(ERR_UNSUPPORTED, _("%s is of a kind that cannot be restored"), path);
    mode_t mode = (node->mode & S_IFMT) | 0600;
    return mknodat(folder->fd, node->name, mode, (dev_t)node->device) == 0
               ? 0
               : err_sys(_("cannot create %s"), path);
}

static void restore_other(struct restore *restore, struct folder *folder, const struct node *node,
                          const char *path)
{
    int err = clear_way(folder->fd, node->name, path);
    int linked = 1;
    if (!err && node->links > 1 && node->inode)
        linked = make_link(restore, folder, node, path);
    if (!err && linked < 0)
        err = linked;
    if (!err && linked == 1)
        err = make_special(folder, node, path);
    if (!err && linked == 1)
        err = filenode_apply(folder->fd, node->name, -1, node, restore->skip_owner);
    if (err)
        problem(restore, path, err);
    else
        restore->result->others++;
}

static int load_tree(struct restore *restore, const uint8_t *id, struct tree **out)
{
    const uint8_t *bytes;
    size_t length;
    int err = loader_load(restore->loader, PACK_TREE, id, &bytes, &length);
    return err ? err : tree_decode(bytes, length, out);
}

static int open_folder(const struct folder *parent, const struct node *node, const char *path)
{
    if (mkdirat(parent->fd, node->name, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), path);
    int fd = openat(parent->fd, node->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder %s"), path) : fd;
}

static void restore_entries(struct restore *restore, struct folder *folder, bool included, unsigned depth);

/* A folder is made when it is wanted itself or something below may be. */
static void restore_folder(struct restore *restore, struct folder *parent, const struct node *node,
                           const char *path, bool included, unsigned depth)
{
    struct tree *tree = NULL;
    int err = depth >= MAX_DEPTH ? err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), path)
                                 : load_tree(restore, node->subtree, &tree);
    if (err) {
        problem(restore, path, err_in(err, "%s", path));
        return;
    }
    int fd = open_folder(parent, node, path);
    if (fd < 0) {
        problem(restore, path, fd);
        tree_free(tree);
        return;
    }
    struct folder *folder = folder_new(parent, node, mem_strdup(path), fd, tree);
    restore->result->folders++;
    restore_entries(restore, folder, included, depth + 1);
    folder_done(restore, folder);
}

static void restore_entries(struct restore *restore, struct folder *folder, bool included, unsigned depth)
{
    const struct vault_restore_options *options = restore->options;
    for (size_t i = 0; i < folder->tree->count; i++) {
        const struct node *node = &folder->tree->nodes[i];
        char *path MEM_AUTO = path_of(folder, node);
        if (match_any(&options->excludes, path))
            continue;
        bool wanted = included || match_any(&options->includes, path);
        if (node->type == NODE_DIR && (wanted || match_may_be_below(&options->includes, path)))
            restore_folder(restore, folder, node, path, wanted, depth);
        else if (node->type == NODE_FILE && wanted && node->links > 1 && node->inode)
            restore_linked(restore, folder, node, path);
        else if (node->type == NODE_FILE && wanted)
            hand_over(restore, folder, node, -1);
        else if (node->type != NODE_DIR && wanted)
            restore_other(restore, folder, node, path);
    }
}

/* ---- all of it ---- */

static void run_walk(struct restore *restore, struct tree *tree)
{
    pthread_t workers[MAX_WORKERS];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = processors < 2 ? 2 : processors > MAX_WORKERS ? MAX_WORKERS : (unsigned)processors;
    unsigned started = 0;
    while (started < wanted && pthread_create(&workers[started], NULL, work, restore) == 0)
        started++;
    if (started == 0) {
        problem(restore, "/", err_set(ERR_SYSTEM, _("cannot start a thread")));
        tree_free(tree);
        return;
    }
    struct folder *top =
        folder_new(NULL, NULL, mem_strdup(""), fcntl(restore->target, F_DUPFD_CLOEXEC, 0), tree);
    restore_entries(restore, top, restore->options->includes.count == 0, 0);
    pthread_mutex_lock(&restore->mutex);
    restore->ending = true;
    pthread_cond_broadcast(&restore->work);
    pthread_mutex_unlock(&restore->mutex);
    while (started > 0)
        pthread_join(workers[--started], NULL);
    folder_done(restore, top);
}

static int run(struct restore *restore)
{
    struct snapshot *snapshot;
    struct tree *tree = NULL;
    const struct vault_restore_options *options = restore->options;
    int err = snapshot_find(restore->vault, options->snapshot, &options->filter, &snapshot);
    if (err)
        return err;
    memcpy(restore->result->snapshot, snapshot->id, VAULT_ID_TEXT);
    err = vault_need_index(restore->vault);
    if (!err) {
        restore->loader = loader_new(restore->vault);
        err = load_tree(restore, snapshot->tree, &tree);
    }
    snapshot_free(snapshot);
    if (!err)
        err = path_make_folders(options->target, 0700);
    if (!err) {
        restore->target = open(options->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (restore->target < 0)
            err = err_sys(_("cannot open the folder %s"), options->target);
    }
    if (err)
        tree_free(tree);
    else
        run_walk(restore, tree);
    return err;
}

static void free_all(struct restore *restore)
{
    for (size_t i = 0; i < restore->link_room; i++)
        free(restore->links[i].path);
    free(restore->links);
    loader_free(restore->loader);
    fd_close(&restore->target);
    pthread_cond_destroy(&restore->work);
    pthread_cond_destroy(&restore->space);
    pthread_mutex_destroy(&restore->mutex);
}

int vault_restore(struct vault *vault, const struct vault_restore_options *options,
                  struct vault_restore_result *result)
{
    *result = (struct vault_restore_result){0};
    struct lock *lock = NULL;
    /* A folder mounted read-only cannot be locked, nor can anything be taken from it. */
    int err = options->no_lock ? 0 : lock_take(vault, false, &lock);
    if (err && err != ERR_READ_ONLY)
        return err;
    struct restore restore = {
        .vault = vault, .options = options, .result = result, .target = -1, .skip_owner = geteuid() != 0};
    restore.last = &restore.first;
    pthread_mutex_init(&restore.mutex, NULL);
    pthread_cond_init(&restore.work, NULL);
    pthread_cond_init(&restore.space, NULL);
    err = run(&restore);
    free_all(&restore);
    lock_release(lock);
    if (err)
        return err;
    if (result->problems)
        return err_set(ERR_PARTIAL, _("%llu things were not restored as they were"),
                       (unsigned long long)result->problems);
    return 0;
}
