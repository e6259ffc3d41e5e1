/* SPDX-License-Identifier: GPL-3.0-or-later
 * The commands by which one tries a single part: make a share, attack it, compare it, undo the attack.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "drill/attack.h"
#include "drill/command.h"
#include "drill/manifest.h"
#include "drill/town.h"
#include "drill/town_yard.h"
#include "drill/undo.h"

static int need_root(void)
{
    if (geteuid() == 0)
        return 0;
    return err_hint(
        err_set(ERR_PERMISSION, _("a drill needs root: it makes namespaces and files of many owners")),
        _("run it with sudo"));
}

int command_build(int argc, char **argv)
{
    int64_t seed = 1;
    bool village = false;
    const char *base = NULL;
    const struct opt options[] = {
        {"seed", 0, OPT_NUMBER, &seed, N_("N"), N_("the town to make (default 1)")},
        {"village", 0, OPT_FLAG, &village, NULL, N_("a small share instead: 200 files, 30 MB")},
        {"in", 0, OPT_STRING, &base, N_("FOLDER"), N_("where to make it (default /var/tmp)")},
        {0},
    };
    const struct opt_command command = {
        "drill build", "", N_("Makes a town's share in a new folder, and prints the path of the share."),
        options,       0,  0};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_WRONG ? 2 : 0;
    struct yard *yard = NULL;
    struct manifest *manifest = NULL;
    int code = need_root();
    if (code == 0)
        code = town_yard_make(base, (uint64_t)seed, village, &yard, &manifest);
    if (code == 0)
        code = yard_keep(yard);
    if (code == 0)
        printf("%s\n", yard->share_path);
    manifest_free(manifest);
    yard_free(yard);
    return code < 0 ? command_failed() : 0;
}

/* Waits for the simulator and says what it did. */
static int attack_report(const struct ledger *ledger)
{
    size_t spoiled = 0, refused = 0, notes = 0;
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_row *row = &ledger->rows[i];
        notes += row->note != 0;
        spoiled += !row->note && row->spoiled_ns;
        refused += row->stage == LEDGER_REFUSED;
    }
    if (ledger->failed) {
        err_set(ERR_PERMISSION, _("the simulator touched nothing: %s"), ledger->reason);
        return command_failed();
    }
    printf(_("%zu files spoiled, %zu notes dropped, %zu files refused\n"), spoiled, notes, refused);
    return 0;
}

static int attack_run(const char *share_path, const struct attack_options *options)
{
    struct yard *yard = NULL;
    struct ledger *ledger = NULL;
    int code = need_root();
    if (code == 0)
        code = yard_open(share_path, &yard);
    if (code == 0 && faccessat(yard->fd, YARD_LEDGER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        code = err_hint(err_set(ERR_EXISTS, _("%s has been attacked already"), share_path),
                        _("a second attack could not be undone; first: beffroi-drill undo %s"), share_path);
    if (code == 0)
        code = ledger_map(yard->fd, YARD_LEDGER, 1, &ledger);
    if (code == 0)
        code = attack_start(share_path, options, ledger);
    int status = 1;
    if (code > 0) {
        waitpid(code, NULL, 0);
        if (ledger->count == 0) /* nothing was done that an undo would have to know */
            unlinkat(yard->fd, YARD_LEDGER, 0);
        status = attack_report(ledger);
    } else {
        command_failed();
    }
    ledger_unmap(ledger);
    yard_free(yard);
    return status;
}

int command_attack(int argc, char **argv)
{
    struct attack_options how = {.extension = ".locked", .workers = 1, .notes = true};
    int64_t uid = TOWN_UID_FIRST, gid = TOWN_GID;
    const struct opt options[] = {
        {"workers", 0, OPT_NUMBER, &how.workers, N_("N"), N_("processes that share the work (default 1)")},
        {"per-minute", 0, OPT_NUMBER, &how.per_minute, N_("N"),
         N_("files a minute (default: as many as it can)")},
        {"extension", 0, OPT_STRING, &how.extension, N_("TEXT"),
         N_("put behind the names (default .locked)")},
        {"uid", 0, OPT_NUMBER, &uid, N_("N"), N_("the user it runs as (default 20001, never 0)")},
        {0},
    };
    const struct opt_command command = {
        "drill attack",
        N_("SIMULATOR SHARE"),
        N_("Lets a simulator (in-place, head, intermittent, write-new-then-delete, rename-first, delete, "
           "truncate)\n"
           "loose on a share made by 'beffroi-drill build'. It refuses any other folder."),
        options,
        2,
        2};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_WRONG ? 2 : 0;
    if (how.workers < 1 || how.workers > 64 || uid < 1 || uid > INT32_MAX) {
        err_set(ERR_INVALID, _("1 to 64 workers, and a user that is not root"));
        command_failed();
        return 2;
    }
    how.kind = argv[1];
    how.uid = (uint32_t)uid;
    how.gid = (uint32_t)gid;
    return attack_run(argv[2], &how);
}

static void print_difference(void *self, enum manifest_verdict verdict, const char *path, const char *what)
{
    static const char *const words[] = {"same", "changed", "missing", "extra", "meta"};
    (void)self;
    printf("%s\t%s\t%s\n", words[verdict], path, what);
}

int command_compare(int argc, char **argv)
{
    const struct opt_command command = {
        "drill compare",
        N_("SHARE"),
        N_("Compares a share with what was made: one line per difference (changed, missing, extra, meta)."),
        NULL,
        1,
        1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_WRONG ? 2 : 0;
    struct yard *yard = NULL;
    struct manifest *before = NULL, *after = NULL;
    struct manifest_counts counts = {0};
    int code = yard_open(argv[1], &yard);
    if (code == 0)
        code = town_yard_manifest(yard, &before);
    if (code == 0)
        code = manifest_read(yard->share, TOWN_COLLEAGUE_FOLDER, &after);
    if (code == 0)
        counts = manifest_compare(before, after, print_difference, NULL);
    manifest_free(before);
    manifest_free(after);
    yard_free(yard);
    return code < 0 ? command_failed() : counts.changed + counts.missing + counts.extra + counts.meta ? 3 : 0;
}

int command_undo(int argc, char **argv)
{
    bool remove = false;
    const struct opt options[] = {
        {"remove", 0, OPT_FLAG, &remove, NULL, N_("remove the share and its folder instead")}, {0}};
    const struct opt_command command = {
        "drill undo",
        N_("SHARE"),
        N_("Decrypts what a simulator has encrypted, and makes again what it has deleted."),
        options,
        1,
        1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_WRONG ? 2 : 0;
    struct yard *yard = NULL;
    struct undo_counts counts = {0};
    int code = yard_open(argv[1], &yard);
    if (code == 0)
        code = remove ? yard_remove(yard) : undo_share(yard, &counts);
    yard_free(yard);
    if (code < 0)
        return command_failed();
    if (!remove)
        printf(_("%zu files decrypted, %zu made again, %zu were right, %zu could not be given back\n"),
               counts.decrypted, counts.rebuilt, counts.right, counts.failed);
    return counts.failed ? 3 : 0;
}
