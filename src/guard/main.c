/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi-ROLE: the program of one role. src/cmd/meson.build makes one of each, with THIS_ROLE and THIS_OPS
 * as the role's number and its functions.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "guard/roles.h"

int main(void)
{
    struct stat st;
    i18n_init();
    bool socket = fstat(ROLE_FD_CONTROL, &st) == 0 && S_ISSOCK(st.st_mode);
    if (!socket || fstat(ROLE_FD_CONFIG, &st) != 0) {
        fputs(_("beffroi: roles are started by \"beffroi guard\", not by hand\n"), stderr);
        return 2;
    }
    /* Nothing is buffered; and a leak checker at exit could not work inside the sandbox. */
    _exit(role_main(THIS_ROLE, &THIS_OPS));
}
