/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/layout.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"

/* No writer takes a day for one object, on whatever host. */
#define UNFINISHED_SECONDS (24 * 60 * 60)

void layout_folder(enum blob_kind kind, const char *name, char out[static LAYOUT_PATH_SIZE])
{
    if (kind == BLOB_CONFIG)
        snprintf(out, LAYOUT_PATH_SIZE, ".");
    else if (kind == BLOB_PACK)
        snprintf(out, LAYOUT_PATH_SIZE, "data/%.2s", name);
    else
        snprintf(out, LAYOUT_PATH_SIZE, "%s", blob_kind_folder(kind));
}

int layout_path(enum blob_kind kind, const char *name, char out[static LAYOUT_PATH_SIZE])
{
    if (kind == BLOB_CONFIG) {
        snprintf(out, LAYOUT_PATH_SIZE, "config");
        return 0;
    }
    if (!blob_is_name(name))
        return err_set(ERR_INVALID, _("\"%.80s\" is not the name of an object"), name);
    layout_folder(kind, name, out);
    size_t length = strlen(out);
    out[length] = '/';
    memcpy(out + length + 1, name, BLOB_NAME_LENGTH + 1);
    return 0;
}

void layout_data_folder(unsigned number, char out[static LAYOUT_FOLDER_SIZE])
{
    snprintf(out, LAYOUT_FOLDER_SIZE, "data/%02x", number & 0xff);
}

/* FNV-1a of the host's name: the repository may be shared over the network. */
static uint32_t host_number(void)
{
    char name[HOST_NAME_MAX + 1] = "";
    gethostname(name, sizeof name - 1);
    uint32_t number = 2166136261U;
    for (const char *c = name; *c; c++)
        number = (number ^ (unsigned char)*c) * 16777619U;
    return number;
}

void layout_temporary(char out[static LAYOUT_TEMPORARY_SIZE])
{
    static atomic_uint counter;
    snprintf(out, LAYOUT_TEMPORARY_SIZE, "tmp-%08" PRIx32 "-%d-%u", host_number(), (int)getpid(),
             atomic_fetch_add(&counter, 1));
}

bool layout_is_abandoned(const char *name, int64_t changed)
{
    uint32_t host;
    int pid, end = 0;
    unsigned number;
    if (sscanf(name, "tmp-%8" SCNx32 "-%d-%u%n", &host, &pid, &number, &end) != 3 || name[end])
        return false;
    if (host == host_number() && pid > 0)
        return kill(pid, 0) != 0 && errno == ESRCH;
    return time(NULL) - changed > UNFINISHED_SECONDS;
}
