/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "vault/cleartree.h"
#include "vault/filenode.h"
#include "vault/folder.h"
#include "vault/lock.h"
#include "vault/restoreparts.h"

#define MAX_WORKERS 16
#define MAX_QUEUE   128

void restore_problem(struct restore *restore, const char *path, int err)
{
    pthread_mutex_lock(&restore->mutex);
    restore->result->problems++;
    if (restore->options->on_problem)
        restore->options->on_problem(restore->options->context, path, err);
    pthread_mutex_unlock(&restore->mutex);
}

char *restore_path_of(const struct folder *folder, const struct node *node)
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
        if (folder->node && folder->fd >= 0 && !restore->options->dry_run &&
            filenode_apply(parent->fd, folder->node->name, folder->fd, folder->node, restore->skip_owner) !=
                0)
            restore_problem(restore, folder->path, err_in(ERR_PARTIAL, "%s", folder->path));
        fd_close(&folder->fd);
        tree_free(folder->tree);
        free(folder->path);
        free(folder);
        folder = parent;
    }
}

/* ---- files, on the workers ---- */

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
        restore_write_file(restore, loader, job);
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

static void count_linked(struct restore *restore)
{
    pthread_mutex_lock(&restore->mutex);
    restore->result->files++;
    pthread_mutex_unlock(&restore->mutex);
}

/* A file with several names is made here, so that the further names find it. It is always made anew: what is
 * there may have names outside the target, which must not change. */
static void restore_linked(struct restore *restore, struct folder *folder, const struct node *node,
                           const char *path)
{
    if (restore->options->dry_run) {
        hand_over(restore, folder, node, -1);
        return;
    }
    int fd = -1, err = restore_clear_way(restore, folder, node->name, path);
    int linked = err ? err : make_link(restore, folder, node, path);
    if (linked == 1)
        fd = linked = restore_create_file(restore, folder, node, path);
    if (linked < 0)
        restore_problem(restore, path, linked);
    else if (fd >= 0)
        hand_over(restore, folder, node, fd);
    else
        count_linked(restore);
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
    int err = restore->options->dry_run ? 0 : restore_clear_way(restore, folder, node->name, path);
    int linked = restore->options->dry_run ? 0 : 1;
    if (!err && linked && node->links > 1 && node->inode)
        linked = make_link(restore, folder, node, path);
    if (!err && linked < 0)
        err = linked;
    if (!err && linked == 1)
        err = make_special(folder, node, path);
    if (!err && linked == 1)
        err = filenode_apply(folder->fd, node->name, -1, node, restore->skip_owner);
    if (err)
        restore_problem(restore, path, err);
    else
        restore->result->others++;
}

/* Something else than a folder stands where one is to be. */
static bool is_in_the_way(const struct folder *parent, const char *name)
{
    struct stat st;
    return fstatat(parent->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode);
}

/* The folder, made if it is missing; a descriptor, or an error. In a dry run *fd is -1 for a missing one. */
static int open_folder(struct restore *restore, const struct folder *parent, const struct node *node,
                       const char *path, int *fd)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    *fd = -1;
    if (restore->options->dry_run) {
        *fd = parent->fd < 0 ? -1 : openat(parent->fd, node->name, flags);
        return 0;
    }
    if (restore->options->overwrite != VAULT_OVERWRITE_NEVER && is_in_the_way(parent, node->name)) {
        int err = restore_clear_way(restore, parent, node->name, path);
        if (err)
            return err;
    }
    if (mkdirat(parent->fd, node->name, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), path);
    *fd = openat(parent->fd, node->name, flags);
    return *fd < 0 ? err_sys(_("cannot open the folder %s"), path) : 0;
}

/* Whether the name is chosen by --include and --exclude; `included` tells that its folder is. */
static bool is_chosen(const struct vault_restore_options *options, const char *path, bool included)
{
    return !match_any(&options->excludes, path) && (included || match_any(&options->includes, path));
}

/* Takes away what the snapshot does not have. */
static void delete_others(struct restore *restore, const struct folder *folder, bool included)
{
    int copy = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    if (!entries) {
        restore_problem(restore, folder->path, err_sys(_("cannot read the folder %s"), folder->path));
        fd_close(&copy);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(entries))) {
        const char *name = entry->d_name;
        char *path MEM_AUTO = mem_printf("%s/%s", folder->path, name);
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            tree_find(folder->tree, name, strlen(name)) || !is_chosen(restore->options, path, included))
            continue;
        int err = cleartree(folder->fd, name, path, restore->options->dry_run, &restore->result->deleted);
        if (err)
            restore_problem(restore, path, err);
    }
    closedir(entries);
}

