/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "respond/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

#define OURS        "beffroi.freeze"
#define FREEZE_WAIT (500 * NS_PER_MS)

/* mountinfo: ID parent major:minor root mount-point options... - type source options; proc(5) */
bool cgroup_mount(char *out, size_t size)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096], point[CGROUP_PATH_SIZE];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *type = strstr(line, " - ");
        if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
            continue;
        found =
            sscanf(line, "%*s %*s %*s %*s %511s", point) == 1 && !strchr(point, '\\') && strlen(point) < size;
        if (found)
            strcpy(out, point);
    }
    if (file)
        fclose(file);
    return found;
}

void cgroup_of(int32_t pid, char *out, size_t size)
{
    char path[48], line[1024];
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    FILE *file = fopen(path, "re");
    out[0] = '\0';
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "0::/", 4) == 0) {
            line[strcspn(line, "\n")] = '\0';
            if (strlen(line + 3) < size && !strstr(line, "/.."))
                strcpy(out, line + 3);
        }
    if (file)
        fclose(file);
}

static int path_of(const char *name, const char *file, char out[static CGROUP_PATH_SIZE * 2])
{
    char mount[CGROUP_PATH_SIZE];
    if (!cgroup_mount(mount, sizeof mount))
        return err_set(ERR_UNSUPPORTED, _("control groups version 2 are not mounted"));
    snprintf(out, CGROUP_PATH_SIZE * 2, "%.500s/" OURS "/%.100s%.60s", mount, name, file);
    return 0;
}

int cgroup_make(const char *name)
{
    char path[CGROUP_PATH_SIZE * 2];
    int err = path_of("", "", path);
    if (err)
        return err;
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the control group %s"), path);
    path_of(name, "", path);
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the control group %s"), path);
    path_of(name, "/cgroup.freeze", path);
    if (access(path, W_OK) != 0)
        return err_set(ERR_UNSUPPORTED, _("this kernel's control groups have no freezer"));
    return 0;
}

static int write_file(const char *path, const char *text)
{
    int fd FD_AUTO = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return err_sys(_("cannot write to %s"), path);
    return 0;
}

int cgroup_put(const char *name, int32_t pid)
{
    char path[CGROUP_PATH_SIZE * 2], text[16];
    int err = path_of(name, "/cgroup.procs", path);
    snprintf(text, sizeof text, "%d", pid);
    return err ? err : write_file(path, text);
}

int cgroup_return(const char *original, int32_t pid)
{
    char mount[CGROUP_PATH_SIZE], path[CGROUP_PATH_SIZE * 2], text[16];
    if (!cgroup_mount(mount, sizeof mount))
        return err_set(ERR_UNSUPPORTED, _("control groups version 2 are not mounted"));
    snprintf(text, sizeof text, "%d", pid);
    snprintf(path, sizeof path, "%.500s%.500s/cgroup.procs", mount, original);
    if (write_file(path, text) == 0)
        return 0;
    snprintf(path, sizeof path, "%.500s/cgroup.procs", mount);
    return write_file(path, text);
}

static bool says_frozen(const char *path)
{
    char text[256];
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    return strstr(text, "frozen 1") != NULL;
}

int cgroup_freeze(const char *name, bool frozen)
{
    char path[CGROUP_PATH_SIZE * 2];
    int err = path_of(name, "/cgroup.freeze", path);
    if (!err)
        err = write_file(path, frozen ? "1" : "0");
    if (err)
        return err;
    path_of(name, "/cgroup.events", path);
    int64_t until = clock_system.monotonic_ns(clock_system.self) + FREEZE_WAIT;
    while (says_frozen(path) != frozen) {
        if (clock_system.monotonic_ns(clock_system.self) > until)
            return err_set(ERR_TIMEOUT, _("the control group did not freeze in time"));
        usleep(500);
    }
    return 0;
}

void cgroup_each(const char *name, void (*each)(int32_t pid, void *self), void *self)
{
    char path[CGROUP_PATH_SIZE * 2];
    FILE *file = path_of(name, "/cgroup.procs", path) == 0 ? fopen(path, "re") : NULL;
    int pid;
    while (file && fscanf(file, "%d", &pid) == 1)
        each(pid, self);
    if (file)
        fclose(file);
}

void cgroup_remove(const char *name)
{
    char path[CGROUP_PATH_SIZE * 2];
    /* A process on its way out still counts for a moment. */
    if (path_of(name, "", path) == 0)
        for (int tries = 0; rmdir(path) != 0 && errno == EBUSY && tries < 100; tries++)
            usleep(1000);
    if (path_of("", "", path) == 0)
        rmdir(path); /* the last one takes the parent with it; else it is busy */
}
