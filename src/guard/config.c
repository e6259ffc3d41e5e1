/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/yml.h"
#include "blob/open.h"

#define DEFAULT_STATE    "/var/lib/beffroi"
#define DEFAULT_SOCKET   "/run/beffroi/api.sock"
#define DEFAULT_PASSWORD "/etc/beffroi/vault.pass"

#define SOCKET_PATH_MAX 107 /* sun_path, with its NUL */
#define NAME_MAX_LENGTH 64

static const char *const kinds[] = {"files", "website", "mail", "database", NULL};
static const char *const modes[] = {"observe", "enforce", NULL};
static const char *const recoveries[] = {"manual", "auto", NULL};

/* An absolute path without "." and ".." parts, its doubled and trailing slashes taken out; owned by the
 * caller. NULL when it is not one. */
static char *normalized(const char *path)
{
    if (path[0] != '/')
        return NULL;
    char *made = mem_zalloc(strlen(path) + 2, 1);
    size_t length = 0;
    for (const char *at = path; *at;) {
        while (*at == '/')
            at++;
        size_t part = strcspn(at, "/");
        if (!part)
            break;
        if ((part == 1 && at[0] == '.') || (part == 2 && at[0] == '.' && at[1] == '.')) {
            free(made);
            return NULL;
        }
        made[length++] = '/';
        memcpy(made + length, at, part);
        length += part;
        at += part;
    }
    if (!length)
        made[0] = '/';
    return made;
}

/* The path under `key`; *out keeps its value when the key is absent and not required. */
static int read_path(struct yml_node *from, const char *key, bool required, char **out)
{
    const char *text = NULL;
    int err = yml_string(from, key, required, &text);
    if (err || !text)
        return err;
    char *path = normalized(text);
    if (!path)
        return yml_error(yml_get(from, key),
                         _("%s wants an absolute path without \".\" or \"..\", such as /srv/partages, not "
                           "\"%s\""),
                         key, text);
    free(*out);
    *out = path;
    return 0;
}

static int read_tree(struct yml_node *from, struct config_tree *tree)
{
    int err = yml_want_mapping(from, _("an entry of \"protect\""));
    int kind = TREE_FILES;
    if (!err)
        err = read_path(from, "path", true, &tree->path);
    if (!err)
        err = yml_choice(from, "kind", false, kinds, &kind);
    if (!err)
        err = yml_duration(from, "snapshot-every", false, &tree->snapshot_every_ns);
    if (!err && tree->snapshot_every_ns < 60 * NS_PER_SECOND)
        err = yml_error(yml_get(from, "snapshot-every"), _("snapshot-every wants at least 1m"));
    if (!err)
        err = yml_bool(from, "decoys", false, &tree->decoys);
    tree->kind = (enum tree_kind)kind;
    if (!err && strcmp(tree->path, "/") == 0)
        err = yml_error(yml_get(from, "path"),
                        _("the whole system cannot be protected; name the folders that hold your data"));
    return err ? err : yml_no_more(from);
}

/* Trees that contain each other would be watched twice. */
static int check_overlap(struct yml_node *item, const struct config *config)
{
    const struct config_tree *last = &config->trees[config->tree_count - 1];
    for (size_t i = 0; i + 1 < config->tree_count; i++) {
        const char *other = config->trees[i].path;
        if (strcmp(other, last->path) == 0)
            return yml_error(yml_get(item, "path"), _("%s stands here twice (first on line %d)"), last->path,
                             config->trees[i].line);
        if (path_is_within(other, last->path) || path_is_within(last->path, other))
            return yml_error(yml_get(item, "path"),
                             _("%s and %s (line %d) contain each other; the outer one is enough"), last->path,
                             other, config->trees[i].line);
    }
    return 0;
}

