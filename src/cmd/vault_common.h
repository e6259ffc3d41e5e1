/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the vault commands share: which repository, which password, how things are printed.
 */
#ifndef CMD_VAULT_COMMON_H
#define CMD_VAULT_COMMON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/opt.h"
#include "vault/prune.h"
#include "vault/remake.h"
#include "vault/snapshot.h"
#include "vault/vault.h"

struct vault_place {
    const char *repository;       /* -r, or RESTIC_REPOSITORY */
    const char *repository_file;  /* or what stands in this, or in RESTIC_REPOSITORY_FILE */
    const char *password_file;    /* or RESTIC_PASSWORD_FILE */
    const char *password_command; /* or RESTIC_PASSWORD_COMMAND; else RESTIC_PASSWORD, else asked for */
    const char *compression, *pack_size; /* or RESTIC_COMPRESSION, RESTIC_PACK_SIZE */
    const char *retry_lock;              /* a duration */
    bool no_verify;                      /* taken, and without effect: all that is read is verified */
    int64_t verbose;
};

/* What is set about repositories behind a network, the same for all that a command opens. */
struct vault_remote {
    const char *ca_file, *client_certificate, *stuck, *cache;
    bool insecure_tls, no_cache, cleanup_cache;
    int64_t limit_upload, limit_download; /* KiB per second */
    struct opt_list options;
};
extern struct vault_remote vault_remote;

/* The rows every vault command has: the usual two, and those that a script for restic may have anywhere
 * (beffroi-vault(1) tells of them). */
#define VAULT_PLACE_ROWS(place)                                                                              \
    {"repo", 'r', OPT_STRING, &(place).repository, N_("DIR"), N_("the repository (or RESTIC_REPOSITORY)")},  \
        {"password-file",                                                                                    \
         'p',                                                                                                \
         OPT_STRING,                                                                                         \
         &(place).password_file,                                                                             \
         N_("FILE"),                                                                                         \
         N_("a file that holds the password\n(or RESTIC_PASSWORD_FILE, or RESTIC_PASSWORD)")},               \
        {"repository-file", 0, OPT_STRING, &(place).repository_file, NULL, NULL},                            \
        {"password-command", 0, OPT_STRING, &(place).password_command, NULL, NULL},                          \
        {"retry-lock", 0, OPT_STRING, &(place).retry_lock, NULL, NULL},                                      \
        {"verbose", 'v', OPT_COUNT, &(place).verbose, NULL, NULL},                                           \
        {"option", 'o', OPT_LIST, &vault_remote.options, NULL, NULL},                                        \
        {"cacert", 0, OPT_STRING, &vault_remote.ca_file, NULL, NULL},                                        \
        {"tls-client-cert", 0, OPT_STRING, &vault_remote.client_certificate, NULL, NULL},                    \
        {"insecure-tls", 0, OPT_FLAG, &vault_remote.insecure_tls, NULL, NULL},                               \
        {"limit-upload", 0, OPT_NUMBER, &vault_remote.limit_upload, NULL, NULL},                             \
        {"limit-download", 0, OPT_NUMBER, &vault_remote.limit_download, NULL, NULL},                         \
        {"stuck-request-timeout", 0, OPT_STRING, &vault_remote.stuck, NULL, NULL},                           \
        {"no-cache", 0, OPT_FLAG, &vault_remote.no_cache, NULL, NULL},                                       \
        {"cache-dir", 0, OPT_STRING, &vault_remote.cache, NULL, NULL},                                       \
        {"cleanup-cache", 0, OPT_FLAG, &vault_remote.cleanup_cache, NULL, NULL},                             \
    {                                                                                                        \
        "no-extra-verify", 0, OPT_FLAG, &(place).no_verify, NULL, NULL                                       \
    }

