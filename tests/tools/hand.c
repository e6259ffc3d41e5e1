/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A test's hand on respond/ and recover/: executes one order, prints the action in one line.
 *
 *   hand freeze|thaw STATE PID            hand lockout|readmit STATE CONFIG CLIENT PID
 *   hand username STATE CONFIG CLIENT PID
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "respond/proc.h"
#include "respond/respond.h"

static void name_process(struct actor *who, int32_t pid)
{
    struct proc p = {.pidfd = -1};
    who->pid = who->root_pid = pid;
    if (pid > 0 && proc_read(pid, &p))
        who->start = who->root_start = p.start;
    snprintf(who->exe, sizeof who->exe, "%s", "program");
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    bool freeze = strcmp(argv[1], "freeze") == 0 || strcmp(argv[1], "thaw") == 0;
    struct order order = {.id = 1, .incident = 1, .kind = freeze ? ORDER_FREEZE : ORDER_LOCKOUT};
    order.undo = strcmp(argv[1], "thaw") == 0 || strcmp(argv[1], "readmit") == 0;
    if (!freeze && argc < 6)
        return 2;
    if (!freeze)
        snprintf(order.culprit.client, sizeof order.culprit.client, "%s", argv[4]);
    name_process(&order.culprit, atoi(freeze ? argv[3] : argv[5]));
    struct respond_options options = {.samba_config = freeze ? NULL : argv[3],
                                      .state_fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                      .clock = &clock_system};
    struct respond *r;
    if (respond_open(&options, &r) != 0) {
        fprintf(stderr, "%s\n", err_text());
        return 1;
    }
    if (strcmp(argv[1], "username") == 0) {
        char name[64];
        respond_username(r, &order.culprit, name, sizeof name);
        puts(name);
        respond_close(r);
        return 0;
    }
    struct action action;
    int64_t begin = clock_system.wall_ns(clock_system.self),
            monotonic = clock_system.monotonic_ns(clock_system.self);
    respond_execute(r, &order, &action);
    int64_t end = clock_system.monotonic_ns(clock_system.self);
    printf("%s done=%u failed=%u effect_us=%lld total_us=%lld: %s\n", action_result_name(action.result),
           action.done, action.failed, (long long)(action.time_ns - begin) / 1000,
           (long long)(end - monotonic) / 1000, action.text);
    respond_close(r);
    return action.result == ACTION_DONE ? 0 : 1;
}