static int read_trees(struct yml_node *root, struct config *config)
{
    struct yml_node *list = yml_get(root, "protect");
    if (!list)
        return err_hint(yml_error(root, _("\"protect\" is missing: nothing would be guarded")),
                        _("name the folders to guard:\n  protect:\n    - path: /srv/partages"));
    int err = yml_want_sequence(list, "protect");
    if (err)
        return err;
    size_t count = yml_length(list);
    if (count < 1 || count > CONFIG_MAX_TREES)
        return yml_error(list, _("protect wants 1 to %d folders"), CONFIG_MAX_TREES);
    config->trees = mem_zalloc(count, sizeof *config->trees);
    for (size_t i = 0; i < count; i++) {
        struct yml_node *item = yml_item(list, i);
        struct config_tree *tree = &config->trees[config->tree_count++];
        tree->snapshot_every_ns = 15 * 60 * NS_PER_SECOND;
        tree->line = yml_line(item);
        err = read_tree(item, tree);
        if (!err)
            tree->line = yml_line(yml_get(item, "path"));
        if (!err)
            err = check_overlap(item, config);
        if (err)
            return err;
    }
    return 0;
}

/* The optional mapping under `key`: *out is NULL when it is absent. */
static int section(struct yml_node *root, const char *key, struct yml_node **out)
{
    *out = yml_get(root, key);
    return *out ? yml_want_mapping(*out, key) : 0;
}

/* A folder, or where it is behind a network; what is secret about that stands in a file of its own. */
static int read_repository(struct yml_node *vault, struct config *config)
{
    const char *text = NULL, *user = NULL;
    int err = yml_string(vault, "repository", false, &text);
    config->remote = !err && text && blob_is_remote(text);
    if (err || !config->remote)
        return err ? err : read_path(vault, "repository", false, &config->repository);
    if (blob_has_password(text))
        return err_hint(yml_error(yml_get(vault, "repository"), _("a password does not belong here")),
                        _("name the user with server-user, and the file that holds the password with "
                          "server-password-file"));
    config->repository = mem_strdup(text);
    err = yml_string(vault, "server-user", false, &user);
    if (!err && user)
        config->server_user = mem_strdup(user);
    if (!err)
        err = read_path(vault, "server-password-file", false, &config->server_password_file);
    if (!err && !config->server_user != !config->server_password_file)
        err = yml_error(vault, _("server-user and server-password-file go together"));
    return err ? err : read_path(vault, "server-ca", false, &config->server_ca);
}

static int read_vault(struct yml_node *root, struct config *config)
{
    struct yml_node *vault;
    int err = section(root, "vault", &vault);
    if (!err && vault) {
        err = read_repository(vault, config);
        if (!err)
            err = read_path(vault, "password-file", false, &config->password_file);
        if (!err)
            err = yml_no_more(vault);
    }
    if (!config->repository)
        config->repository = path_join(config->state, "vault");
    if (!config->password_file)
        config->password_file = mem_strdup(DEFAULT_PASSWORD);
    return err;
}

static int read_shadow(struct yml_node *root, struct config *config)
{
    struct yml_node *shadow;
    int err = section(root, "shadow", &shadow);
    if (err || !shadow)
        return err;
    err = yml_size(shadow, "quota", false, &config->shadow_quota);
    if (!err)
        err = yml_duration(shadow, "keep", false, &config->shadow_keep_ns);
    if (!err)
        err = yml_size(shadow, "largest", false, &config->shadow_largest);
    return err ? err : yml_no_more(shadow);
}

static int read_samba(struct yml_node *respond, struct config *config)
{
    struct yml_node *samba;
    int err = section(respond, "samba", &samba);
    if (err || !samba)
        return err;
    err = read_path(samba, "config", false, &config->samba_config);
    return err ? err : yml_no_more(samba);
}

static int read_respond(struct yml_node *root, struct config *config)
{
    struct yml_node *respond;
    int err = section(root, "respond", &respond);
    if (err || !respond)
        return err;
    int mode = (int)config->mode, recover = config->recover_auto;
    err = yml_choice(respond, "mode", false, modes, &mode);
    if (!err)
        err = yml_choice(respond, "recover", false, recoveries, &recover);
    if (!err)
        err = read_samba(respond, config);
    config->mode = (enum guard_mode)mode;
    config->recover_auto = recover == 1;
    return err ? err : yml_no_more(respond);
}

