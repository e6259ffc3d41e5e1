/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"

#include <stdio.h>

#include "base/err.h"

int cmd_fail(int err)
{
    fprintf(stderr, "beffroi: %s\n", err_text());
    if (*err_hint_text())
        fprintf(stderr, "%s\n", err_hint_text());
    return err == ERR_PARTIAL ? 3 : 1;
}
