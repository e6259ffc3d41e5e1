/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/vault_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "ipc/channel.h"
#include "sensor/held.h"
#include "vault/backup.h"
#include "vault/fetch.h"

#define PASSWORD_MAX 4096

/* Opening --------------------------------------------------------------------------------------------------
 */

static int wrong_password(int err, const struct config *config)
{
    return err_hint(err,
                    _("write the password that was noted when the vault was made into %s, and start the "
                      "guard again"),
                    config->password_file);
}

static int read_password(const struct config *config, struct buf *password)
{
    buf_init(password, PASSWORD_MAX);
    int err = fd_read_file(AT_FDCWD, config->password_file, password);
    /* The sandbox opens that file to us and not its name. */
    if (err)
        return err_hint(err, _("if that file was replaced, start the guard again"));
    buf_trim(password); /* as beffroi vault and restic do */
    if (password->length == 0)
        return wrong_password(err_set(ERR_INVALID, _("the password file %s is empty"), config->password_file),
                              config);
    return 0;
}

int vault_job_open(const struct config *config, struct vault_key **key)
{
    struct buf password BUF_AUTO;
    struct vault *vault = NULL;
    int err = read_password(config, &password);
    if (err)
        return err;
    err = vault_open(config->repository, buf_string(&password), &vault);
    if (err == ERR_NO_REPOSITORY) {
        err = vault_init(config->repository, buf_string(&password), NULL);
        if (!err)
            err = vault_open(config->repository, buf_string(&password), &vault);
    }
    if (!err)
        *key = vault_keep_key(vault);
    vault_close(vault);
    return err == ERR_WRONG_SECRET ? wrong_password(err, config) : err;
}

/* Answers --------------------------------------------------------------------------------------------------
 */

static struct action answer_to(const struct vault_job *job)
{
    return (struct action){.order = job->order.id,
                           .incident = job->order.incident,
                           .kind = job->order.kind,
                           .tree = job->order.tree,
                           .result = ACTION_DONE,
                           .time_ns = clock_system.wall_ns(clock_system.self)};
}

void vault_job_failed(const struct vault_job *job, struct action *action)
{
    *action = answer_to(job);
    action->result = ACTION_FAILED;
    err_line(action->text, sizeof action->text);
}

static int tell_action(const struct action *action, int fd)
{
    const struct message m = {.type = MSG_ACTION, .action = *action};
    return channel_write(fd, &m, -1);
}

static int tell_failure(const struct vault_job *job, int fd)
{
    struct action action;
    vault_job_failed(job, &action);
    tell_action(&action, fd);
    return 1;
}

/* Snapshots ------------------------------------------------------------------------------------------------
 */

struct snapshot_work {
    struct held_writer *held;
    int held_err;
    uint32_t problems;
    char first_problem[200];
};

static void add_to_held(void *context, const struct vault_file *file)
{
    struct snapshot_work *work = context;
    /* A torn file is not held: what was stored may be no version that ever was. */
    if (!work->held || work->held_err || file->state == VAULT_FILE_TORN)
        return;
    struct held_record record = {.device = file->device, .inode = file->inode};
    if (file->type != NODE_DIR) {
        record.size = file->size;
        record.mtime_ns = file->mtime_ns;
        record.ctime_ns = file->ctime_ns;
    }
    work->held_err = held_add(work->held, &record);
}

static void note_problem(void *context, const char *path, int err)
{
    (void)path;
    (void)err;
    struct snapshot_work *work = context;
    if (work->problems++ == 0)
        snprintf(work->first_problem, sizeof work->first_problem, "%.199s", err_text());
}

