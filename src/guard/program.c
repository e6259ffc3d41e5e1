/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/program.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

#ifndef BEFFROI_LIBEXECDIR
#define BEFFROI_LIBEXECDIR "/usr/libexec/beffroi"
#endif

static int open_in(const char *folder, size_t length, const char *name)
{
    char *path MEM_AUTO = mem_printf("%.*s/beffroi-%s", (int)length, folder, name);
    return open(path, O_PATH | O_CLOEXEC);
}

int program_open(const char *name)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    int fd = -1;
    if (length > 0) {
        self[length] = '\0';
        fd = open_in(self, (size_t)(strrchr(self, '/') - self), name);
    }
    if (fd < 0)
        fd = open_in(BEFFROI_LIBEXECDIR, strlen(BEFFROI_LIBEXECDIR), name);
    if (fd >= 0)
        return fd;
    return err_hint(err_sys(_("cannot find the program beffroi-%s"), name),
                    _("it belongs to the package beffroi; in a build, run: ninja -C build"));
}

void program_run(int fd, char *const arguments[], char *const environment[])
{
    syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
}
