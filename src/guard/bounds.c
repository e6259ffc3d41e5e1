/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * role     user          capabilities                          files              may also
 * sensor   root          sys_admin dac_read_search dac_override all                fanotify, pidfds
 *                        sys_ptrace chown fowner sys_nice
 *                        setfcap
 * judge    unprivileged  none                                  none               nothing
 * actor    root          kill net_admin sys_ptrace dac_* chown all                signals, programs, netlink,
 *                        fowner fsetid setfcap sys_nice                        networks of others
 *                        sys_admin
 * vault    root          dac_read_search chown fowner          trees to read,     threads, copies of itself
 *                        sys_admin                             repository, state
 *                                                              (a remote repository: TCP to others, its
 * cache) api      unprivileged  none                                  none               accept clients
 * scribe   root          none                                  the journal        write files
 *
 * Sensor and actor are not confined by landlock: a confined process may not look at /proc/PID/exe, cwd or
 * pidfds of others (landlock denies ptrace access across domains), and telling programs apart is their work.
 */
#include "guard/bounds.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"

/* CAP_SYS_ADMIN is for extended attributes: without it trusted.* are not seen and security.* not set, and in
 * security.NTACL Samba keeps a file's Windows permissions. The list of calls has none of its others, but for
 * the actor's way to the network of a file server in a container. */
#define CAPS_TO_RESTORE                                                                                      \
    (SANDBOX_CAP(CAP_DAC_OVERRIDE) | SANDBOX_CAP(CAP_DAC_READ_SEARCH) | SANDBOX_CAP(CAP_CHOWN) |             \
     SANDBOX_CAP(CAP_FOWNER) | SANDBOX_CAP(CAP_SETFCAP) | SANDBOX_CAP(CAP_SYS_ADMIN))

static void sensor(struct sandbox *s)
{
    s->capabilities = CAPS_TO_RESTORE | SANDBOX_CAP(CAP_SYS_PTRACE) | SANDBOX_CAP(CAP_SYS_NICE);
    s->calls =
        CALLS_THREADS | CALLS_READ_FILES | CALLS_WRITE_FILES | CALLS_OWNERS | CALLS_FANOTIFY | CALLS_NO_CODE;
}

static void actor(struct sandbox *s)
{
    s->capabilities = CAPS_TO_RESTORE | SANDBOX_CAP(CAP_FSETID) | SANDBOX_CAP(CAP_KILL) |
                      SANDBOX_CAP(CAP_NET_ADMIN) | SANDBOX_CAP(CAP_SYS_PTRACE) | SANDBOX_CAP(CAP_SYS_NICE);
    s->calls = CALLS_THREADS | CALLS_READ_FILES | CALLS_WRITE_FILES | CALLS_OWNERS | CALLS_SOCKETS |
               CALLS_KILL | CALLS_EXEC | CALLS_NETWORKS; /* a file server may be in a container */
}

/* For a repository behind a network: how hosts are found, whom TLS believes, and the cache. */
static void network(const struct config *config, struct sandbox *s)
{
    static const char *const files[] = {"/etc/hosts",          "/etc/resolv.conf", "/etc/host.conf",
                                        "/etc/gai.conf",       "/etc/services",    "/etc/ssl",
                                        "/run/systemd/resolve"};
    s->calls = (s->calls & ~(unsigned)CALLS_DENY_SOCKETS) | CALLS_SOCKETS;
    s->connects = true;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        sandbox_allow(s, mem_strdup(files[i]), SANDBOX_READ);
    if (config->server_ca)
        sandbox_allow(s, mem_strdup(config->server_ca), SANDBOX_READ);
    sandbox_allow(s, path_join(config->state, "cache"), SANDBOX_WRITE);
}

static void vault(const struct config *config, struct sandbox *s)
{
    s->capabilities = SANDBOX_CAP(CAP_DAC_READ_SEARCH) | SANDBOX_CAP(CAP_CHOWN) | SANDBOX_CAP(CAP_FOWNER) |
                      SANDBOX_CAP(CAP_SYS_ADMIN); /* to see trusted.* attributes, as above */
    s->calls = CALLS_THREADS | CALLS_FORK | CALLS_READ_FILES | CALLS_WRITE_FILES | CALLS_OWNERS |
               CALLS_DENY_SOCKETS | CALLS_NO_CODE;
    s->files = true;
    for (size_t i = 0; i < config->tree_count; i++)
        sandbox_allow(s, mem_strdup(config->trees[i].path), SANDBOX_READ);
    if (config->remote)
        network(config, s);
    else
        sandbox_allow(s, mem_strdup(config->repository), SANDBOX_WRITE);
    sandbox_allow(s, mem_strdup(config->password_file), SANDBOX_READ);
    sandbox_allow(s, path_join(config->state, "held"), SANDBOX_WRITE);
    sandbox_allow(s, path_join(config->state, "incidents"), SANDBOX_WRITE);
    /* Names of owners for snapshots, the local time, translated texts. */
    sandbox_allow(s, mem_strdup("/etc/passwd"), SANDBOX_READ);
    sandbox_allow(s, mem_strdup("/etc/group"), SANDBOX_READ);
    sandbox_allow(s, mem_strdup("/etc/nsswitch.conf"), SANDBOX_READ);
    sandbox_allow(s, mem_strdup("/usr"), SANDBOX_READ);
}

static void scribe(const struct config *config, struct sandbox *s)
{
    s->files = true;
    s->calls = CALLS_READ_FILES | CALLS_WRITE_FILES | CALLS_NO_CODE;
    sandbox_allow(s, path_join(config->state, "journal"), SANDBOX_WRITE);
}

static int nobody(const struct config *config, struct sandbox *s)
{
    s->drop_user = true;
    s->files = true;
    return sandbox_user(config->user, &s->uid, &s->gid);
}

int bounds_of(enum role role, const struct config *config, struct sandbox *out)
{
    memset(out, 0, sizeof *out);
    switch (role) {
    case ROLE_SENSOR:
        sensor(out);
        return 0;
    case ROLE_ACTOR:
        actor(out);
        return 0;
    case ROLE_VAULT:
        vault(config, out);
        return 0;
    case ROLE_SCRIBE:
        scribe(config, out);
        return 0;
    case ROLE_API:
        out->calls = CALLS_SERVE | CALLS_NO_CODE;
        return nobody(config, out);
    default:
        out->calls = CALLS_NO_CODE;
        return nobody(config, out);
    }
}

void bounds_free(struct sandbox *s)
{
    for (size_t i = 0; i < s->path_count; i++)
        free((char *)(uintptr_t)s->paths[i].path);
    s->path_count = 0;
}
