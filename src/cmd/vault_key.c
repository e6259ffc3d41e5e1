/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault key list, add, remove, passwd
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/gojson.h"
#include "vault/keys.h"

#define MAX_PASSWORD ((size_t)4096)

/* ---- list ---- */

struct listing {
    bool json;
    size_t count, bad;
    struct buf out;
    struct cmd_table *table;
};

static void put_key(struct listing *listing, const struct vault_key_info *key, const char *created)
{
    struct buf *out = &listing->out;
    buf_printf(out, "%c{\"current\":%s,\"id\":\"%s\",\"userName\":", listing->count++ ? ',' : '[',
               key->current ? "true" : "false", key->id);
    gojson_put_text(out, key->username);
    buf_printf(out, ",\"hostName\":");
    gojson_put_text(out, key->hostname);
    buf_printf(out, ",\"created\":\"%s\"}", created);
}

static void on_key(void *context, const struct vault_key_info *key)
{
    struct listing *listing = context;
    char created[32] = "";
    if (key->created_ns)
        vault_common_put_time(key->created_ns, created);
    if (listing->json) {
        put_key(listing, key, created);
        return;
    }
    char *id MEM_AUTO = mem_printf("%c%.8s", key->current ? '*' : ' ', key->id);
    cmd_table_add(listing->table, (const char *const[]){id, key->username, key->hostname, created});
}

static void on_bad(void *context, const char *name, int err)
{
    struct listing *listing = context;
    (void)name;
    listing->bad++;
    cmd_fail(err);
}

static int list(const struct vault_place *place, bool json)
{
    struct vault *vault;
    struct listing listing = {.json = json};
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    buf_init(&listing.out, 0);
    listing.table =
        cmd_table_new("llll", (const char *const[]){_(" ID"), _("User"), _("Host"), _("Created")});
    err = vault_keys_list(vault, on_key, on_bad, &listing);
    if (!err && json) {
        buf_printf(&listing.out, listing.count ? "]" : "[]");
        vault_common_print(&listing.out);
    } else if (!err) {
        cmd_table_print(listing.table, stdout);
    }
    cmd_table_free(listing.table);
    buf_free(&listing.out);
    vault_close(vault);
    return err ? cmd_fail(err) : listing.bad ? CMD_PARTLY : CMD_DONE;
}

static int cmd_list(int argc, char **argv)
{
    struct vault_place place = {0};
    bool json = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"json", 0, OPT_FLAG, &json, NULL, N_("print them as JSON")},
        {0},
    };
    const struct opt_command command = {.name = "vault key list",
                                        .operands = "",
                                        .summary = N_("Lists the keys; * marks the one in use."),
                                        .options = options};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    return list(&place, json);
}

/* ---- add and passwd ---- */

struct new_key {
    struct vault_place place;
    const char *password_file;
    struct key_owner owner;
    bool instead; /* of the one in use */
};

/* The repository is opened before the new password is asked for: whoever may not change it learns that first.
 */
static int make(const struct new_key *wanted)
{
    struct vault *vault;
    struct buf password BUF_AUTO;
    char id[VAULT_ID_TEXT];
    buf_init(&password, MAX_PASSWORD);
    int err = vault_common_open(&wanted->place, &vault);
    if (err)
        return cmd_fail(err);
    err = vault_common_new_password(wanted->password_file, &password);
    if (!err && wanted->instead)
        err = vault_keys_change(vault, buf_string(&password), &wanted->owner, id);
    else if (!err)
        err = vault_keys_add(vault, buf_string(&password), &wanted->owner, id);
    vault_close(vault);
    if (err)
        return cmd_fail(err);
    printf(wanted->instead ? _("the password was changed; the key in use is now %.8s\n")
                           : _("added the key %.8s\n"),
           id);
    return CMD_DONE;
}

static int parse_new(struct opt_command command, struct new_key *wanted, int argc, char **argv)
{
    const struct opt options[] = {
        VAULT_PLACE_ROWS(wanted->place),
        {"new-password-file", 0, OPT_STRING, &wanted->password_file, N_("FILE"),
         N_("a file that holds the new password")},
        {"user", 0, OPT_STRING, &wanted->owner.username, N_("NAME"), N_("whom the new key is for")},
        {"host", 0, OPT_STRING, &wanted->owner.hostname, N_("NAME"), N_("which machine the new key is for")},
        {0},
    };
    int operands;
    command.options = options;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    return make(wanted);
}

static int cmd_add(int argc, char **argv)
{
    struct new_key wanted = {0};
    return parse_new(
        (struct opt_command){.name = "vault key add",
                             .operands = "",
                             .summary = N_("Adds a key: one more password opens the repository.")},
        &wanted, argc, argv);
}

static int cmd_passwd(int argc, char **argv)
{
    struct new_key wanted = {.instead = true};
    return parse_new(
        (struct opt_command){.name = "vault key passwd",
                             .operands = "",
                             .summary = N_("Changes the password: adds a key, then removes the one "
                                           "in use.")},
        &wanted, argc, argv);
}

/* ---- remove ---- */

static int cmd_remove(int argc, char **argv)
{
    struct vault_place place = {0};
    const struct opt options[] = {VAULT_PLACE_ROWS(place), {0}};
    const struct opt_command command = {.name = "vault key remove",
                                        .operands = N_("ID"),
                                        .summary =
                                            N_("Removes a key: its password opens the repository no longer."),
                                        .options = options,
                                        .least = 1,
                                        .most = 1};
    int operands;
    char id[VAULT_ID_TEXT];
    struct vault *vault;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    int err = vault_common_open(&place, &vault);
    if (err)
        return cmd_fail(err);
    err = vault_keys_remove(vault, argv[1], id);
    vault_close(vault);
    if (err)
        return cmd_fail(err);
    printf(_("removed the key %.8s\n"), id);
    return CMD_DONE;
}

static const struct cmd_row commands[] = {
    {"list", cmd_list, N_("list the keys")},
    {"add", cmd_add, N_("add a password")},
    {"passwd", cmd_passwd, N_("change the password")},
    {"remove", cmd_remove, N_("remove a password")},
    {0},
};

int cmd_vault_key(int argc, char **argv)
{
    return cmd_dispatch("vault key", N_("Each key opens the repository with a password of its own."),
                        commands, argc, argv);
}
