/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "drill/figures.h"
#include "drill/process.h"
#include "drill/stage.h"
#include "drill/town.h"
#include "drill/town_yard.h"

#define WARM_UP_OPERATIONS 20     /* of the colleague, before the attack begins */
#define ATTACK_PATIENCE_MS 120000 /* for an attack to end by itself, or its harm to be undone */
#define QUIET_PATIENCE_MS  20000  /* for the guard to notice, once the attacker is through or stands still */
#define STEP_MS            50
#define AFTERMATH_MS       500 /* that the colleague goes on working once all is over */
#define MAX_INCIDENTS      64
#define MAX_DIFFERENCES    50

static volatile sig_atomic_t canceled;

void run_cancel(void)
{
    canceled = 1;
}

struct play {
    const struct run_options *options;
    struct run *run;
    struct yard *yard;
    struct stage stage;
    struct manifest *before;
    pid_t attacker, colleague;
};

static bool is_canceled(void)
{
    return canceled;
}

static int check_canceled(void)
{
    return canceled ? err_set(ERR_CANCELED, _("the drill was stopped")) : 0;
}

static void say(const struct play *p, const char *text)
{
    if (p->options->progress)
        p->options->progress(text);
}

static int set_stage(struct play *p)
{
    const struct scenario *s = p->run->scenario;
    say(p, p->options->village ? _("Building the village's share: 200 files, 30 MB")
                               : _("Building the town's share: 2 000 files, 300 MB"));
    int code = town_yard_make(p->options->base, p->options->seed, p->options->village, &p->yard, &p->before);
    if (code < 0)
        return code;
    stage_init(&p->stage, p->yard);
    p->stage.canceled = is_canceled;
    if (s->over_smb)
        say(p, _("Raising the stage: three network namespaces, a Samba server"));
    code = check_canceled();
    if (code == 0)
        code = stage_raise(&p->stage, s->over_smb || s->colleague);
    if (code == 0)
        code = ledger_map(p->yard->fd, YARD_LEDGER, 1, &p->run->ledger);
    if (code == 0 && p->options->beffroi) {
        say(p, _("Starting Beffroi and waiting for its first snapshot"));
        code = stage_guard(&p->stage, p->options->beffroi);
    }
    return code == 0 ? check_canceled() : code;
}

static int start_colleague(struct play *p)
{
    struct colleague *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return err_sys(_("cannot share memory"));
    p->run->colleague = shared;
    int code = smb_colleague_start(&p->stage, shared);
    if (code < 0)
        return code;
    p->colleague = code;
    for (int tries = 0; shared->done + shared->failed < WARM_UP_OPERATIONS; tries++) {
        if (shared->gone || tries > 1500)
            return err_set(ERR_SYSTEM, _("the colleague cannot work: %s"), shared->first_failure);
        process_sleep_ms(20);
    }
    return check_canceled();
}

static void stop_colleague(struct play *p)
{
    if (p->colleague <= 0)
        return;
    atomic_store(&p->run->colleague->stop, 1);
    for (int tries = 0; tries < 500 && waitpid(p->colleague, NULL, WNOHANG) == 0; tries++)
        process_sleep_ms(10);
    kill(p->colleague, SIGKILL);
    waitpid(p->colleague, NULL, 0);
    p->colleague = 0;
}

/* Asks for the incident; true once its harm is undone (or it is closed in another way). */
static bool is_over(struct play *p)
{
    int64_t ids[MAX_INCIDENTS];
    int count = guard_list(&p->stage, ids, MAX_INCIDENTS);
    if (count <= 0)
        return false;
    struct guard_incident *incident;
    if (guard_show(&p->stage, ids[0], &incident) < 0)
        return false;
    guard_incident_free(p->run->incident);
    p->run->incident = incident;
    p->run->incidents = (size_t)count;
    return strcmp(incident->state, "open") != 0 && strcmp(incident->state, "contained") != 0;
}

/* How far the attacker is: changes while it works, and no longer once it is frozen or cut off. */
static uint64_t progress(const struct ledger *ledger)
{
    uint32_t count = ledger->count < LEDGER_ROWS ? ledger->count : LEDGER_ROWS;
    return count == 0 ? 0 : ((uint64_t)count << 40) + ledger->rows[count - 1].bytes;
}

/* Waits until the guard has undone the harm, or without one until the attacker is through. The guard is not
 * asked while the attacker makes progress: asking takes processor time that both of them need. */
