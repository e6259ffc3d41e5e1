/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/town.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/filemeta.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "drill/town_content.h"

#define MAX_THREADS 4
/* Files of a size above this begin first, so that no thread is left alone with the large one at the end. */
#define LARGE_BYTES (10u << 20)

static int (*const makers[])(struct buf *, struct rng *, uint32_t) = {
    [TOWN_TXT] = town_text_txt,   [TOWN_CSV] = town_text_csv,     [TOWN_MBOX] = town_text_mbox,
    [TOWN_ODT] = town_office_odt, [TOWN_DOCX] = town_office_docx, [TOWN_XLSX] = town_office_xlsx,
    [TOWN_PDF] = town_pdf,        [TOWN_JPG] = town_image_jpg,    [TOWN_PNG] = town_image_png,
    [TOWN_SQLITE] = town_sqlite,  [TOWN_ZIP] = town_archive,      [TOWN_BIG_ZIP] = town_archive,
};

int town_make(const struct town *town, size_t index, struct buf *out)
{
    const struct town_file *f = &town->files[index];
    if (f->kind == TOWN_HARD_LINK)
        return town_make(town, f->of, out);
    if (f->kind == TOWN_EMPTY)
        return 0;
    if (f->kind == TOWN_SYMLINK)
        return err_set(ERR_INVALID, _("%s is a link and has no contents"), f->path);
    struct rng r = rng_make(town->seed, index + 1);
    return makers[f->kind](out, &r, f->size);
}

/* POSIX ACL as an attribute, version 2 (linux/posix_acl_xattr.h): owner, one named user, group, mask, others.
 */
static int set_acl(int fd, uint32_t mode, uint32_t uid)
{
    const struct {
        uint16_t tag, perm;
        uint32_t id;
    } entries[] = {
        {0x01, (uint16_t)(mode >> 6 & 7), UINT32_MAX}, {0x02, 6, uid},
        {0x04, (uint16_t)(mode >> 3 & 7), UINT32_MAX}, {0x10, 6, UINT32_MAX},
        {0x20, (uint16_t)(mode & 7), UINT32_MAX},
    };
    struct buf b BUF_AUTO;
    buf_init(&b, 256);
    buf_put_u32(&b, 2);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        buf_put_u16(&b, entries[i].tag);
        buf_put_u16(&b, entries[i].perm);
        buf_put_u32(&b, entries[i].id);
    }
    return fsetxattr(fd, "system.posix_acl_access", b.data, b.length, 0);
}

static int set_meta(int fd, const struct town_file *f, bool owners)
{
    static const char tag[] = "à conserver dix ans";
    const struct timespec when = {f->mtime_ns / NS_PER_SECOND, f->mtime_ns % NS_PER_SECOND};
    const struct timespec times[2] = {when, when};
    if (owners && fchown(fd, f->uid, f->gid) < 0)
        return err_sys(_("cannot give %s to its owner"), f->path);
    if (fchmod(fd, f->mode) < 0 ||
        (f->tagged && fsetxattr(fd, "user.archivage", tag, sizeof tag - 1, 0) < 0) ||
        (f->acl && set_acl(fd, f->mode, f->uid + 1) < 0) || futimens(fd, times) < 0)
        return err_sys(_("cannot set the mode, attributes or dates of %s"), f->path);
    return 0;
}

int town_dress(const struct town *town, size_t index, int fd)
{
    const struct town_file *f = &town->files[index];
    if (f->kind == TOWN_HARD_LINK)
        f = &town->files[f->of];
    /* What a file server or an attack has hung on it. */
    struct filemeta plain = {0};
    if (filemeta_read(fd, &plain) == 0) {
        for (size_t i = 0; i < plain.xattr_count; i++)
            fremovexattr(fd, plain.xattrs[i].name);
        filemeta_free(&plain);
    }
    return set_meta(fd, f, geteuid() == 0);
}

struct job {
    const struct town *town;
    int dirfd;
    bool owners;
    atomic_size_t next; /* file to take, over two rounds: large ones, then the others */
    atomic_int code;    /* the first failure */
    char text[512];     /* its words; written by the thread that set `code` */
};