/* The rows of prune, and of forget --prune; `unused` and `repack` are texts. */
#define VAULT_PRUNE_ROWS(prune, unused, repack)                                                              \
    {"max-unused",                                                                                           \
     0,                                                                                                      \
     OPT_STRING,                                                                                             \
     &(unused),                                                                                              \
     N_("LIMIT"),                                                                                            \
     N_("leave that much unused: a size, a percentage of the\nrepository, or \"unlimited\" (default: "       \
        "5%)")},                                                                                             \
        {"max-repack-size", 0, OPT_STRING, &(repack), N_("SIZE"), N_("pack at most so much anew")},          \
        {"repack-cacheable-only",    0,    OPT_FLAG,                                                         \
         &(prune).repack_trees_only, NULL, N_("pack only folders anew, no contents")},                       \
        {"repack-small", 0, OPT_FLAG, &(prune).repack_small, NULL, N_("pack small packs together")},         \
    {                                                                                                        \
        "repack-uncompressed", 0, OPT_FLAG, &(prune).repack_uncompressed, NULL,                              \
            N_("compress what is not yet compressed")                                                        \
    }
/* Their texts into the options; `repack` may be NULL. */
int vault_prune_understand(const char *unused, const char *repack, struct vault_prune_options *out);

/* The rows of commands that look at another repository, too: restic's --from-repo and so on. */
#define VAULT_FROM_ROWS(from)                                                                                \
    {"from-repo",        0,         OPT_STRING,                                                              \
     &(from).repository, N_("DIR"), N_("the other repository (or RESTIC_FROM_REPOSITORY)")},                 \
        {"from-password-file",                                                                               \
         0,                                                                                                  \
         OPT_STRING,                                                                                         \
         &(from).password_file,                                                                              \
         N_("FILE"),                                                                                         \
         N_("a file that holds its password\n(or RESTIC_FROM_PASSWORD_FILE, or "                             \
            "RESTIC_FROM_PASSWORD)")},                                                                       \
        {"from-repository-file", 0, OPT_STRING, &(from).repository_file, NULL, NULL},                        \
    {                                                                                                        \
        "from-password-command", 0, OPT_STRING, &(from).password_command, NULL, NULL                         \
    }

/* The rows of commands that add to the repository. */
#define VAULT_PACKING_ROWS(place)                                                                            \
    {"compression", 0,                                                                                       \
     OPT_STRING,    &(place).compression,                                                                    \
     N_("HOW"),     N_("auto, off, fastest, better or max\n(or RESTIC_COMPRESSION; default: auto)")},        \
    {                                                                                                        \
        "pack-size", 0, OPT_STRING, &(place).pack_size, N_("MIB"),                                           \
            N_("how large the files of the repository get, 4 to 128\n(or RESTIC_PACK_SIZE; default: 16)")    \
    }

/* Which snapshots a command looks at, in restic's words. */
struct vault_filter_words {
    struct opt_list hosts, tags, paths;
};

/* The rows of every command that works on several snapshots. */
#define VAULT_FILTER_ROWS(words)                                                                             \
    {"host", 'H', OPT_LIST, &(words).hosts, N_("NAME"), N_("only those of this host (may be repeated)")},    \
        {"tag",         0,                                                                                   \
         OPT_LIST,      &(words).tags,                                                                       \
         N_("TAG,..."), N_("only those with all these tags (repeated: or these)")},                          \
    {                                                                                                        \
        "path", 0, OPT_LIST, &(words).paths, N_("PATH"),                                                     \
            N_("only those of this path (repeated: of all of them)")                                         \
    }
/* The rows of every command that works on one, which may be "latest". */
#define VAULT_LATEST_ROWS(words)                                                                             \
    {"host", 'H', OPT_LIST, &(words).hosts, N_("NAME"), N_("\"latest\" of this host (may be repeated)")},    \
        {"tag",         0,                                                                                   \
         OPT_LIST,      &(words).tags,                                                                       \
         N_("TAG,..."), N_("\"latest\" with all these tags (repeated: or these)")},                          \
    {                                                                                                        \
        "path", 0, OPT_LIST, &(words).paths, N_("PATH"),                                                     \
            N_("\"latest\" of this path (repeated: of all of them)")                                         \
    }
