/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi guard: the daemon.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/yaml.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "guard/config.h"
#include "guard/premises.h"
#include "guard/supervisor.h"

#define DEFAULT_CONFIG "/etc/beffroi/beffroi.yaml"

static int load(const char *path, struct buf *text, struct config **config)
{
    buf_init(text, YAML_MAX_BYTES);
    int err = fd_read_file(AT_FDCWD, path, text);
    if (err)
        return err_hint(err, _("beffroi.yaml(5) says what it holds; name another file with -c FILE"));
    err = config_parse(buf_string(text), text->length, path, config);
    return err ? err : config_check_paths(*config);
}

static int need_root(void)
{
    if (geteuid() == 0)
        return 0;
    return err_hint(err_set(ERR_PERMISSION, _("the guard must be started by root: only root may watch the "
                                              "files of everybody and stop programs")),
                    _("start it with: sudo beffroi guard, or: systemctl start beffroi"));
}

static void tell_password(const struct config *config)
{
    fprintf(stderr,
            _("*** A password for the vault was made. It is in %s.\n"
              "*** Write it down NOW and keep it away from this machine: without it nobody,\n"
              "*** not even you, can read the backups when this machine is lost.\n"),
            config->password_file);
}

static int guard(const struct config *config, struct buf *text)
{
    int lock FD_AUTO = -1;
    bool made = false;
    int err = premises_open(config, &lock);
    if (!err)
        err = premises_password(config, &made);
    if (made)
        tell_password(config);
    if (!err)
        err = supervisor_run(config, buf_string(text), text->length);
    if (lock >= 0)
        unlink(config->socket);
    return err;
}

int cmd_guard(int argc, char **argv)
{
    const char *path = DEFAULT_CONFIG;
    bool check_only = false;
    const struct opt options[] = {
        {"config", 'c', OPT_STRING, &path, N_("FILE"),
         N_("the configuration (default: /etc/beffroi/beffroi.yaml)")},
        {"check-config", 0, OPT_FLAG, &check_only, NULL, N_("only check the configuration, start nothing")},
        {0}};
    const struct opt_command command = {"guard", "", N_("Watch the folders of the configuration."),
                                        options, 0,  0};
    int operands;
    enum opt_result result = opt_parse(&command, argc, argv, &operands);
    if (result != OPT_GO)
        return result == OPT_WRONG ? 2 : 0;
    log_init("guard", LOG_LEVEL_INFO);
    struct buf text BUF_AUTO;
    struct config *config = NULL;
    int err = check_only ? 0 : need_root();
    buf_init(&text, YAML_MAX_BYTES);
    if (!err)
        err = load(path, &text, &config);
    if (!err && check_only)
        printf(_("%s is right.\n"), path);
    else if (!err)
        err = guard(config, &text);
    config_free(config);
    return err ? cmd_fail(err) : 0;
}
