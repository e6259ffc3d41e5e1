/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault init
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/gojson.h"

static int copy_polynomial(const struct vault_place *from, uint64_t *out)
{
    struct vault *vault;
    int err = vault_common_open_from(from, &vault);
    if (err)
        return err;
    *out = vault_polynomial(vault);
    vault_close(vault);
    return 0;
}

static int make(const struct vault_place *place, const struct vault_init_options *init, bool json)
{
    const char *path;
    struct vault *vault;
    struct buf password BUF_AUTO, out BUF_AUTO;
    buf_init(&password, 4096);
    buf_init(&out, 65536);
    int err = vault_common_path(place, &path);
    if (!err)
        err = vault_common_password(place, true, &password);
    if (!err)
        err = vault_init(path, buf_string(&password), init);
    if (!err)
        err = vault_open(path, buf_string(&password), &vault);
    if (err)
        return cmd_fail(err);
    if (json) {
        buf_printf(&out, "{\"message_type\":\"initialized\",\"id\":\"%s\",\"repository\":", vault_id(vault));
        gojson_put_text(&out, path);
        buf_printf(&out, "}");
        vault_common_print(&out);
    } else {
        printf(_("made the repository %.10s in %s\n\nWithout the password nothing in it can be read, ever. "
                 "Keep a copy of "
                 "it\nsomewhere else, on paper too.\n"),
               vault_id(vault), path);
    }
    vault_close(vault);
    return 0;
}

static int parse_version(const char *text, unsigned *out)
{
    *out = strcmp(text, "1") == 0 ? 1 : 2;
    if (*out == 1 || strcmp(text, "2") == 0 || strcmp(text, "stable") == 0 || strcmp(text, "latest") == 0)
        return 0;
    return err_set(ERR_INVALID, _("--repository-version wants 1 or 2, not \"%s\""), text);
}

int cmd_vault_init(int argc, char **argv)
{
    struct vault_place place = {0}, from = {0};
    struct vault_init_options init = {0};
    const char *version = "2";
    bool json = false, same_cuts = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"copy-chunker-params", 0, OPT_FLAG, &same_cuts, NULL,
         N_("cut files where the other repository does, so that\ncopies between the two share contents")},
        VAULT_FROM_ROWS(from),
        {"repository-version", 0, OPT_STRING, &version, N_("VERSION"),
         N_("1 (read by old programs, not compressed) or 2,\n\"stable\" or \"latest\" (default: 2)")},
        {"json", 0, OPT_FLAG, &json, NULL, N_("print the result as JSON")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault init", .operands = "", .summary = N_("Makes a repository."), .options = options};
    int operands;
    switch (opt_parse(&command, argc, argv, &operands)) {
    case OPT_HELP_SHOWN:
        return 0;
    case OPT_WRONG:
        return 2;
    case OPT_GO:
        break;
    }
    int err = parse_version(version, &init.version);
    if (!err && (from.repository || from.repository_file) && !same_cuts)
        err = err_set(ERR_INVALID, _("--from-repo is of no use without --copy-chunker-params"));
    if (err) {
        cmd_fail(err);
        return CMD_USAGE;
    }
    err = same_cuts ? copy_polynomial(&from, &init.polynomial) : 0;
    return err ? cmd_fail(err) : make(&place, &init, json);
}
