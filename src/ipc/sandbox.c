/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "ipc/landlock.h"
#include "ipc/syscalls.h"

void sandbox_allow(struct sandbox *s, const char *path, unsigned access)
{
    if (path && s->path_count < SANDBOX_MAX_PATHS)
        s->paths[s->path_count++] = (struct sandbox_path){path, access};
}

int sandbox_user(const char *name, uid_t *uid, gid_t *gid)
{
    struct passwd *found = getpwnam(name ? name : "beffroi");
    if (!found && !name)
        found = getpwnam("nobody");
    if (!found)
        return err_hint(
            err_set(ERR_NOT_FOUND, _("there is no user \"%s\" on this machine"), name ? name : "nobody"),
            _("make it (adduser --system --group %s) or change \"user\" in the configuration"),
            name ? name : "nobody");
    if (found->pw_uid == 0)
        return err_set(ERR_INVALID, _("the user \"%s\" is root; the judge and the api must not be"),
                       found->pw_name);
    *uid = found->pw_uid;
    *gid = found->pw_gid;
    return 0;
}

/* What is not in the permitted set now cannot be kept; a container may have taken it away. */
static void choose_capabilities(uint64_t wanted)
{
    uint64_t kept = 0;
    for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
        if ((wanted & SANDBOX_CAP(cap)) && capng_have_capability(CAPNG_PERMITTED, cap))
            kept |= SANDBOX_CAP(cap);
    capng_clear(CAPNG_SELECT_ALL);
    for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (kept & SANDBOX_CAP(cap))
            capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, cap);
}

static int drop_privileges(const struct sandbox *s)
{
    if (capng_get_caps_process() != 0)
        return err_set(ERR_SYSTEM, _("cannot read the capabilities of this process"));
    choose_capabilities(s->capabilities);
    int code = s->drop_user ? capng_change_id((int)s->uid, (int)s->gid,
                                              (capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING))
                            : capng_apply(CAPNG_SELECT_BOTH);
    if (code != 0)
        return err_set(ERR_PERMISSION, _("cannot give up privileges (libcap-ng error %d)"), code);
    if (s->drop_user && (getuid() == 0 || geteuid() == 0 || setuid(0) == 0))
        return err_set(ERR_PERMISSION, _("still root after giving up root"));
    return 0;
}

int sandbox_enter(const struct sandbox *s, char *note, size_t size)
{
    if (size)
        note[0] = '\0';
    int err = drop_privileges(s);
    if (err)
        return err;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(_("cannot renounce new privileges"));
    err = s->files ? landlock_enter(s) : 0;
    if (err == ERR_UNSUPPORTED) {
        snprintf(note, size, "%s", err_text());
        err = 0;
    }
    return err ? err : syscalls_enter(s->calls);
}
