/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault dump
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/vault_read.h"
#include "vault/dump.h"
#include "vault/folder.h"

struct wish {
    const char *archive, *target;
    struct vault_filter_words choice;
    bool no_lock;
};

static void on_problem(void *context, const char *path, int err)
{
    (void)context;
    (void)path;
    cmd_fail(err);
}

/* The path with one slash before each part and none behind; "" is the root. */
static char *cleaned(const char *path)
{
    char *out = mem_zalloc(strlen(path) + 2, 1), *end = out;
    while (*(path += strspn(path, "/"))) {
        size_t length = strcspn(path, "/");
        if (length != 1 || *path != '.') {
            *end++ = '/';
            memcpy(end, path, length);
            end += length;
        }
        path += length;
    }
    return out;
}

static int open_output(const struct wish *wish, bool archive)
{
    if (wish->target) {
        int fd = open(wish->target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        return fd < 0 ? err_sys(_("cannot write %s"), wish->target) : fd;
    }
    if (archive && isatty(STDOUT_FILENO))
        return err_hint(err_set(ERR_INVALID, _("an archive is not for a terminal")),
                        _("name a file with --target, or send it into a pipe"));
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return fd < 0 ? err_sys(_("cannot write the output")) : fd;
}

static int close_output(const struct wish *wish, int fd, int err)
{
    if (close(fd) != 0 && !err)
        return err_sys(_("cannot write %s"), wish->target ? wish->target : _("the output"));
    return err;
}

static int dump_archive(struct vault_reading *reading, const struct wish *wish, const uint8_t *id,
                        const char *path)
{
    struct vault_dump_options options = {.format = strcmp(wish->archive, "zip") == 0 ? DUMP_ZIP : DUMP_TAR,
                                         .on_problem = on_problem};
    options.fd = open_output(wish, true);
    if (options.fd < 0)
        return options.fd;
    return close_output(wish, options.fd, dump_folder(reading->loader, id, path, &options));
}

static int dump_node(struct vault_reading *reading, const struct wish *wish, const struct node *node,
                     const char *path)
{
    if (node->type == NODE_DIR)
        return dump_archive(reading, wish, node->subtree, path);
    if (node->type != NODE_FILE)
        return err_set(ERR_INVALID, _("%s is neither a file nor a folder"), path);
    int fd = open_output(wish, false);
    return fd < 0 ? fd : close_output(wish, fd, dump_file(reading->loader, node, path, fd));
}

/* Finds what the cleaned path names below the folder `id`, and writes it. */
static int dump_path(struct vault_reading *reading, const struct wish *wish, uint8_t *id, const char *path)
{
    const char *name = strrchr(path, '/');
    if (!name)
        return dump_archive(reading, wish, id, path);
    char *parent MEM_AUTO = mem_dup(path, strlen(path) + 1);
    parent[name - path] = '\0';
    struct tree *tree;
    int err = folder_descend(reading->loader, parent, id);
    if (!err)
        err = folder_load(reading->loader, id, &tree);
    if (err)
        return err;
    const struct node *node = tree_find(tree, name + 1, strlen(name + 1));
    err = node ? dump_node(reading, wish, node, path)
               : err_set(ERR_NOT_FOUND, _("the snapshot does not hold %s"), path);
    tree_free(tree);
    return err;
}

static int run(const struct vault_place *place, const struct wish *wish, const char *name, const char *path)
{
    struct vault_reading reading = {0};
    struct snapshot *snapshot = NULL;
    uint8_t id[SHA256_SIZE];
    char *clean MEM_AUTO = cleaned(path);
    const struct snapshot_filter filter = vault_common_filter(&wish->choice);
    int err = 0;
    if (strcmp(wish->archive, "tar") != 0 && strcmp(wish->archive, "zip") != 0)
        err = err_set(ERR_INVALID, _("--archive knows tar and zip, not \"%s\""), wish->archive);
    if (!err)
        err = vault_reading_begin(place, wish->no_lock, &reading);
    if (!err)
        err = folder_find(reading.vault, reading.loader, name, &filter, &snapshot, id);
    if (!err)
        err = dump_path(&reading, wish, id, clean);
    int code = err ? cmd_fail(err) : CMD_DONE;
    snapshot_free(snapshot);
    vault_reading_end(&reading);
    return code;
}

int cmd_vault_dump(int argc, char **argv)
{
    struct vault_place place = {0};
    struct wish wish = {.archive = "tar"};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"archive", 'a', OPT_STRING, &wish.archive, N_("FORMAT"),
         N_("write a folder as tar (default) or zip")},
        {"target", 't', OPT_STRING, &wish.target, N_("FILE"),
         N_("write to this file, not to standard output")},
        VAULT_FILTER_ROWS(wish.choice),
        VAULT_NO_LOCK_ROW(wish.no_lock),
        {0},
    };
    const struct opt_command command = {
        .name = "vault dump",
        .operands = N_("SNAPSHOT[:FOLDER] PATH"),
        .summary = N_("Writes a file of a snapshot (an ID or \"latest\") as it is, a folder\nas an archive."),
        .options = options,
        .least = 2,
        .most = 2};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO)
        code = run(&place, &wish, argv[1], argv[2]);
    vault_common_filter_free(&wish.choice);
    return code;
}
