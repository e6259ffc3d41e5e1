/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Freezing a process tree. SIGSTOP comes first, because it needs nothing and takes effect at once; the
 * control group holds against a SIGCONT that the culprit's friends might send. A process that forks while we
 * look is found by looking again: once all known ones are stopped and have no unknown child, the tree is
 * whole.
 *
 * Needs: CAP_KILL, CAP_SYS_PTRACE (to read /proc/PID/exe of other users), CAP_DAC_OVERRIDE and write access
 * to the cgroup v2 mount; system calls: pidfd_open, pidfd_send_signal, openat, read, write, readlink,
 * readlinkat, getdents64, newfstatat, access, mkdir, rmdir, renameat, clock_nanosleep, close.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "respond/rails.h"
#include "respond/responder.h"

#define STOP_WAIT (500 * NS_PER_MS)
#define KERNEL_GRACE                                                                                         \
    (5 * NS_PER_MS) /* a short disk wait ends by itself; longer ones are counted as stopped */
#define ROUNDS_MOST 64

void proclist_add(struct proclist *list, const struct proc *p)
{
    list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = *p;
}

bool proclist_has(const struct proclist *list, int32_t pid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pid == pid)
            return true;
    return false;
}

void proclist_free(struct proclist *list)
{
    for (size_t i = 0; i < list->count; i++)
        proc_close(&list->items[i]);
    free(list->items);
    *list = (struct proclist){0};
}

size_t proclist_wait_stopped(const struct proclist *list, size_t *waiting)
{
    int64_t begin = clock_system.monotonic_ns(clock_system.self);
    for (;;) {
        size_t running = 0;
        *waiting = 0;
        for (size_t i = 0; i < list->count; i++) {
            bool in_kernel = false;
            if (!proc_is_stopped(list->items[i].pid, &in_kernel))
                running++;
            else if (in_kernel)
                (*waiting)++;
        }
        int64_t spent = clock_system.monotonic_ns(clock_system.self) - begin;
        if ((running == 0 && (*waiting == 0 || spent > KERNEL_GRACE)) || spent > STOP_WAIT)
            return running;
        usleep(50);
    }
}

/* --- the tree ---------------------------------------------------------------------------------------------
 */

struct sweep {
    struct rails rails;
    struct proclist tree;
    int32_t parent; /* whose children are being listed */
    int32_t group;  /* the root leads it: its processes belong to the tree whatever their parent is now */
    size_t spared;
    const char *why_spared;
    size_t fresh; /* found in this round */
};

static void stop_one(struct sweep *s, int32_t pid, uint64_t start, int32_t parent)
{
    struct proc p;
    if (proclist_has(&s->tree, pid) || !proc_open(pid, start, &p))
        return;
    const char *why = parent != 0 && p.parent != parent ? NULL : rails_reason(&s->rails, &p);
    if ((parent != 0 && p.parent != parent) || why) {
        if (why && s->why_spared != why) {
            s->spared++;
            s->why_spared = why;
        }
        proc_close(&p);
        return;
    }
    proc_signal(&p, SIGSTOP);
    proclist_add(&s->tree, &p);
    s->fresh++;
}

static void stop_child(int32_t pid, void *self)
{
    struct sweep *s = self;
    stop_one(s, pid, 0, s->parent);
}

static void stop_if_child_or_member(int32_t pid, void *self)
{
    struct sweep *s = self;
    struct proc p = {.pidfd = -1};
    if (proclist_has(&s->tree, pid) || !proc_read(pid, &p) || p.kernel)
        return;
    bool member = s->group > 0 && pid != s->group && getpgid(pid) == s->group;
    if (member || proclist_has(&s->tree, p.parent))
        stop_one(s, pid, p.start, 0);
}

/* One look at all known processes' children; true when something new was found. */
static bool stop_children(struct sweep *s)
{
    s->fresh = 0;
    bool listed = true;
    for (size_t i = 0; i < s->tree.count && listed; i++) {
        s->parent = s->tree.items[i].pid;
        listed = proc_children(s->parent, stop_child, s);
    }
    if (!listed)
        proc_all(stop_if_child_or_member, s);
    return s->fresh > 0;
}

