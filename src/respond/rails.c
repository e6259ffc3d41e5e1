/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "respond/rails.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"

struct rail {
    const char *path; /* of the program; one that ends in '/' stands for all below it */
    const char *why;
};

static const struct rail rails[] = {
    {"/lib/systemd/", N_("the service manager and its helpers keep the machine going")},
    {"/usr/lib/systemd/", N_("the service manager and its helpers keep the machine going")},
    {"/sbin/init", N_("it is the first process of the machine")},
    {"/usr/sbin/sshd", N_("it is the administrator's way in")},
    {"/usr/lib/openssh/", N_("it is the administrator's way in")},
    {"/usr/libexec/openssh/", N_("it is the administrator's way in")},
    {"/usr/bin/login", N_("it is the administrator's way in")},
    {"/usr/sbin/agetty", N_("it is the administrator's way in")},
    {"/sbin/agetty", N_("it is the administrator's way in")},
    {"/usr/bin/dbus-daemon", N_("the other services talk through it")},
    {"/usr/bin/dbus-broker", N_("the other services talk through it")},
    {"/usr/sbin/rsyslogd", N_("the log of the incident is written by it")},
    {"/usr/sbin/auditd", N_("the log of the incident is written by it")},
    {"/usr/sbin/smbd", N_("it serves other clients too; its client is locked out instead")},
    {"/usr/sbin/winbindd", N_("the users of the file server are looked up by it")},
    {"/usr/sbin/nmbd", N_("it serves all clients")},
    {"/usr/sbin/sssd", N_("the users of this machine are looked up by it")},
    {"/usr/bin/containerd", N_("all containers depend on it")},
    {"/usr/bin/containerd-shim-runc-v2", N_("a whole container depends on it")},
    {"/usr/bin/dockerd", N_("all containers depend on it")},
    {"/usr/sbin/libvirtd", N_("all virtual machines depend on it")},
};

static bool matches(const struct rail *rail, const char *exe)
{
    size_t length = strlen(rail->path);
    return rail->path[length - 1] == '/' ? strncmp(exe, rail->path, length) == 0
                                         : strcmp(exe, rail->path) == 0;
}

/* This process and those above it: stopping one of them stops ourselves. */
static bool is_ancestor(int32_t pid)
{
    struct proc p;
    int32_t at = (int32_t)getpid();
    for (int depth = 0; at > 0 && depth < 64; depth++) {
        if (at == pid)
            return true;
        if (!proc_read(at, &p))
            return false;
        at = p.parent;
    }
    return false;
}

const char *rails_reason(const struct proc *p, const int32_t *own_pids, size_t own_pid_count)
{
    if (p->pid == 1)
        return N_("it is the first process of the machine");
    if (p->kernel || p->pid == 2)
        return N_("it is part of the kernel");
    for (size_t i = 0; i < own_pid_count; i++)
        if (own_pids[i] == p->pid)
            return N_("it is the guard itself");
    if (is_ancestor(p->pid))
        return N_("the guard was started by it");
    char exe[PATH_MAX];
    proc_exe(p->pid, exe, sizeof exe);
    for (size_t i = 0; i < sizeof rails / sizeof rails[0]; i++)
        if (matches(&rails[i], exe))
            return rails[i].why;
    return NULL;
}