static void restore_entries(struct restore *restore, struct folder *folder, bool included, unsigned depth);

/* A folder is made when it is wanted itself or something below may be. */
static void restore_folder(struct restore *restore, struct folder *parent, const struct node *node,
                           const char *path, bool included, unsigned depth)
{
    struct tree *tree = NULL;
    int err = depth >= FOLDER_MAX_DEPTH ? err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), path)
                                        : folder_load(restore->loader, node->subtree, &tree);
    if (err) {
        restore_problem(restore, path, err_in(err, "%s", path));
        return;
    }
    int fd;
    err = open_folder(restore, parent, node, path, &fd);
    if (err) {
        restore_problem(restore, path, err);
        tree_free(tree);
        return;
    }
    struct folder *folder = folder_new(parent, node, mem_strdup(path), fd, tree);
    restore->result->folders++;
    restore_entries(restore, folder, included, depth + 1);
    folder_done(restore, folder);
}

static void restore_entry(struct restore *restore, struct folder *folder, const struct node *node,
                          const char *path)
{
    if (restore_keeps(restore, folder, node)) {
        restore->result->skipped++;
        restore->result->bytes_skipped += node->size;
    } else if (node->type == NODE_FILE && node->links > 1 && node->inode) {
        restore_linked(restore, folder, node, path);
    } else if (node->type == NODE_FILE) {
        hand_over(restore, folder, node, -1);
    } else {
        restore_other(restore, folder, node, path);
    }
}

static void restore_entries(struct restore *restore, struct folder *folder, bool included, unsigned depth)
{
    const struct vault_restore_options *options = restore->options;
    if (options->delete_others && folder->fd >= 0)
        delete_others(restore, folder, included);
    for (size_t i = 0; i < folder->tree->count; i++) {
        const struct node *node = &folder->tree->nodes[i];
        char *path MEM_AUTO = restore_path_of(folder, node);
        bool wanted = is_chosen(options, path, included);
        bool below = node->type == NODE_DIR && !match_any(&options->excludes, path) &&
                     match_may_be_below(&options->includes, path);
        if (node->type == NODE_DIR && (wanted || below))
            restore_folder(restore, folder, node, path, wanted, depth);
        else if (wanted)
            restore_entry(restore, folder, node, path);
    }
}

/* ---- all of it ---- */

static void run_walk(struct restore *restore, struct tree *tree)
{
    pthread_t workers[MAX_WORKERS];
    unsigned wanted = vault_reading_threads(restore->vault, MAX_WORKERS), started = 0;
    if (wanted < 2)
        wanted = 2;
    while (started < wanted && pthread_create(&workers[started], NULL, work, restore) == 0)
        started++;
    if (started == 0) {
        restore_problem(restore, "/", err_set(ERR_SYSTEM, _("cannot start a thread")));
        tree_free(tree);
        return;
    }
    struct folder *top =
        folder_new(NULL, NULL, mem_strdup(""),
                   restore->target < 0 ? -1 : fcntl(restore->target, F_DUPFD_CLOEXEC, 0), tree);
    restore_entries(restore, top, restore->options->includes.count == 0, 0);
    pthread_mutex_lock(&restore->mutex);
    restore->ending = true;
    pthread_cond_broadcast(&restore->work);
    pthread_mutex_unlock(&restore->mutex);
    while (started > 0)
        pthread_join(workers[--started], NULL);
    folder_done(restore, top);
}

/* Opens the target, made if it is missing; a dry run makes none and does without. */
static int open_target(struct restore *restore)
{
    const struct vault_restore_options *options = restore->options;
    int err = options->dry_run ? 0 : path_make_folders(options->target, 0700);
    if (err)
        return err;
    restore->target = open(options->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (restore->target < 0 && !(options->dry_run && errno == ENOENT))
        return err_sys(_("cannot open the folder %s"), options->target);
    return 0;
}

static int run(struct restore *restore)
{
    struct snapshot *snapshot = NULL;
    struct tree *tree = NULL;
    uint8_t top[SHA256_SIZE];
    const struct vault_restore_options *options = restore->options;
    int err = vault_need_index(restore->vault);
    if (!err) {
        restore->loader = loader_new(restore->vault);
        err =
            folder_find(restore->vault, restore->loader, options->snapshot, &options->filter, &snapshot, top);
    }
    if (!err) {
        memcpy(restore->result->snapshot, snapshot->id, VAULT_ID_TEXT);
        err = folder_load(restore->loader, top, &tree);
    }
    snapshot_free(snapshot);
    if (!err)
        err = open_target(restore);
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
