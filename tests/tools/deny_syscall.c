/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs a program on a kernel that seems to lack something:
 *   deny_syscall open-perm|targets|fanotify PROGRAM [ARGUMENT]...
 * open-perm: fanotify_mark with FAN_OPEN_PERM is EINVAL, as without CONFIG_FANOTIFY_ACCESS_PERMISSIONS.
 * targets: fanotify_init with FAN_REPORT_TARGET_FID is EINVAL, as before Linux 5.17.
 * fanotify: fanotify_init is ENOSYS.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int rc = -1;
    if (strcmp(argv[1], "open-perm") == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(fanotify_mark), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, FAN_OPEN_PERM, FAN_OPEN_PERM));
    else if (strcmp(argv[1], "targets") == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(fanotify_init), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, FAN_REPORT_TARGET_FID, FAN_REPORT_TARGET_FID));
    else if (strcmp(argv[1], "fanotify") == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(fanotify_init), 0);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    if (rc != 0) {
        fprintf(stderr, "deny_syscall: %s\n", strerror(-rc));
        return 2;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 2;
}
