/* SPDX-License-Identifier: GPL-3.0-or-later
 * A Samba server that lives in the yard alone. Its two users exist only for it: libnss_wrapper shows smbd an
 * account list of the drill's, so that none is added to the machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/process.h"
#include "drill/stage.h"
#include "drill/town.h"

static const char *const folders[] = {"samba",       "samba/private", "samba/lock",    "samba/state",
                                      "samba/cache", "samba/pid",     "samba/ncalrpc", NULL};

static int write_text(const struct stage *s, const char *name, const char *text)
{
    return durable_write(s->yard->fd, name, text, strlen(text), 0644);
}

static int write_files(const struct stage *s)
{
    const char *yard = s->yard->path;
    for (size_t i = 0; folders[i]; i++)
        if (mkdirat(s->yard->fd, folders[i], strstr(folders[i], "private") ? 0700 : 0755) < 0)
            return err_sys(_("cannot create %s/%s"), yard, folders[i]);
    char *conf MEM_AUTO = mem_printf("[global]\n"
                                     "  server role = standalone server\n"
                                     "  workgroup = MAIRIE\n"
                                     "  netbios name = SERVEUR\n"
                                     "  server min protocol = SMB2\n"
                                     "  interfaces = " STAGE_SERVER_IP "/24\n"
                                     "  bind interfaces only = yes\n"
                                     "  disable netbios = yes\n"
                                     "  smb ports = 445\n"
                                     "  map to guest = never\n"
                                     "  load printers = no\n"
                                     "  printcap name = /dev/null\n"
                                     "  disable spoolss = yes\n"
                                     "  passdb backend = tdbsam:%1$s/samba/private/passdb.tdb\n"
                                     "  private dir = %1$s/samba/private\n"
                                     "  lock directory = %1$s/samba/lock\n"
                                     "  state directory = %1$s/samba/state\n"
                                     "  cache directory = %1$s/samba/cache\n"
                                     "  pid directory = %1$s/samba/pid\n"
                                     "  ncalrpc dir = %1$s/samba/ncalrpc\n"
                                     "  log file = %1$s/samba/log\n"
                                     "  max log size = 0\n"
                                     "[" STAGE_SHARE "]\n"
                                     "  path = %2$s\n"
                                     "  read only = no\n"
                                     "  follow symlinks = no\n"
                                     "  create mask = 0664\n"
                                     "  directory mask = 02775\n",
                                     yard, s->yard->share_path);
    char *passwd MEM_AUTO =
        mem_printf("root:x:0:0:root:/:/usr/sbin/nologin\n"
                   "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n" STAGE_INFECTED_USER
                   ":x:%u:%u::/:/usr/sbin/nologin\n" STAGE_COLLEAGUE_USER ":x:%u:%u::/:/usr/sbin/nologin\n",
                   TOWN_UID_FIRST, TOWN_GID, TOWN_UID_FIRST + 1, TOWN_GID);
    char *group MEM_AUTO = mem_printf("root:x:0:\nnogroup:x:65534:\nagents:x:%u:\n", TOWN_GID);
    int code = write_text(s, "samba/smb.conf", conf);
    if (code == 0)
        code = write_text(s, "samba/passwd", passwd);
    return code == 0 ? write_text(s, "samba/group", group) : code;
}

struct wrapper {
    char *passwd, *group;
    const char *env[4];
};

static void wrapper_make(const struct stage *s, struct wrapper *w)
{
    w->passwd = mem_printf("NSS_WRAPPER_PASSWD=%s/samba/passwd", s->yard->path);
    w->group = mem_printf("NSS_WRAPPER_GROUP=%s/samba/group", s->yard->path);
    w->env[0] = "LD_PRELOAD=libnss_wrapper.so";
    w->env[1] = w->passwd;
    w->env[2] = w->group;
    w->env[3] = NULL;
}

static int add_user(const struct stage *s, const struct wrapper *w, const char *log, const char *user)
{
    const struct process p = {
        .argv = (const char *const[]){"pdbedit", "-s", s->smb_conf, "-a", "-t", "-u", user, NULL},
        .netns = s->net[STAGE_SERVER],
        .env = w->env,
        .log = log,
        .input = STAGE_PASSWORD "\n" STAGE_PASSWORD "\n",
    };
    return process_must(&p);
}

/* True when something accepts connections on port 445; asked from the colleague's place. */
static bool answers(const struct stage *s)
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(445)};
        inet_pton(AF_INET, STAGE_SERVER_IP, &to.sin_addr);
        int fd = setns(s->net[STAGE_COLLEAGUE], CLONE_NEWNET) < 0 ? -1 : socket(AF_INET, SOCK_STREAM, 0);
        _exit(fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0;
}

/* The file server works with its users' rights: every folder on the way to the share must let them through.
 */
static int check_way(const struct stage *s)
{
    char *path MEM_AUTO = mem_strdup(s->yard->path);
    for (char *slash = path; slash; slash = strchr(slash + 1, '/')) {
        struct stat st;
        char kept = slash[1];
        slash[1] = 0; /* "/", "/var/", "/var/tmp/" ... */
        int failed = stat(path, &st) < 0 || !(st.st_mode & S_IXOTH);
        if (failed)
            return err_hint(err_set(ERR_PERMISSION, _("users cannot pass through %s to the share"), path),
                            _("choose another place with --in FOLDER"));
        slash[1] = kept;
    }
    return 0;
}

int stage_samba_raise(struct stage *s)
{
    int code = check_way(s);
    if (code == 0)
        code = write_files(s);
    if (code < 0)
        return code;
    struct wrapper w;
    wrapper_make(s, &w);
    char *log MEM_AUTO = path_join(s->yard->path, "samba.log");
    s->smb_conf = path_join(s->yard->path, "samba/smb.conf");
    code = add_user(s, &w, log, STAGE_INFECTED_USER);
    if (code == 0)
        code = add_user(s, &w, log, STAGE_COLLEAGUE_USER);
    const struct process p = {
        .argv = (const char *const[]){"smbd", "-F", "--no-process-group", "-s", s->smb_conf, NULL},
        .netns = s->net[STAGE_SERVER],
        .env = w.env,
        .log = log,
    };
    if (code == 0)
        code = process_start(&p);
    if (code > 0)
        s->smbd = code;
    for (int tries = 0; code > 0 && !answers(s); tries++) {
        if (tries >= 500 || waitpid(s->smbd, NULL, WNOHANG) != 0)
            code = err_set(ERR_SYSTEM, _("the file server does not start; see %s"), log);
        process_sleep_ms(20);
    }
    free(w.passwd);
    free(w.group);
    return code < 0 ? code : 0;
}