static void stop_tree(struct sweep *s, const struct actor *culprit)
{
    stop_one(s, culprit->root_pid, culprit->root_start, 0);
    if (s->tree.count > 0 && getpgid(culprit->root_pid) == culprit->root_pid)
        s->group = culprit->root_pid;
    stop_one(s, culprit->pid, culprit->start, 0);
    size_t waiting;
    for (int round = 0; round < ROUNDS_MOST; round++) {
        while (stop_children(s) && ++round < ROUNDS_MOST)
            ;
        /* A fork that was under way when its parent was told to stop ends before the parent stands still. */
        proclist_wait_stopped(&s->tree, &waiting);
        if (!stop_children(s))
            break;
    }
}

/* Those whose parent has ended hang under pid 1; they are found by their group. A look at all processes takes
 * longer, so it comes when the rest stands still. */
static void stop_orphans(struct sweep *s)
{
    s->fresh = 0;
    if (s->group > 0 && s->tree.count > 0)
        proc_all(stop_if_child_or_member, s);
    if (s->fresh > 0)
        while (stop_children(s))
            ;
}

/* --- doing -------------------------------------------------------------------------------------------------
 */

static void group_name(const struct contained *e, char out[static 64])
{
    snprintf(out, 64, "%u-%d", e->incident, e->root_pid);
}

/* Moves the stopped tree into a frozen group of its own; 0 or why not. */
static int hold_in_group(struct respond *r, const struct sweep *s, struct contained *e)
{
    char name[64], cgroup[CGROUP_PATH_SIZE];
    group_name(e, name);
    for (size_t i = 0; i < s->tree.count; i++) {
        const struct proc *p = &s->tree.items[i];
        cgroup_of(p->pid, cgroup, sizeof cgroup);
        containment_add_process(e, p->pid, p->start, p->was_stopped, cgroup);
    }
    int err = containment_save(&r->containment, true);
    if (err)
        return err;
    err = cgroup_make(name);
    for (size_t i = 0; i < s->tree.count && !err; i++)
        if (cgroup_put(name, s->tree.items[i].pid) != 0 && proc_signal(&s->tree.items[i], 0))
            err = ERR_PARTIAL; /* it lives, and could not be moved; the text is from the write */
    if (!err)
        err = cgroup_freeze(name, true);
    return err;
}

static int check(struct respond *r, const struct order *order)
{
    const struct actor *who = &order->culprit;
    (void)r;
    if (who->root_pid > 1 || who->pid > 1)
        return 0;
    return err_set(ERR_INVALID, _("the process is not known, so it cannot be frozen"));
}

static const char *program_of(const struct actor *who)
{
    return who->exe[0] ? who->exe : _("an unknown program");
}

static void say_gone(const struct order *order, struct action *action)
{
    action->result = ACTION_DONE;
    snprintf(action->text, sizeof action->text, _("%s (process %d) had ended before it could be frozen"),
             program_of(&order->culprit), order->culprit.pid);
}

static void say_frozen(const struct sweep *s, const struct order *order, size_t running, size_t waiting,
                       int held, struct action *action)
{
    char more[240] = "";
    if (running > 0)
        snprintf(more, sizeof more, _("; %zu did not stop in time"), running);
    else if (held != 0)
        snprintf(more, sizeof more, _("; by signal alone, without a control group: %.150s"), err_text());
    else if (waiting > 0)
        snprintf(more, sizeof more, _("; %zu still waited for the kernel"), waiting);
    snprintf(action->text, sizeof action->text,
             P_("froze %.200s and its process tree: %zu process%s",
                "froze %.200s and its process tree: %zu processes%s", s->tree.count),
             program_of(&order->culprit), s->tree.count, more);
    action->done = (uint32_t)(s->tree.count - running);
    action->failed = (uint32_t)running;
    action->result = running == 0 ? ACTION_DONE : ACTION_PARTLY;
}

