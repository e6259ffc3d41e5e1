/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/guard.h"
#include "drill/process.h"

#define GUARD_TRIES  1200 /* times 100 ms, for the first snapshot of the share */
#define GUARD_ENDING (15 * NS_PER_SECOND)

void stage_init(struct stage *s, const struct yard *yard)
{
    *s = (struct stage){.yard = yard};
    for (int i = 0; i < STAGE_PLACES; i++)
        s->net[i] = -1;
}

int stage_raise(struct stage *s, bool samba)
{
    int code = stage_net_raise(s);
    return code == 0 && samba ? stage_samba_raise(s) : code;
}

static int write_guard_config(struct stage *s)
{
    const char *yard = s->yard->path;
    char *samba MEM_AUTO =
        s->smb_conf ? mem_printf("\n  samba:\n    config: %s", s->smb_conf) : mem_strdup("");
    char *text MEM_AUTO = mem_printf("name: mairie-exercice\n"
                                     "state: %1$s/state\n"
                                     "socket: %1$s/api.sock\n"
                                     "protect:\n"
                                     "  - path: %2$s\n"
                                     "    kind: files\n"
                                     "    snapshot-every: 15m\n"
                                     "vault:\n"
                                     "  repository: %1$s/vault\n"
                                     "  password-file: %1$s/vault.pass\n"
                                     "respond:\n"
                                     "  mode: enforce\n"
                                     "  recover: auto%3$s\n",
                                     yard, s->yard->share_path, samba);
    s->guard_conf = path_join(yard, "guard.yaml");
    static const char password[] = "exercice-de-la-mairie\n";
    int code = durable_write(s->yard->fd, "vault.pass", password, sizeof password - 1, 0400);
    return code == 0 ? durable_write(s->yard->fd, "guard.yaml", text, strlen(text), 0644) : code;
}

int stage_guard(struct stage *s, const char *beffroi)
{
    char *log MEM_AUTO = path_join(s->yard->path, "guard.log");
    s->beffroi = beffroi;
    int code = write_guard_config(s);
    if (code < 0)
        return code;
    const struct process p = {
        .argv = (const char *const[]){beffroi, "guard", "-c", s->guard_conf, NULL},
        .netns = s->net[STAGE_SERVER],
        .log = log,
        .signal_at_death = 15,
    };
    code = process_start(&p);
    if (code < 0)
        return code;
    s->guard = code;
    for (int tries = 0; tries < GUARD_TRIES; tries++) {
        int status;
        if (waitpid(s->guard, &status, WNOHANG) != 0) {
            s->guard = 0;
            return err_set(ERR_SYSTEM, _("the guard has ended at its start; see %s"), log);
        }
        if (s->canceled && s->canceled())
            return err_set(ERR_CANCELED, _("the drill was stopped"));
        if (guard_is_ready(s))
            return 0;
        process_sleep_ms(100);
    }
    return err_set(ERR_TIMEOUT, _("the guard is not ready after two minutes; see %s"), log);
}

void stage_strike(struct stage *s)
{
    process_stop(&s->guard, GUARD_ENDING);
    process_stop(&s->smbd, 2 * NS_PER_SECOND);
    process_sweep();
    for (int i = 0; i < STAGE_PLACES; i++)
        fd_close(&s->net[i]);
    free(s->smb_conf);
    free(s->guard_conf);
    s->smb_conf = s->guard_conf = NULL;
}
