/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steps that give files their bytes back are collected and share their syncs (see restore.c); all others are
 * done one by one. A step is recorded as done only when what it did is on the disk. Everything is reached
 * through the descriptor of the protected tree, beneath which openat2 keeps every name.
 *
 * Needs: CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER, CAP_FSETID, and CAP_SYS_ADMIN for trusted.* and security.*
 * attributes (CAP_SETFCAP for file capabilities); system calls: openat, openat2, mkdirat, renameat2, linkat,
 * unlinkat, symlinkat, readlinkat, newfstatat, fstat, faccessat, faccessat2, pread64, pwrite64, read, write,
 * lseek, ftruncate, ioctl(FICLONE), fchown, fchownat, fchmod, fchmodat, utimensat, fgetxattr, fsetxattr,
 * flistxattr, fremovexattr, fsync, fdatasync, syncfs, getdents64, close; write access to the trees and to
 * the state folder's incidents/, read access to shadow/.
 */
#include "recover/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "recover/applystep.h"
#include "recover/putback.h"
#include "recover/work.h"

#define BATCH_STEPS 512
#define BATCH_BYTES (256u << 20)

static int incident_folder(const struct apply_options *options, uint32_t incident)
{
    char name[48];
    const char *parts[] = {"incidents", name};
    snprintf(name, sizeof name, "incidents/%u", incident);
    for (size_t i = 0; i < 2; i++)
        if (mkdirat(options->state_fd, parts[i], 0700) == 0) {
            int err = durable_sync_folder(options->state_fd, "incidents");
            if (err)
                return err;
        } else if (errno != EEXIST) {
            return err_sys(_("cannot make the folder of incident %u"), incident);
        }
    int fd = openat(options->state_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder of incident %u"), incident) : fd;
}

int apply_plan(const struct apply_options *options, uint32_t incident, const struct step *steps, size_t count)
{
    int folder FD_AUTO = incident_folder(options, incident);
    if (folder < 0)
        return folder;
    int err = planfile_write(folder, steps, count);
    if (err == ERR_EXISTS) /* a number that was given twice: the journal was away when it was given */
        return err_hint(
            err_in(err, _("incident %u"), incident),
            _("move the folder incidents/%u of the state folder away, then: beffroi incident rollback %u"),
            incident, incident);
    return err ? err : durable_sync_folder(options->state_fd, "incidents");
}

/* --- running ---------------------------------------------------------------------------------------------
 */

struct run {
    struct work *w;
    struct action *action;
    size_t *batch; /* indices of prepared restores */
    size_t batch_count;
    uint64_t batch_bytes;
    struct done *pending; /* done, not yet recorded */
    size_t pending_count, pending_room;
    struct step *step; /* the one at hand */
    char last_error[256];
    int fatal; /* the state folder failed: stop */
};

static void count_result(struct run *run, enum step_result result)
{
    struct action *a = run->action;
    if (result == STEP_LOST || result == STEP_FAILED)
        a->failed++;
    else
        a->done++;
    if (result == STEP_KEPT_BOTH)
        a->kept++;
    if (result == STEP_FAILED || result == STEP_LOST)
        snprintf(run->last_error, sizeof run->last_error, "%.250s", err_text());
}

/* A step came out this way; recorded at the next sync, unless it failed: then it stays to be done. */
static void settle(struct run *run, const struct step *step, struct done *record)
{
    const struct apply_options *o = run->w->options;
    enum step_result result = (enum step_result)record->result;
    count_result(run, result);
    if (o->result)
        o->result(run->w->incident, step, result, err_text(), o->self);
    err_clear();
    if (result == STEP_FAILED) {
        free(record->beside);
        return;
    }
    if (run->pending_count == run->pending_room) {
        run->pending_room = run->pending_room ? run->pending_room * 2 : 256;
        run->pending = mem_resize(run->pending, run->pending_room, sizeof *run->pending);
    }
    run->pending[run->pending_count++] = *record;
}

static void record_pending(struct run *run)
{
    for (size_t i = 0; i < run->pending_count; i++) {
        if (!run->fatal)
            run->fatal = donefile_add(&run->w->done, &run->pending[i]);
        else
            free(run->pending[i].beside);
    }
    if (!run->fatal && run->pending_count > 0)
        run->fatal = donefile_sync(&run->w->done);
    run->pending_count = 0;
}

/* What is prepared gets onto the disk, and with it what was done before; then the prepared ones take their
 * places. */
static void flush_batch(struct run *run)
{
    if (run->batch_count == 0 && run->pending_count == 0)
        return;
    int err = work_sync(run->w);
    if (err) {
        run->fatal = err;
        return;
    }
    record_pending(run);
    for (size_t i = 0; i < run->batch_count && !run->fatal; i++) {
        planfile_step(&run->w->plan, run->batch[i], run->step);
        struct done record = {.number = run->step->number};
        err_clear();
        restore_commit(run->w, run->step, &record);
        settle(run, run->step, &record);
    }
    run->batch_count = 0;
    run->batch_bytes = 0;
}

static void add_restore(struct run *run, size_t index)
{
    enum step_result outcome;
    err_clear();
    restore_prepare(run->w, run->step, &outcome);
    if (outcome) {
        struct done record = {.number = run->step->number, .result = (uint8_t)outcome};
        settle(run, run->step, &record);
        return;
    }
    run->batch[run->batch_count++] = index;
    run->batch_bytes += run->step->version.size;
    if (run->batch_count == BATCH_STEPS || run->batch_bytes >= BATCH_BYTES)
        flush_batch(run);
}

static void run_step(struct run *run, size_t index)
{
    planfile_step(&run->w->plan, index, run->step);
    if (run->step->kind == STEP_RESTORE) {
        add_restore(run, index);
        return;
    }
    if (run->batch_count > 0) {
        flush_batch(run);
        planfile_step(&run->w->plan, index, run->step); /* the flush used it for others */
    }
    if (run->fatal)
        return;
    struct done record = {.number = run->step->number};
    err_clear();
    applystep_do(run->w, run->step, &record);
    settle(run, run->step, &record);
}

static void describe(const struct run *run, int err)
{
    struct action *a = run->action;
    if (err) {
        a->result = a->done > 0 ? ACTION_PARTLY : ACTION_FAILED;
        snprintf(a->text, sizeof a->text, _("the recovery stopped: %s"), err_text());
        return;
    }
    a->result = a->failed == 0 ? ACTION_DONE : a->done > 0 ? ACTION_PARTLY : ACTION_FAILED;
    int length =
        snprintf(a->text, sizeof a->text, P_("%u file put back", "%u files put back", a->done), a->done);
    if (a->kept > 0 && length > 0 && (size_t)length < sizeof a->text)
        length += snprintf(a->text + length, sizeof a->text - (size_t)length,
                           P_("; %u of them had been changed since by somebody else: both versions were kept",
                              "; %u of them had been changed since by somebody else: both versions were kept",
                              a->kept),
                           a->kept);
    if (a->failed > 0 && length > 0 && (size_t)length < sizeof a->text)
        snprintf(a->text + length, sizeof a->text - (size_t)length, _("; %u could not be put back (%s)"),
                 a->failed, run->last_error);
}

static int run_all(struct work *w, struct action *action)
{
    struct run run = {.w = w, .action = action};
    run.batch = mem_zalloc(BATCH_STEPS, sizeof *run.batch);
    run.step = mem_zalloc(1, sizeof *run.step);
    for (size_t i = 0; i < w->plan.count && !run.fatal; i++) {
        enum step_result before = (enum step_result)w->done.steps[i].result;
        if (!before)
            run_step(&run, i);
        else
            count_result(&run, before);
    }
    while ((run.batch_count > 0 || run.pending_count > 0) && !run.fatal)
        flush_batch(&run);
    foldertimes_apply(w->times, w);
    describe(&run, run.fatal);
    free(run.pending);
    free(run.batch);
    free(run.step);
    return run.fatal ? run.fatal : action->failed > 0 ? ERR_PARTIAL : 0;
}

static void start_action(struct action *action, uint32_t incident)
{
    action->incident = incident;
    action->done = action->failed = action->kept = 0;
    action->text[0] = '\0';
    action->result = ACTION_FAILED;
}

int apply_run(const struct apply_options *options, uint32_t incident, struct action *action)
{
    struct work w;
    start_action(action, incident);
    int err = work_open(&w, options, incident);
    if (err) {
        snprintf(action->text, sizeof action->text, "%.500s", err_text());
        return err;
    }
    err = w.done.undoing || w.done.undone ? putback_run(&w, action) : run_all(&w, action);
    work_close(&w);
    return err;
}

int apply_put_back(const struct apply_options *options, uint32_t incident, struct action *action)
{
    struct work w;
    start_action(action, incident);
    int err = work_open(&w, options, incident);
    if (err) {
        snprintf(action->text, sizeof action->text, "%.500s", err_text());
        return err;
    }
    err = putback_run(&w, action);
    work_close(&w);
    return err;
}
