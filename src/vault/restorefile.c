/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One file of a restore: made anew, or what is there brought to what it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/cleartree.h"
#include "vault/content.h"
#include "vault/filenode.h"
#include "vault/restoreparts.h"

bool restore_keeps(const struct restore *restore, const struct folder *folder, const struct node *node)
{
    struct stat st;
    enum vault_overwrite overwrite = restore->options->overwrite;
    if (overwrite != VAULT_OVERWRITE_NEVER && overwrite != VAULT_OVERWRITE_IF_NEWER)
        return false;
    if (folder->fd < 0 || fstatat(folder->fd, node->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return overwrite == VAULT_OVERWRITE_NEVER || filenode_ns(st.st_mtim) >= node->mtime_ns;
}

/* A folder in the way is only taken away when all is that the snapshot does not have. */
int restore_clear_way(struct restore *restore, const struct folder *folder, const char *name,
                      const char *path)
{
    if (unlinkat(folder->fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (!restore->options->delete_others || errno != EISDIR)
        return err_sys(_("cannot replace %s"), path);
    uint64_t removed = 0;
    int err = cleartree(folder->fd, name, path, false, &removed);
    pthread_mutex_lock(&restore->mutex);
    restore->result->deleted += removed;
    pthread_mutex_unlock(&restore->mutex);
    return err;
}

int restore_create_file(struct restore *restore, const struct folder *folder, const struct node *node,
                        const char *path)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder->fd, node->name, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        int err = restore_clear_way(restore, folder, node->name, path);
        if (err)
            return err;
        fd = openat(folder->fd, node->name, flags, 0600);
    }
    return fd < 0 ? err_sys(_("cannot create %s"), path) : fd;
}

/* The file that is there, if its content can be brought to what it was: a file with this one name, which may
 * be written. Else -1. */
static int open_existing(const struct restore *restore, const struct folder *folder, const struct node *node,
                         struct stat *st)
{
    int access = restore->options->dry_run ? O_RDONLY : O_RDWR;
    int fd = folder->fd < 0
                 ? -1
                 : openat(folder->fd, node->name, access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) || (st->st_nlink > 1 && access == O_RDWR)))
        fd_close(&fd);
    return fd;
}

/* Brings the content of the open file to what it was; *written counts the bytes. */
static int update(const struct restore *restore, struct loader *loader, const struct job *job,
                  const struct stat *st, const char *path, uint64_t *written)
{
    const struct node *node = job->node;
    bool trusted = restore->options->overwrite == VAULT_OVERWRITE_IF_CHANGED &&
                   (uint64_t)st->st_size == node->size && filenode_ns(st->st_mtim) == node->mtime_ns;
    *written = 0;
    return trusted ? 0
                   : content_update(restore->vault, loader, node, job->fd, restore->options->dry_run, path,
                                    written);
}

/* Puts the content into the file. */
static int write_content(struct restore *restore, struct loader *loader, struct job *job, const char *path,
                         uint64_t *written)
{
    struct stat st;
    *written = job->node->size;
    if (job->fd < 0) {
        job->fd = open_existing(restore, job->folder, job->node, &st);
        if (job->fd >= 0)
            return update(restore, loader, job, &st, path, written);
        if (restore->options->dry_run)
            return 0;
        job->fd = restore_create_file(restore, job->folder, job->node, path);
    }
    return job->fd < 0 ? job->fd : content_write(loader, job->node, job->fd, path);
}

static void count(struct restore *restore, const struct node *node, uint64_t written)
{
    pthread_mutex_lock(&restore->mutex);
    bool same = written == 0 && node->size > 0;
    *(same ? &restore->result->skipped : &restore->result->files) += 1;
    restore->result->bytes += written;
    restore->result->bytes_skipped += node->size - written;
    if (restore->options->on_progress)
        restore->options->on_progress(
            restore->options->context,
            &(struct vault_restore_progress){restore->result->files + restore->result->skipped,
                                             restore->result->bytes + restore->result->bytes_skipped});
    pthread_mutex_unlock(&restore->mutex);
}

void restore_write_file(struct restore *restore, struct loader *loader, struct job *job)
{
    char *path MEM_AUTO = restore_path_of(job->folder, job->node);
    uint64_t written;
    int err = write_content(restore, loader, job, path, &written);
    if (err)
        restore_problem(restore, path, err);
    /* Metadata goes on last: writing clears setuid, and a file that is not whole keeps mode 0600. */
    else if (!restore->options->dry_run &&
             filenode_apply(job->folder->fd, job->node->name, job->fd, job->node, restore->skip_owner) != 0)
        restore_problem(restore, path, err_in(ERR_PARTIAL, "%s", path));
    if (!err && restore->options->verify && !restore->options->dry_run) {
        err = content_verify(restore->vault, job->node, job->fd, path);
        if (err)
            restore_problem(restore, path, err);
    }
    if (!err)
        count(restore, job->node, written);
}
