/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The guard's configuration: one strict YAML file (see beffroi.yaml(5)).
 *
 *   name: mairie-exemple      # what the journal and the snapshots call this machine; default: its host name
 *   state: /var/lib/beffroi   # journal, shadow copies, quarantine, held lists
 *   socket: /run/beffroi/api.sock
 *   user: beffroi             # whom the judge and the api run as; default: beffroi if it exists, else nobody
 *   protect:
 *     - path: /srv/partages
 *       kind: files           # files | website | mail | database
 *       snapshot-every: 15m
 *       decoys: false
 *   vault: { repository: /var/lib/beffroi/vault, password-file: /etc/beffroi/vault.pass }
 *          # or: { repository: rest:https://backup.example.org:8000/mairie/, server-user: mairie,
 *          #       server-password-file: /etc/beffroi/server.pass, server-ca: /etc/beffroi/ca.pem }
 *   shadow: { quota: 10G, keep: 24h, largest: 1G }
 *   respond: { mode: enforce, recover: auto, samba: { config: /etc/samba/smb.conf } }
 */
#ifndef GUARD_CONFIG_H
#define GUARD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_MAX_TREES 64

enum tree_kind { TREE_FILES, TREE_WEBSITE, TREE_MAIL, TREE_DATABASE };
enum guard_mode { MODE_OBSERVE, MODE_ENFORCE };

struct config_tree {
    char *path; /* absolute, normalized, no symbolic link in it */
    enum tree_kind kind;
    int64_t snapshot_every_ns;
    bool decoys;
    int line; /* in the file, for messages */
};

struct config {
    char *file; /* as it was given to config_parse */
    char *name;
    char *state;
    char *socket;
    char *user; /* NULL: beffroi if there is such a user, else nobody */
    struct config_tree *trees;
    size_t tree_count;
    char *repository; /* a folder, or a location as blob/open.h has them */
    bool remote;      /* it is not a folder */
    char *password_file;
    /* Of a remote repository, each NULL when it is not given. */
    char *server_user, *server_password_file;
    char *server_ca;
    uint64_t shadow_quota;
    int64_t shadow_keep_ns;
    uint64_t shadow_largest; /* a larger file is not copied aside at an open */
    enum guard_mode mode;
    bool recover_auto;
    char *samba_config; /* NULL: Samba's default */
};

/* Reads and checks the text of a configuration, without looking at the disk. `file` stands in messages. */
int config_parse(const char *text, size_t length, const char *file, struct config **out);
/* Checks what only the disk can tell: every protected path exists, is a folder, is no symbolic link (nor
 * reached through one), does not contain and is not inside the state folder or the repository, and stands
 * there once. Errors name file and line. */
int config_check_paths(const struct config *config);
void config_free(struct config *config);

/* The text of a configuration with the embedded defaults, for `./run DIR...`; the caller frees it. */
char *config_default_text(const char *state, char *const *folders, size_t count);

#endif
