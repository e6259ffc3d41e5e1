/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault serve
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "server/htpasswd.h"
#include "server/server.h"

#define PASSWORD_MAX ((size_t)4096)

/* What the command line says, before it is understood. */
struct wish {
    struct server_options server;
    const char *max_size, *add_user, *password_file;
    struct opt_list quotas;
    int64_t connections, per_address, timeout;
    bool append_only, tls, seal, unseal;
    char *cert, *key, *users; /* owned: the usual places */
    struct quota_limit *limits;
};

static void on_ready(const char *url)
{
    printf(_("the vault is served at %s\n"), url);
    fflush(stdout);
}

static int seal(const struct wish *wish)
{
    bool changed;
    int err = server_seal(&wish->server, wish->seal, &changed);
    if (err)
        return cmd_fail(err);
    if (wish->seal)
        printf("%s\n", changed ? _("The vault is sealed: nothing is added or removed until --unseal.")
                               : _("The vault was sealed already."));
    else
        printf("%s\n", changed ? _("The seal is broken: the vault takes backups again.")
                               : _("The vault was not sealed."));
    return cmd_finish(CMD_DONE);
}

static int add_user(const struct wish *wish)
{
    struct buf password BUF_AUTO;
    buf_init(&password, PASSWORD_MAX);
    int err = vault_common_new_password(wish->password_file, &password);
    if (!err)
        err = htpasswd_set(wish->server.htpasswd, wish->add_user, buf_string(&password));
    if (err)
        return cmd_fail(err);
    printf(_("%s may now log in (%s).\n"), wish->add_user, wish->server.htpasswd);
    return cmd_finish(CMD_DONE);
}

static int understand_quotas(struct wish *wish)
{
    wish->limits = mem_zalloc(wish->quotas.count + 1, sizeof *wish->limits);
    for (size_t i = 0; i < wish->quotas.count; i++) {
        char *text = (char *)(uintptr_t)wish->quotas.items[i]; /* of argv: ours */
        char *equals = strchr(text, '=');
        if (!equals || equals == text)
            return err_hint(err_set(ERR_INVALID, _("--quota wants USER=SIZE, not \"%s\""), text),
                            _("for example: --quota mairie=500G"));
        int err = vault_common_parse_size(equals + 1, &wish->limits[i].bytes);
        if (err)
            return err;
        *equals = '\0';
        wish->limits[i].account = text;
    }
    wish->server.limits = wish->limits;
    wish->server.limit_count = wish->quotas.count;
    if (wish->quotas.count && !wish->server.private_repositories)
        return err_set(ERR_INVALID, _("--quota is of users, who have something of their own with "
                                      "--private-repos alone"));
    return wish->max_size ? vault_common_parse_size(wish->max_size, &wish->server.limit) : 0;
}

static int take_number(const char *option, int64_t value, int64_t most, unsigned *out)
{
    if (value < 1 || value > most)
        return err_set(ERR_INVALID, _("--%s wants a number from 1 to %lld"), option, (long long)most);
    *out = (unsigned)value;
    return 0;
}

/* What goes together, and the usual places. */
static int understand(struct wish *wish)
{
    struct server_options *s = &wish->server;
    if (!s->path && !(wish->add_user && s->htpasswd))
        return err_hint(err_set(ERR_INVALID, "%s", _("no folder was named")),
                        _("the folder of the repositories is named with: --path DIR"));
    if (s->no_auth && s->private_repositories)
        return err_set(ERR_INVALID, "%s", _("--private-repos needs users, --no-auth has none"));
    if (!s->htpasswd)
        s->htpasswd = wish->users = path_join(s->path, SERVER_HTPASSWD);
    if ((wish->tls || s->tls_cert || s->tls_key) && s->path) {
        if (!s->tls_cert)
            s->tls_cert = wish->cert = path_join(s->path, "public_key");
        if (!s->tls_key)
            s->tls_key = wish->key = path_join(s->path, "private_key");
    }
    s->metrics = s->metrics || s->metrics_for_all;
    if (wish->append_only && s->removing)
        return err_set(ERR_INVALID, "%s", _("--append-only and --no-append-only exclude each other"));
    int err = understand_quotas(wish);
    if (!err)
        err = take_number("max-connections", wish->connections, 100000, &s->connections);
    if (!err)
        err = take_number("max-per-address", wish->per_address, 100000, &s->connections_per_address);
    return err ? err : take_number("timeout", wish->timeout, 3600, &s->timeout_s);
}