/* The name stands in the journal's origin and in snapshots: letters, digits, dot, dash, underscore. */
static bool name_is_good(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr(".-_", name[i]))
            return false;
    return length >= 1 && length <= NAME_MAX_LENGTH;
}

static int read_name(struct yml_node *root, struct config *config)
{
    const char *name = NULL;
    int err = yml_string(root, "name", false, &name);
    char host[NAME_MAX_LENGTH + 1] = "";
    if (!err && !name && (gethostname(host, sizeof host - 1) != 0 || !name_is_good(host)))
        snprintf(host, sizeof host, "beffroi");
    if (!err && name && !name_is_good(name))
        err = yml_error(yml_get(root, "name"),
                        _("name wants up to %d letters, digits, dots, dashes and underscores, not \"%s\""),
                        NAME_MAX_LENGTH, name);
    if (!err)
        config->name = mem_strdup(name ? name : host);
    return err;
}

static int read_places(struct yml_node *root, struct config *config)
{
    config->state = mem_strdup(DEFAULT_STATE);
    config->socket = mem_strdup(DEFAULT_SOCKET);
    int err = read_path(root, "state", false, &config->state);
    if (!err)
        err = read_path(root, "socket", false, &config->socket);
    if (!err && strlen(config->socket) > SOCKET_PATH_MAX)
        err = yml_error(yml_get(root, "socket"), _("socket: the path of a socket has at most %d bytes"),
                        SOCKET_PATH_MAX);
    const char *user = NULL;
    if (!err)
        err = yml_string(root, "user", false, &user);
    if (!err && user)
        config->user = mem_strdup(user);
    return err;
}

static int read_all(struct yml_node *root, const char *file, struct config *config)
{
    int err = yml_want_mapping(root, file);
    if (!err)
        err = read_name(root, config);
    if (!err)
        err = read_places(root, config);
    if (!err)
        err = read_vault(root, config);
    if (!err)
        err = read_shadow(root, config);
    if (!err)
        err = read_respond(root, config);
    /* A misspelled "protect" is better called that than missing. */
    yml_get(root, "protect");
    if (!err)
        err = yml_no_more(root);
    return err ? err : read_trees(root, config);
}

int config_parse(const char *text, size_t length, const char *file, struct config **out)
{
    struct yml *document = NULL;
    int err = yml_parse(text, length, file, &document);
    if (err)
        return err;
    struct config *config = mem_zalloc(1, sizeof *config);
    config->file = mem_strdup(file);
    config->shadow_quota = UINT64_C(10) << 30;
    config->shadow_keep_ns = INT64_C(24) * 3600 * NS_PER_SECOND;
    config->shadow_largest = UINT64_C(1) << 30;
    config->mode = MODE_ENFORCE;
    config->recover_auto = true;
    err = yml_root(document) ? read_all(yml_root(document), file, config)
                             : err_set(ERR_INVALID, _("%s is empty"), file);
    yml_free(document);
    if (err)
        config_free(config);
    else
        *out = config;
    return err;
}

/* Fails when some part of the path is a symbolic link; names the first. */
static int refuse_links(const struct config *config, const struct config_tree *tree)
{
    char *part MEM_AUTO = mem_strdup(tree->path);
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        struct stat st;
        if (lstat(part, &st) != 0) {
            int err = err_sys("%s:%d: %s", config->file, tree->line, part);
            return err_hint(err, _("make the folder, or correct the path"));
        }
        if (S_ISLNK(st.st_mode)) {
            char *real MEM_AUTO = realpath(tree->path, NULL);
            int err = err_set(ERR_INVALID, _("%s:%d: %s is a symbolic link"), config->file, tree->line, part);
            return real ? err_hint(err, _("write the real path instead: %s"), real) : err;
        }
        *at = kept;
        if (!kept)
            return 0;
    }
}

