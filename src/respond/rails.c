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

static const struct rail rail_table[] = {
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

void rails_init(struct rails *rails, const int32_t *own_pids, size_t own_pid_count)
{
    *rails = (struct rails){.own_pids = own_pids, .own_pid_count = own_pid_count};
    struct proc p = {.parent = (int32_t)getpid()};
    while (p.parent > 0 && rails->ancestor_count < sizeof rails->ancestors / sizeof rails->ancestors[0]) {
        rails->ancestors[rails->ancestor_count++] = p.parent;
        if (!proc_read(p.parent, &p))
            break;
    }
}

static bool is_one_of(int32_t pid, const int32_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

const char *rails_reason(const struct rails *rails, const struct proc *p)
{
    if (p->pid == 1)
        return N_("it is the first process of the machine");
    if (p->kernel || p->pid == 2)
        return N_("it is part of the kernel");
    if (is_one_of(p->pid, rails->own_pids, rails->own_pid_count))
        return N_("it is the guard itself");
    if (is_one_of(p->pid, rails->ancestors, rails->ancestor_count))
        return N_("the guard was started by it");
    char exe[PATH_MAX];
    proc_exe(p->pid, exe, sizeof exe);
    for (size_t i = 0; i < sizeof rail_table / sizeof rail_table[0]; i++)
        if (matches(&rail_table[i], exe))
            return rail_table[i].why;
    return NULL;
}