static int run(struct wish *wish)
{
    int err = understand(wish);
    if (err)
        return cmd_fail(err);
    if (wish->add_user)
        return add_user(wish);
    if (wish->seal || wish->unseal)
        return seal(wish);
    log_init("vault-serve", LOG_LEVEL_INFO);
    err = server_run(&wish->server, on_ready);
    return err ? cmd_fail(err) : cmd_finish(CMD_DONE);
}

int cmd_vault_serve(int argc, char **argv)
{
    struct wish wish = {
        .server = {.listen = ":8000"}, .connections = 10000, .per_address = 1000, .timeout = 60};
    struct server_options *s = &wish.server;
    const struct opt options[] = {
        {"path", 0, OPT_STRING, &s->path, N_("DIR"), N_("the folder that holds the repositories")},
        {"listen", 0, OPT_STRING, &s->listen, N_("HOST:PORT"),
         N_("where to listen (default: :8000, all addresses)")},
        {"htpasswd-file", 0, OPT_STRING, &s->htpasswd, N_("FILE"),
         N_("the users, with bcrypt passwords (default: .htpasswd\nin the folder)")},
        {"no-auth", 0, OPT_FLAG, &s->no_auth, NULL, N_("let everybody in, without a password")},
        {"private-repos", 0, OPT_FLAG, &s->private_repositories, NULL,
         N_("each user reaches only what lies below its own name")},
        {"append-only", 0, OPT_FLAG, &wish.append_only, NULL,
         N_("nothing can be removed (as it is by default)")},
        {"no-append-only", 0, OPT_FLAG, &s->removing, NULL, N_("clients may remove what is there")},
        {"max-size", 0, OPT_STRING, &wish.max_size, N_("SIZE"),
         N_("so much may be held, with --private-repos by each user")},
        {"quota", 0, OPT_LIST, &wish.quotas, N_("USER=SIZE"),
         N_("so much by that user instead (may be repeated)")},
        {"tls", 0, OPT_FLAG, &wish.tls, NULL, N_("speak HTTPS")},
        {"tls-cert", 0, OPT_STRING, &s->tls_cert, N_("FILE"),
         N_("its certificate (default: public_key in the folder)")},
        {"tls-key", 0, OPT_STRING, &s->tls_key, N_("FILE"),
         N_("the key of that (default: private_key in the folder)")},
        {"state", 0, OPT_STRING, &s->state, N_("DIR"),
         N_("journal, seal and owners of locks (default: .beffroi\nin the folder)")},
        {"user", 0, OPT_STRING, &s->user, N_("NAME"), N_("become this user when started by root")},
        {"log", 0, OPT_STRING, &s->log, N_("FILE"),
         N_("write a line for each request (\"-\": standard output)")},
        {"prometheus", 0, OPT_FLAG, &s->metrics, NULL,
         N_("show figures at /metrics to the user \"metrics\"")},
        {"prometheus-no-auth", 0, OPT_FLAG, &s->metrics_for_all, NULL, N_("show them to everybody")},
        {"max-connections", 0, OPT_NUMBER, &wish.connections, N_("N"),
         N_("so many at a time (default: 10000)")},
        {"max-per-address", 0, OPT_NUMBER, &wish.per_address, N_("N"),
         N_("so many of one address (default: 1000)")},
        {"timeout", 0, OPT_NUMBER, &wish.timeout, N_("SECONDS"),
         N_("end connections that do not get on for so long\n(default: 60)")},
        {"seal", 0, OPT_FLAG, &wish.seal, NULL,
         N_("do not serve, but seal: nothing is added or removed from\nnow on, by a server that runs or is "
            "started later")},
        {"unseal", 0, OPT_FLAG, &wish.unseal, NULL, N_("break the seal")},
        {"add-user", 0, OPT_STRING, &wish.add_user, N_("NAME"),
         N_("do not serve, but add a user, or change the password")},
        {"new-password-file", 0, OPT_STRING, &wish.password_file, N_("FILE"),
         N_("with --add-user: the password (else it is asked for)")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault serve",
        .operands = "",
        .summary =
            N_("Serves repositories to restic on other machines, which can add to them and remove nothing."),
        .options = options};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO)
        code = run(&wish);
    opt_list_free(&wish.quotas);
    free(wish.limits);
    free(wish.cert);
    free(wish.key);
    free(wish.users);
    return code;
}