static int open_held_folder(int state_fd)
{
    if (mkdirat(state_fd, "held", 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), "held");
    int fd = openat(state_fd, "held", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder %s"), "held") : fd;
}

/* version.id is the beginning of the snapshot's id. */
static uint64_t short_id(const char *id)
{
    uint8_t bytes[8];
    uint64_t value = 0;
    if (hex_decode(id, bytes, sizeof bytes) != 0)
        return 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void tell_snapshot(const struct vault_job *job, const struct vault_backup_result *result,
                          int64_t started, const char *held_name, int fd)
{
    struct message m = {.type = MSG_SNAPSHOT,
                        .snapshot = {.tree = job->order.tree,
                                     .snapshot = short_id(result->snapshot),
                                     .time_ns = started,
                                     .files = result->summary.total_files_processed,
                                     .bytes = result->summary.total_bytes_processed,
                                     .added = result->summary.data_added_packed}};
    snprintf(m.snapshot.id, sizeof m.snapshot.id, "%s", result->snapshot);
    snprintf(m.snapshot.held_file, sizeof m.snapshot.held_file, "%s", held_name);
    channel_write(fd, &m, -1);
}

static int back_up(const struct vault_job *job, const struct config *config, struct vault *vault,
                   struct snapshot_work *work, struct vault_backup_result *result)
{
    const char *path = config->trees[job->order.tree].path;
    static const char *const tags[] = {"beffroi"};
    const struct vault_backup_options options = {
        .paths = &path,
        .path_count = 1,
        .tags = {tags, 1},
        .hostname = config->name,
        .context = work,
        .on_file = add_to_held,
        .on_problem = note_problem,
    };
    return vault_backup(vault, &options, result);
}

static int snapshot(const struct vault_job *job, const struct config *config, struct vault *vault,
                    int state_fd, int fd)
{
    int64_t started = clock_system.wall_ns(clock_system.self);
    struct snapshot_work work = {0};
    struct vault_backup_result result = {0};
    char name[64];
    if (job->order.tree >= config->tree_count) {
        err_set(ERR_INVALID, _("there is no such protected folder"));
        return tell_failure(job, fd);
    }
    snprintf(name, sizeof name, HELD_NAME, job->order.tree);
    int held_fd FD_AUTO = open_held_folder(state_fd);
    if (held_fd < 0 || held_create(held_fd, name, job->order.tree, 0, &work.held) != 0)
        return tell_failure(job, fd);
    int err = back_up(job, config, vault, &work, &result);
    if (err && err != ERR_PARTIAL) {
        held_abandon(work.held);
        return tell_failure(job, fd);
    }
    struct action action = answer_to(job);
    int held_err = work.held_err;
    if (held_err)
        held_abandon(work.held);
    else
        held_err = held_finish(work.held, short_id(result.snapshot));
    tell_snapshot(job, &result, started, held_err ? "" : name, fd);
    action.done = (uint32_t)result.summary.total_files_processed;
    action.failed = work.problems;
    if (work.problems > 0) {
        action.result = ACTION_PARTLY;
        snprintf(action.text, sizeof action.text,
                 _("%u files are not in the snapshot, or not well; the first: %s"), work.problems,
                 work.first_problem);
    } else if (held_err) {
        action.result = ACTION_PARTLY;
        snprintf(action.text, sizeof action.text,
                 _("the snapshot is made, the list of what it holds is not: %s"), err_text());
    }
    tell_action(&action, fd);
    return 0;
}

/* Fetching for a recovery ----------------------------------------------------------------------------------
 */

static int open_stage(int state_fd, uint32_t incident)
{
    char path[64];
    snprintf(path, sizeof path, "incidents/%u", incident);
    if ((mkdirat(state_fd, "incidents", 0700) != 0 && errno != EEXIST) ||
        (mkdirat(state_fd, path, 0700) != 0 && errno != EEXIST))
        return err_sys(_("cannot make the folder %s"), path);
    snprintf(path, sizeof path, "incidents/%u/staged", incident);
    if (mkdirat(state_fd, path, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), path);
    int fd = openat(state_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder %s"), path) : fd;
}

static bool same_snapshot(const struct step *a, const struct step *b)
{
    return a->version.id == b->version.id && a->tree == b->tree;
}

/* Fetches the steps [from, to) that are of one snapshot; returns how many are not to be had. */
static uint32_t fetch_some(const struct vault_job *job, const struct config *config, struct vault *vault,
                           const struct step *const *steps, size_t count, int stage)
{
    struct vault_wanted *wanted = mem_zalloc(count, sizeof *wanted);
    struct vault_fetched *fetched = mem_zalloc(count, sizeof *fetched);
    for (size_t i = 0; i < count; i++)
        wanted[i] = (struct vault_wanted){.inode = steps[i]->version.inode,
                                          .path = steps[i]->version.inode ? NULL : steps[i]->path,
                                          .mtime_ns = steps[i]->version.mtime_ns,
                                          .size = steps[i]->version.size,
                                          .number = steps[i]->number};
    char id[17];
    snprintf(id, sizeof id, "%016llx", (unsigned long long)steps[0]->version.id);
    int err = vault_fetch(vault, id, config->trees[steps[0]->tree].path, wanted, count, stage, fetched);
    uint32_t missing = 0;
    for (size_t i = 0; i < count; i++)
        missing += (err && err != ERR_PARTIAL) || fetched[i].err;
    (void)job;
    free(wanted);
    free(fetched);
    return missing;
}

static int by_snapshot(const void *a, const void *b)
{
    const struct step *x = *(const struct step *const *)a, *y = *(const struct step *const *)b;
    if (x->version.id != y->version.id)
        return x->version.id < y->version.id ? -1 : 1;
    return (x->tree > y->tree) - (x->tree < y->tree);
}

static int restage(const struct vault_job *job, const struct config *config, struct vault *vault,
                   int state_fd, int fd)
{
    int stage FD_AUTO = open_stage(state_fd, job->order.incident);
    if (stage < 0)
        return tell_failure(job, fd);
    const struct step **steps = mem_zalloc(job->count, sizeof *steps);
    for (size_t i = 0; i < job->count; i++)
        steps[i] = &job->steps[i];
    qsort(steps, job->count, sizeof *steps, by_snapshot);
    struct action action = answer_to(job);
    for (size_t from = 0, to; from < job->count; from = to) {
        for (to = from + 1; to < job->count && same_snapshot(steps[from], steps[to]); to++)
            continue;
        action.failed += steps[from]->tree < config->tree_count
                             ? fetch_some(job, config, vault, steps + from, to - from, stage)
                             : (uint32_t)(to - from);
    }
    free(steps);
    action.done = (uint32_t)job->count - action.failed;
    snprintf(action.text, sizeof action.text, _("%u files were fetched from the vault"), action.done);
    if (action.failed > 0) {
        action.result = ACTION_PARTLY;
        snprintf(action.text, sizeof action.text,
                 _("%u of %zu files could not be fetched from the vault: %.200s"), action.failed, job->count,
                 err_text());
    }
    tell_action(&action, fd);
    return 0;
}

int vault_job_run(const struct vault_job *job, const struct config *config, const struct vault_key *key,
                  int state_fd, int fd)
{
    struct vault *vault;
    if (vault_open_with_key(config->repository, key, &vault) != 0)
        return tell_failure(job, fd);
    int status = job->order.kind == ORDER_SNAPSHOT ? snapshot(job, config, vault, state_fd, fd)
                                                   : restage(job, config, vault, state_fd, fd);
    vault_close(vault);
    return status;
}