static int build_file(const struct job *job, size_t index)
{
    const struct town_file *f = &job->town->files[index];
    struct buf b BUF_AUTO;
    buf_init(&b, 0);
    int code = town_make(job->town, index, &b);
    if (code < 0)
        return code;
    int fd FD_AUTO = openat(job->dirfd, f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot create %s"), f->path);
    code = fd_write_all(fd, b.data, b.length, f->path);
    return code < 0 ? code : set_meta(fd, f, job->owners);
}

static void *work(void *argument)
{
    struct job *job = argument;
    size_t count = job->town->count, at;
    while ((at = atomic_fetch_add(&job->next, 1)) < 2 * count && !atomic_load(&job->code)) {
        const struct town_file *f = &job->town->files[at % count];
        if (f->kind == TOWN_HARD_LINK || f->kind == TOWN_SYMLINK || (f->size > LARGE_BYTES) != (at < count))
            continue;
        int code = build_file(job, at % count), none = 0;
        if (code < 0 && atomic_compare_exchange_strong(&job->code, &none, code))
            strncpy(job->text, err_text(), sizeof job->text - 1);
    }
    return NULL;
}

static int build_links(const struct town *town, int dirfd, bool owners)
{
    for (size_t i = 0; i < town->count; i++) {
        const struct town_file *f = &town->files[i];
        if (f->kind == TOWN_HARD_LINK && linkat(dirfd, town->files[f->of].path, dirfd, f->path, 0) < 0)
            return err_sys(_("cannot link %s"), f->path);
        if (f->kind != TOWN_SYMLINK)
            continue;
        if (symlinkat(f->target, dirfd, f->path) < 0)
            return err_sys(_("cannot link %s"), f->path);
        const struct timespec when = {f->mtime_ns / NS_PER_SECOND, f->mtime_ns % NS_PER_SECOND};
        const struct timespec times[2] = {when, when};
        utimensat(dirfd, f->path, times, AT_SYMLINK_NOFOLLOW);
        if (owners && fchownat(dirfd, f->path, f->uid, f->gid, AT_SYMLINK_NOFOLLOW) < 0)
            return err_sys(_("cannot give %s to its owner"), f->path);
    }
    return 0;
}

static int build_folders(const struct town *town, int dirfd, bool owners)
{
    for (size_t i = 0; i < town->folder_count; i++) {
        const char *path = town->folders[i];
        if (mkdirat(dirfd, path, 0775) < 0)
            return err_sys(_("cannot create %s"), path);
        if ((owners && fchownat(dirfd, path, TOWN_UID_FIRST, TOWN_GID, AT_SYMLINK_NOFOLLOW) < 0) ||
            fchmodat(dirfd, path, 02775, 0) < 0)
            return err_sys(_("cannot set the owner or mode of %s"), path);
    }
    return 0;
}

/* Folders get their dates last: making what is in them changed these. */
static int date_folders(const struct town *town, int dirfd)
{
    const struct timespec times[2] = {{1663916400, 123456789}, {1663916400, 123456789}}; /* 2022-09-23 */
    for (size_t i = 0; i < town->folder_count; i++)
        if (utimensat(dirfd, town->folders[i], times, AT_SYMLINK_NOFOLLOW) < 0)
            return err_sys(_("cannot date %s"), town->folders[i]);
    return 0;
}

int town_build(const struct town *town, int dirfd, bool owners)
{
    int code = build_folders(town, dirfd, owners);
    if (code < 0)
        return code;
    struct job job = {.town = town, .dirfd = dirfd, .owners = owners};
    pthread_t threads[MAX_THREADS];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t started = 0, wanted = processors < 1 ? 0 : (size_t)processors - 1;
    while (started < wanted && started < MAX_THREADS - 1 &&
           pthread_create(&threads[started], NULL, work, &job) == 0)
        started++;
    work(&job);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    if (job.code < 0)
        return err_set((enum err)job.code, "%s", job.text);
    code = build_links(town, dirfd, owners);
    return code < 0 ? code : date_folders(town, dirfd);
}
