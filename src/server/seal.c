/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

bool seal_is_set(int state)
{
    struct stat st;
    return fstatat(state, SEAL_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int seal_set(int state)
{
    char when[TIME_TEXT_SIZE];
    time_format_utc(clock_system.wall_ns(clock_system.self), when);
    char *text MEM_AUTO = mem_printf("%s\n", when);
    return durable_create(state, SEAL_NAME, text, strlen(text), 0644);
}

int seal_break(int state)
{
    if (unlinkat(state, SEAL_NAME, 0) != 0)
        return err_sys("%s", _("cannot break the seal"));
    return durable_sync_folder(state, SEAL_NAME);
}