static int wait_for_end(struct play *p)
{
    struct ledger *ledger = p->run->ledger;
    const bool guarded = p->stage.guard > 0;
    uint64_t before = 0;
    int64_t waited = 0, quiet = 0;
    for (; waited < ATTACK_PATIENCE_MS && quiet < QUIET_PATIENCE_MS; waited += STEP_MS) {
        process_sleep_ms(STEP_MS);
        int code = check_canceled();
        if (code == 0 && ledger->failed)
            code = err_set(ERR_PERMISSION, _("the simulator touched nothing: %s"), ledger->reason);
        if (code < 0)
            return code;
        uint64_t now = progress(ledger);
        quiet = now && (now == before || ledger->finished) ? quiet + STEP_MS : 0;
        before = now;
        if (guarded ? quiet >= 2 * STEP_MS && is_over(p) : ledger->finished)
            return 0;
        if (p->run->incident)
            quiet = 2 * STEP_MS; /* it is at work on it: wait on */
    }
    return 0; /* not over: the figures tell */
}

static int attack(struct play *p)
{
    const struct scenario *s = p->run->scenario;
    say(p, _("The attack begins"));
    int code = s->over_smb ? smb_attack_start(&p->stage, &s->attack, p->run->ledger)
                           : attack_start(p->yard->share_path, &s->attack, p->run->ledger);
    if (code < 0)
        return code;
    p->attacker = code;
    code = wait_for_end(p);
    if (p->run->colleague)
        process_sleep_ms(AFTERMATH_MS);
    stop_colleague(p);
    kill(p->attacker, SIGKILL);
    waitpid(p->attacker, NULL, 0);
    p->attacker = 0;
    return code;
}

static void note_difference(void *self, enum manifest_verdict verdict, const char *path, const char *what)
{
    static const char *const words[] = {"same", "changed", "missing", "extra", "meta"};
    struct run *run = self;
    if (run->difference_count < MAX_DIFFERENCES)
        run->differences[run->difference_count++] = mem_printf("%s %s %s", words[verdict], path, what);
}

static int take_stock(struct play *p)
{
    say(p, _("Comparing every file with what was built"));
    struct manifest *after = NULL;
    int code = manifest_read(p->yard->share, TOWN_COLLEAGUE_FOLDER, &after);
    if (code < 0)
        return code;
    p->run->differences = mem_zalloc(MAX_DIFFERENCES, sizeof(char *));
    p->run->compared = manifest_compare(p->before, after, note_difference, p->run);
    manifest_free(after);
    p->run->figures.journal_entries = -1;
    if (p->stage.guard > 0) {
        is_over(p);
        p->run->figures.journal_entries = guard_verify_journal(&p->stage);
    }
    figures_take(p->run, p->before);
    return 0;
}

static void leave(struct play *p)
{
    if (p->attacker > 0)
        kill(p->attacker, SIGKILL);
    if (p->colleague > 0)
        stop_colleague(p);
    stage_strike(&p->stage);
    if (p->yard && p->options->keep && yard_keep(p->yard) == 0)
        p->run->yard_path = mem_strdup(p->yard->path);
    else if (p->yard)
        yard_remove(p->yard);
    manifest_free(p->before);
    yard_free(p->yard);
}

int run_play(const struct scenario *scenario, const struct run_options *options, struct run **out)
{
    struct play p = {.options = options, .run = mem_zalloc(1, sizeof *p.run)};
    p.run->scenario = scenario;
    stage_init(&p.stage, NULL);
    process_adopt();
    yard_remove_stale(options->base);
    int code = set_stage(&p);
    if (code == 0 && scenario->colleague)
        code = start_colleague(&p);
    if (code == 0)
        code = attack(&p);
    if (code == 0)
        code = take_stock(&p);
    char *text = mem_strdup(err_text()), *hint = mem_strdup(err_hint_text());
    leave(&p);
    if (code < 0) {
        err_set((enum err)code, "%s", text);
        if (*hint)
            err_hint(code, "%s", hint);
        run_free(p.run);
    } else {
        *out = p.run;
    }
    free(text);
    free(hint);
    return code;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    guard_incident_free(run->incident);
    ledger_unmap(run->ledger);
    if (run->colleague)
        munmap(run->colleague, sizeof *run->colleague);
    for (size_t i = 0; i < run->difference_count; i++)
        free(run->differences[i]);
    free(run->differences);
    free(run->yard_path);
    free(run);
}