static int check_apart(const struct config *config, const struct config_tree *tree, const char *place,
                       const char *what)
{
    if (!place)
        return 0;
    char *real MEM_AUTO = realpath(place, NULL); /* may not exist yet */
    const char *resolved = real ? real : place;
    if (path_is_within(resolved, tree->path))
        return err_set(ERR_INVALID, _("%s:%d: %s lies inside the %s (%s)"), config->file, tree->line,
                       tree->path, what, place);
    if (path_is_within(tree->path, resolved))
        return err_hint(err_set(ERR_INVALID, _("%s:%d: %s contains the %s (%s)"), config->file, tree->line,
                                tree->path, what, place),
                        _("the guard must not watch what it writes itself: put one of them elsewhere"));
    return 0;
}

/* Two names of one folder (a bind mount) would be watched twice. */
static int check_same(const struct config *config, size_t index, const struct stat *st, struct stat *all)
{
    const struct config_tree *tree = &config->trees[index];
    all[index] = *st;
    for (size_t i = 0; i < index; i++)
        if (all[i].st_dev == st->st_dev && all[i].st_ino == st->st_ino)
            return err_set(ERR_INVALID, _("%s:%d: %s is the same folder as %s (line %d)"), config->file,
                           tree->line, tree->path, config->trees[i].path, config->trees[i].line);
    return 0;
}

int config_check_paths(const struct config *config)
{
    struct stat *all MEM_AUTO = mem_zalloc(config->tree_count, sizeof *all);
    for (size_t i = 0; i < config->tree_count; i++) {
        const struct config_tree *tree = &config->trees[i];
        struct stat st;
        int err = refuse_links(config, tree);
        if (!err && stat(tree->path, &st) != 0)
            err = err_sys("%s:%d: %s", config->file, tree->line, tree->path);
        if (!err && !S_ISDIR(st.st_mode))
            err = err_hint(
                err_set(ERR_INVALID, _("%s:%d: %s is not a folder"), config->file, tree->line, tree->path),
                _("folders are guarded; write the folder that holds the file"));
        if (!err)
            err = check_apart(config, tree, config->state, _("state folder"));
        if (!err)
            err = check_apart(config, tree, config->remote ? NULL : config->repository,
                              _("vault's repository"));
        if (!err)
            err = check_same(config, i, &st, all);
        if (err)
            return err;
    }
    return 0;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->tree_count; i++)
        free(config->trees[i].path);
    free(config->trees);
    free(config->file);
    free(config->name);
    free(config->state);
    free(config->socket);
    free(config->user);
    free(config->repository);
    free(config->server_user);
    free(config->server_password_file);
    free(config->server_ca);
    free(config->password_file);
    free(config->samba_config);
    free(config);
}

/* A YAML double-quoted scalar: any byte string that is UTF-8 stays itself. */
static void put_quoted(struct buf *b, const char *text)
{
    buf_put_u8(b, '"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 32 || byte == 127)
            buf_printf(b, "\\x%02x", byte);
        else if (byte == '"' || byte == '\\')
            buf_printf(b, "\\%c", byte);
        else
            buf_put_u8(b, byte);
    }
    buf_put_u8(b, '"');
}

static void put_line(struct buf *b, const char *before, const char *folder, const char *name)
{
    char *path MEM_AUTO = path_join(folder, name);
    buf_printf(b, "%s", before);
    put_quoted(b, path);
    buf_put_u8(b, '\n');
}

char *config_default_text(const char *state, char *const *folders, size_t count)
{
    struct buf b BUF_AUTO;
    buf_init(&b, YML_MAX_BYTES);
    put_line(&b, "state: ", state, "");
    put_line(&b, "socket: ", state, "api.sock");
    buf_printf(&b, "protect:\n");
    for (size_t i = 0; i < count; i++)
        put_line(&b, "  - path: ", folders[i], "");
    buf_printf(&b, "vault:\n");
    put_line(&b, "  repository: ", state, "vault");
    put_line(&b, "  password-file: ", state, "vault.pass");
    buf_printf(&b, "respond:\n  mode: enforce\n  recover: auto\n");
    return mem_strdup(buf_string(&b));
}
