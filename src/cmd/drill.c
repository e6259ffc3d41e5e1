/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi drill ...: the drills are a program of their own, so that the guard holds no code that attacks.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"

#define PROGRAM "beffroi-drill"

/* Runs it from the folder `length` bytes of `folder` name, or returns. */
static void try_folder(const char *folder, size_t length, char **argv)
{
    char *path MEM_AUTO = mem_printf("%.*s/" PROGRAM, (int)length, folder);
    if (access(path, X_OK) == 0)
        execv(path, argv);
}

int cmd_drill(int argc, char **argv)
{
    (void)argc;
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char name[] = PROGRAM;
    argv[0] = name;
    if (length > 0) {
        self[length] = '\0';
        size_t folder = (size_t)(strrchr(self, '/') - self);
        try_folder(self, folder, argv);
        /* In the build tree the two programs stand in src/cmd and drill. */
        char *sibling MEM_AUTO = mem_printf("%.*s/../../drill", (int)folder, self);
        try_folder(sibling, strlen(sibling), argv);
    }
    execvp(PROGRAM, argv);
    return cmd_fail(
        err_hint(err_sys(_("cannot run %s"), PROGRAM),
                 _("it stands beside beffroi in the package beffroi; in a build, run: ninja -C build")));
}
