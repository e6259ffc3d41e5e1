/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi guard: becomes beffroi-guard, the daemon, which needs few of the libraries that the commands need.
 */
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "guard/program.h"

int cmd_guard(int argc, char **argv)
{
    (void)argc;
    static char name[] = "beffroi-guard";
    int fd = program_open("guard");
    if (fd < 0)
        return cmd_fail(fd);
    argv[0] = name;
    program_run(fd, argv, environ);
    return cmd_fail(err_sys(_("cannot run %s"), name));
}