/* The filter that the words mean; it borrows them. */
struct snapshot_filter vault_common_filter(const struct vault_filter_words *words);
void vault_common_filter_free(struct vault_filter_words *words);

/* The path of the repository; ERR_INVALID when none was given. Lives as long as the process. */
int vault_common_path(const struct vault_place *place, const char **path);
/* The password, into `out` as a C string; buf_free wipes it. With `twice`, a terminal is asked two times. */
int vault_common_password(const struct vault_place *place, bool twice, struct buf *out);
/* A password that is yet to be: from `file`, or (NULL) asked for two times. */
int vault_common_new_password(const char *file, struct buf *out);
/* Place and password, and opens the repository. */
int vault_common_open(const struct vault_place *place, struct vault **out);
/* The same of a repository to copy from: it is named by RESTIC_FROM_REPOSITORY and so on. */
int vault_common_open_from(const struct vault_place *place, struct vault **out);

/* Tells on standard error of a problem with a file, err_text(), in words or as restic's JSON; `during` is
 * "archival" or "restore". With `terminal` a line of progress is cleared before. */
void vault_common_problem(const char *path, const char *during, bool json, bool terminal);
/* Prints the JSON text and a newline to standard output. */
void vault_common_print(struct buf *json);
/* "1.234 GiB" */
#define VAULT_SIZE_TEXT 32
const char *vault_common_size(uint64_t bytes, char out[static VAULT_SIZE_TEXT]);

/* The snapshot in restic's shape: the members of its file, then id and short_id. */
void vault_common_put_snapshot(struct buf *out, const struct snapshot *snapshot);
/* A date and time of day, in local time. */
void vault_common_put_time(int64_t wall_ns, char out[static 32]);
/* "host,paths,tags" as bits of enum group_by; "" is none. ERR_INVALID. */
int vault_common_parse_groups(const char *text, unsigned *out);
/* Prunes an open vault and shows the result; the exit code. */
int vault_prune_show(struct vault *vault, struct vault_prune_options *prune, bool quiet);
/* "500", "20K", "16M", "1.5G", "2T" (of 1024), into bytes; ERR_INVALID. */
int vault_common_parse_size(const char *text, uint64_t *bytes);

/* "2026-11-22 16:54:00" in local time, as restic has it, or RFC 3339; ERR_INVALID. */
int vault_common_parse_time(const char *text, int64_t *wall_ns);

/* What rewrite and repair tell; the functions are callbacks whose context is the view. */
struct vault_remake_view {
    bool quiet, verbose, dry_run, forget;
    size_t changed, lost;
};
void vault_remake_start(void *context, const struct snapshot *snapshot);
void vault_remake_done(void *context, const char *old_id, enum vault_remade what, const struct snapshot *now);
int vault_remake_end(const struct vault_remake_view *view); /* the exit code */

int cmd_vault_init(int argc, char **argv);
int cmd_vault_backup(int argc, char **argv);
int cmd_vault_snapshots(int argc, char **argv);
int cmd_vault_ls(int argc, char **argv);
int cmd_vault_mount(int argc, char **argv);
int cmd_vault_diff(int argc, char **argv);
int cmd_vault_find(int argc, char **argv);
int cmd_vault_stats(int argc, char **argv);
int cmd_vault_cat(int argc, char **argv);
int cmd_vault_dump(int argc, char **argv);
int cmd_vault_restore(int argc, char **argv);
int cmd_vault_check(int argc, char **argv);
int cmd_vault_clean_point(int argc, char **argv);
int cmd_vault_forget(int argc, char **argv);
int cmd_vault_prune(int argc, char **argv);
int cmd_vault_unlock(int argc, char **argv);
int cmd_vault_tag(int argc, char **argv);
int cmd_vault_key(int argc, char **argv);
int cmd_vault_rewrite(int argc, char **argv);
int cmd_vault_copy(int argc, char **argv);
int cmd_vault_repair(int argc, char **argv);
int cmd_vault_lock_extend(int argc, char **argv);
int cmd_vault_undelete(int argc, char **argv);
int cmd_vault_serve(int argc, char **argv);

#endif