static void execute(struct respond *r, const struct order *order, struct action *action)
{
    struct sweep s = {0};
    size_t waiting = 0;
    rails_init(&s.rails, r->options.own_pids, r->options.own_pid_count);
    struct contained *e = containment_take(&r->containment, order);
    int noted = containment_save(&r->containment, false); /* before, so that a crash here can be undone too */
    stop_tree(&s, &order->culprit);
    size_t running = proclist_wait_stopped(&s.tree, &waiting);
    action->time_ns = r->options.clock->wall_ns(r->options.clock->self);
    stop_orphans(&s);
    if (s.tree.count == 0) {
        if (s.why_spared) {
            action->result = ACTION_FAILED;
            snprintf(action->text, sizeof action->text, _("%.200s (process %d) was not frozen: %s"),
                     program_of(&order->culprit), order->culprit.pid, _(s.why_spared));
        } else {
            say_gone(order, action);
        }
        if (e->process_count == 0)
            containment_drop(&r->containment, e);
        (void)containment_save(&r->containment, false);
        return;
    }
    int held = hold_in_group(r, &s, e);
    say_frozen(&s, order, running, waiting, held ? held : noted, action);
    proclist_free(&s.tree);
}

/* --- undoing -----------------------------------------------------------------------------------------------
 */

struct thaw {
    const struct contained *entry;
};

static void send_home(int32_t pid, void *self)
{
    const struct contained *e = ((struct thaw *)self)->entry;
    const char *cgroup = "/";
    for (size_t i = 0; i < e->process_count; i++)
        if (e->processes[i].pid == pid && e->processes[i].cgroup[0])
            cgroup = e->processes[i].cgroup;
    (void)cgroup_return(cgroup, pid); /* at worst it stays in a group that is thawed */
}

static uint32_t continue_all(const struct contained *e)
{
    uint32_t woken = 0;
    for (size_t i = 0; i < e->process_count; i++) {
        struct proc p;
        if (!proc_open(e->processes[i].pid, e->processes[i].start, &p))
            continue;
        if (!e->processes[i].was_stopped)
            proc_signal(&p, SIGCONT);
        proc_close(&p);
        woken++;
    }
    return woken;
}

/* A crash came between the stop and the note of who was stopped: the tree is looked up again. */
static void find_again(struct respond *r, struct contained *e)
{
    struct sweep s = {0};
    rails_init(&s.rails, r->options.own_pids, r->options.own_pid_count);
    struct actor who = {.root_pid = e->root_pid, .root_start = e->root_start};
    stop_tree(&s, &who);
    stop_orphans(&s);
    for (size_t i = 0; i < s.tree.count; i++)
        containment_add_process(e, s.tree.items[i].pid, s.tree.items[i].start, false, "");
    proclist_free(&s.tree);
}

static void undo(struct respond *r, const struct order *order, struct action *action)
{
    struct contained *e = containment_find(&r->containment, ORDER_FREEZE, &order->culprit);
    if (!e) {
        action->result = ACTION_DONE;
        snprintf(action->text, sizeof action->text, _("%.200s is not frozen"), program_of(&order->culprit));
        return;
    }
    char name[64];
    struct thaw thaw = {.entry = e};
    if (e->process_count == 0)
        find_again(r, e);
    group_name(e, name);
    (void)cgroup_freeze(name, false); /* fails when there is no group: then the signal is all there was */
    cgroup_each(name, send_home, &thaw);
    action->done = continue_all(e);
    action->time_ns = r->options.clock->wall_ns(r->options.clock->self);
    cgroup_remove(name);
    containment_drop(&r->containment, e);
    action->result = ACTION_DONE;
    snprintf(action->text, sizeof action->text,
             P_("%.200s continues: %u process", "%.200s continues: %u processes", action->done),
             program_of(&order->culprit), action->done);
    if (containment_save(&r->containment, true) != 0) {
        action->result = ACTION_PARTLY;
        snprintf(action->text, sizeof action->text, "%.500s", err_text());
    }
}

static void describe(struct respond *r, const struct order *order, struct action *action)
{
    (void)r;
    snprintf(action->text, sizeof action->text,
             order->undo ? _("would let %.200s (process %d) continue")
                         : _("would freeze %.200s (process %d) and its tree"),
             program_of(&order->culprit), order->culprit.pid);
}

const struct responder freeze_responder = {ORDER_FREEZE, check, execute, undo, describe, NULL};
