/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/volume.h"

#include <errno.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "sensor/hash.h"

#define GROUP_FLAGS   (FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS)
#define COMMON_EVENTS (FAN_CLOSE_WRITE | FAN_CREATE | FAN_DELETE | FAN_ATTRIB | FAN_ONDIR)

uint64_t volume_identity(int fd, const struct stat *st)
{
    struct statfs fs;
    struct btrfs_ioctl_fs_info_args info = {0};
    if (fstatfs(fd, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC && ioctl(fd, BTRFS_IOC_FS_INFO, &info) == 0)
        return hash_bytes(info.fsid, sizeof info.fsid, 1);
    return hash_number(st->st_dev + 1);
}

static uint64_t events_of(const struct volume *v)
{
    return COMMON_EVENTS | (v->has_targets ? FAN_RENAME : FAN_MOVED_FROM | FAN_MOVED_TO);
}

static int open_group(struct volume *v, unsigned queue)
{
    v->has_targets = true;
    v->fan = fanotify_init(GROUP_FLAGS | queue | FAN_REPORT_DFID_NAME_TARGET, O_RDONLY | O_LARGEFILE);
    if (v->fan < 0 && errno == EINVAL) {
        v->has_targets = false;
        v->fan = fanotify_init(GROUP_FLAGS | queue | FAN_REPORT_DFID_NAME | FAN_REPORT_FID,
                               O_RDONLY | O_LARGEFILE);
    }
    if (v->fan >= 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS)
        return err_hint(err_set(ERR_UNSUPPORTED, _("this kernel cannot tell which files change")),
                        _("Linux 5.9 or newer is needed, built with fanotify"));
    return err_sys(_("cannot watch the protected folders"));
}

static uint64_t folder_events(const struct volume *v)
{
    uint64_t events = FAN_MODIFY | FAN_EVENT_ON_CHILD;
    return v->whole || v->sizes_only ? events : events | events_of(v);
}

int volume_open(int folder_fd, uint64_t identity, enum volume_scope scope, bool small_queue,
                struct volume *out)
{
    struct volume v = {
        .identity = identity, .fan = -1, .folder_fd = folder_fd, .sizes_only = scope == VOLUME_SIZES};
    int rc = open_group(&v, small_queue ? 0 : FAN_UNLIMITED_QUEUE);
    if (rc != 0)
        return rc;
    v.whole = scope == VOLUME_WHOLE &&
              fanotify_mark(v.fan, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, events_of(&v), folder_fd, NULL) == 0;
    if (!v.whole && fanotify_mark(v.fan, FAN_MARK_ADD, folder_events(&v), folder_fd, NULL) != 0) {
        rc = err_hint(err_sys(_("cannot watch this file system")),
                      _("it must have file handles; a btrfs subvolume needs Linux 6.8 or newer"));
        fd_close(&v.fan);
        return rc == ERR_SYSTEM ? ERR_UNSUPPORTED : rc;
    }
    *out = v;
    return 0;
}

void volume_close(struct volume *v)
{
    fd_close(&v->fan);
}

int volume_mark_folder(const struct volume *v, int folder_fd)
{
    if (fanotify_mark(v->fan, FAN_MARK_ADD, folder_events(v), folder_fd, NULL) == 0)
        return 0;
    return err_sys(_("cannot watch a folder"));
}

uint64_t volume_fingerprint(const struct volume *v, const struct file_handle *handle)
{
    return hash_bytes(handle->f_handle, handle->handle_bytes,
                      v->identity ^ hash_seed() ^ (uint64_t)(unsigned)handle->handle_type);
}

bool volume_find_handle(const struct volume *v, int dirfd, const char *name, uint64_t *fingerprint)
{
    union {
        struct file_handle handle;
        char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } place;
    int mount;
    memset(&place, 0, sizeof place);
    place.handle.handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(dirfd, name, &place.handle, &mount, *name ? 0 : AT_EMPTY_PATH) != 0)
        return false;
    *fingerprint = volume_fingerprint(v, &place.handle);
    return true;
}
