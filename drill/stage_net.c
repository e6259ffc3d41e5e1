/* SPDX-License-Identifier: GPL-3.0-or-later
 * setns by hand instead of "ip netns exec", which mounts /sys anew and so hides the cgroups.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/process.h"
#include "drill/stage.h"

/* A new network namespace, held by nothing but the descriptor. */
static int make_namespace(int *out)
{
    int ends[2], status;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(_("cannot make a pipe"));
    pid_t pid = fork();
    if (pid == 0) {
        char ready = unshare(CLONE_NEWNET) == 0;
        if (write(ends[1], &ready, 1) == 1)
            pause();
        _exit(0);
    }
    close(ends[1]);
    char ready = 0, path[64];
    if (pid > 0 && read(ends[0], &ready, 1) == 1 && ready) {
        snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
        *out = open(path, O_RDONLY | O_CLOEXEC);
    }
    int saved = errno;
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    errno = saved;
    return *out < 0 ? err_sys(_("cannot make a network namespace")) : 0;
}

/* Runs "ip ARGUMENTS..." in a namespace. */
static int ip(const struct stage *s, enum stage_place where, const char *const *argv)
{
    char *log MEM_AUTO = path_join(s->yard->path, "network.log");
    const struct process p = {.argv = argv, .netns = s->net[where], .log = log};
    return process_must(&p);
}

#define IP(stage, where, ...) ip((stage), (where), (const char *const[]){"ip", __VA_ARGS__, NULL})

/* A cable from the switch to the place, with its address. */
static int plug(const struct stage *s, enum stage_place where, const char *port, const char *address)
{
    char there[64];
    snprintf(there, sizeof there, "/proc/%d/fd/%d", getpid(), s->net[where]);
    int code =
        IP(s, STAGE_SWITCH, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", there);
    if (code == 0)
        code = IP(s, STAGE_SWITCH, "link", "set", port, "master", "bridge", "up");
    if (code == 0)
        code = IP(s, where, "address", "add", address, "dev", "eth0");
    if (code == 0)
        code = IP(s, where, "link", "set", "lo", "up");
    return code == 0 ? IP(s, where, "link", "set", "eth0", "up") : code;
}

int stage_net_raise(struct stage *s)
{
    for (int i = 0; i < STAGE_PLACES; i++) {
        int code = make_namespace(&s->net[i]);
        if (code < 0)
            return code;
    }
    int code = IP(s, STAGE_SWITCH, "link", "add", "bridge", "type", "bridge");
    if (code == 0)
        code = IP(s, STAGE_SWITCH, "link", "set", "bridge", "up");
    if (code == 0)
        code = plug(s, STAGE_SERVER, "server", STAGE_SERVER_IP "/24");
    if (code == 0)
        code = plug(s, STAGE_INFECTED, "infected", STAGE_INFECTED_IP "/24");
    return code == 0 ? plug(s, STAGE_COLLEAGUE, "colleague", STAGE_COLLEAGUE_IP "/24") : code;
}
