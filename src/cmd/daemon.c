/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi-guard, what `beffroi guard` becomes: the daemon.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "base/yml.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "guard/config.h"
#include "guard/premises.h"
#include "guard/supervisor.h"

#define DEFAULT_CONFIG "/etc/beffroi/beffroi.yaml"
#define DEFAULT_STATE  "/var/lib/beffroi"
#define CONFIG_NAME    "beffroi.yaml" /* in the state folder */

static int load(const char *path, struct buf *text, struct config **config)
{
    buf_init(text, YML_MAX_BYTES);
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

static int write_text(const char *state, const char *text, char **path)
{
    int fd FD_AUTO = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(_("cannot open the folder %s"), state);
    *path = path_join(state, CONFIG_NAME);
    return durable_write(fd, CONFIG_NAME, text, strlen(text), 0600);
}

/* `beffroi guard FOLDER...`: writes the configuration with the embedded defaults for these folders into the
 * state folder. *path is where it stands; the caller frees it. */
static int write_defaults(const char *state, char **folders, size_t count, char **path)
{
    int err = path_make_folders(state, 0700);
    if (err)
        return err;
    char *whole_state MEM_AUTO = realpath(state, NULL);
    char **whole = mem_zalloc(count, sizeof *whole);
    if (!whole_state)
        err = err_sys(_("cannot look at %s"), state);
    for (size_t i = 0; !err && i < count; i++)
        if (!(whole[i] = realpath(folders[i], NULL)))
            err = err_sys(_("cannot look at %s"), folders[i]);
    if (!err) {
        char *text MEM_AUTO = config_default_text(whole_state, whole, count);
        err = write_text(whole_state, text, path);
    }
    for (size_t i = 0; i < count; i++)
        free(whole[i]);
    free(whole);
    return err;
}

int cmd_daemon(int argc, char **argv)
{
    const char *path = DEFAULT_CONFIG;
    const char *state = DEFAULT_STATE;
    char *written MEM_AUTO = NULL;
    bool check_only = false;
    const struct opt options[] = {
        {"config", 'c', OPT_STRING, &path, N_("FILE"),
         N_("the configuration (default: /etc/beffroi/beffroi.yaml)")},
        {"state", 0, OPT_STRING, &state, N_("DIR"),
         N_("with folders given: where the configuration, the journal and the\nvault go (default: "
            "/var/lib/beffroi)")},
        {"check-config", 0, OPT_FLAG, &check_only, NULL, N_("only check the configuration, start nothing")},
        {0}};
    const struct opt_command command = {"guard",
                                        N_("[FOLDER...]"),
                                        N_("Guards the folders of the configuration, or those given here "
                                           "with the embedded defaults, until it is\n"
                                           "told to stop."),
                                        options,
                                        0,
                                        -1};
    int operands;
    enum opt_result result = opt_parse(&command, argc, argv, &operands);
    if (result != OPT_GO)
        return result == OPT_WRONG ? 2 : 0;
    log_init("guard", LOG_LEVEL_INFO);
    struct buf text BUF_AUTO;
    struct config *config = NULL;
    int err = check_only ? 0 : need_root();
    buf_init(&text, YML_MAX_BYTES);
    if (!err && operands > 0)
        err = write_defaults(state, argv + 1, (size_t)operands, &written);
    if (!err)
        err = load(written ? written : path, &text, &config);
    if (!err && check_only)
        printf(_("%s is right.\n"), written ? written : path);
    else if (!err)
        err = guard(config, &text);
    config_free(config);
    return err ? cmd_fail(err) : 0;
}
