/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault init
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/gojson.h"

static int make(const struct vault_place *place, bool json)
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
        err = vault_init(path, buf_string(&password));
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

int cmd_vault_init(int argc, char **argv)
{
    struct vault_place place = {0};
    bool json = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
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
    return make(&place, json);
}
