/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/town_yard.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "drill/town.h"

#define MANIFEST_LIMIT (64u << 20)

static int write_manifest(const struct yard *yard, const struct manifest *manifest)
{
    struct buf b BUF_AUTO;
    buf_init(&b, MANIFEST_LIMIT);
    manifest_encode(manifest, &b);
    return durable_write(yard->fd, YARD_MANIFEST, b.data, b.length, 0400);
}

static int fill(struct yard *yard, struct manifest **manifest)
{
    /* Agents may make files and folders at the top of the share, as everywhere in it. */
    if (fchown(yard->share, TOWN_UID_FIRST, TOWN_GID) < 0 || fchmod(yard->share, 02775) < 0)
        return err_sys(_("cannot give %s to the agents"), yard->share_path);
    struct town *town = town_plan(yard->seed, yard->village);
    int code = town_build(town, yard->share, true);
    town_free(town);
    if (code == 0)
        code = manifest_read(yard->share, TOWN_COLLEAGUE_FOLDER, manifest);
    return code == 0 ? write_manifest(yard, *manifest) : code;
}

int town_yard_make(const char *base, uint64_t seed, bool village, struct yard **out,
                   struct manifest **manifest)
{
    struct yard *yard;
    int code = yard_create(base, seed, village, &yard);
    if (code < 0)
        return code;
    code = fill(yard, manifest);
    if (code < 0) {
        yard_remove(yard);
        yard_free(yard);
    } else {
        *out = yard;
    }
    return code;
}

int town_yard_manifest(const struct yard *yard, struct manifest **out)
{
    struct buf b BUF_AUTO;
    buf_init(&b, MANIFEST_LIMIT);
    int code = fd_read_file(yard->fd, YARD_MANIFEST, &b);
    return code < 0 ? code : manifest_decode(b.data, b.length, out);
}
