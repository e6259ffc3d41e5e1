/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "guard/program.h"
#include "guard/role.h"

#define SENSOR_NICE   (-10) /* whoever opens a file waits for it */
#define MAX_VARIABLES 32

extern char **environ;

/* The variables a role sees: language, time zone, where the log goes, and what sanitizers read. */
static void choose_environment(char *chosen[MAX_VARIABLES + 2])
{
    static const char *const kept[] = {
        "LANG=",         "LC_",           "LANGUAGE=", "TZ=", "JOURNAL_STREAM=", "BEFFROI_LOCALEDIR=",
        "ASAN_OPTIONS=", "UBSAN_OPTIONS="};
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    size_t count = 0;
    chosen[count++] = path;
    for (char **at = environ; *at && count <= MAX_VARIABLES; at++)
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
            if (strncmp(*at, kept[i], strlen(kept[i])) == 0) {
                chosen[count++] = *at;
                break;
            }
    chosen[count] = NULL;
}

/* In the child: moves the descriptors up first, so that none is overwritten before it is in its place.
 * Returns where the program is. */
static int place(int program, int control, int config, int pulse)
{
    int high[3] = {fcntl(control, F_DUPFD, 16), fcntl(config, F_DUPFD, 16),
                   pulse >= 0 ? fcntl(pulse, F_DUPFD, 16) : -1};
    int executed = fcntl(program, F_DUPFD, 16);
    if (dup2(high[0], ROLE_FD_CONTROL) < 0 || dup2(high[1], ROLE_FD_CONFIG) < 0)
        return -1;
    if (pulse >= 0 && dup2(high[2], ROLE_FD_PULSE) < 0)
        return -1;
    int place = pulse >= 0 ? ROLE_FD_PULSE + 1 : ROLE_FD_PULSE, first_free = place + 1;
    if (dup3(executed, place, O_CLOEXEC) < 0)
        return -1;
    /* close_range: kernel 5.9; older ones close one by one. */
    if (syscall(SYS_close_range, first_free, ~0U, 0) != 0)
        for (int fd = first_free; fd < 1024; fd++)
            close(fd);
    return place;
}

static void become(enum role role, int program, int control, int config, int pulse) __attribute__((noreturn));
static void become(enum role role, int program, int control, int config, int pulse)
{
    char *chosen[MAX_VARIABLES + 2];
    choose_environment(chosen);
    setpriority(PRIO_PROCESS, 0, role == ROLE_SENSOR ? SENSOR_NICE : 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    char name[32];
    snprintf(name, sizeof name, "beffroi-%s", role_name(role));
    char *arguments[] = {name, NULL};
    int executed = place(program, control, config, role == ROLE_SENSOR ? pulse : -1);
    if (executed >= 0)
        program_run(executed, arguments, chosen);
    _exit(ROLE_EXIT_START);
}

pid_t spawn_role(enum role role, int program, int control, int config, int pulse)
{
    pid_t pid = fork();
    if (pid == 0)
        become(role, program, control, config, pulse);
    if (pid < 0)
        return err_sys(_("cannot start the %s"), role_name(role));
    return pid;
}
