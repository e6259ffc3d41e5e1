/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Start, confinement, housekeeping and end of the vault server. What needs rights (the port, the key of the
 * certificate, folders that are to be made) is opened first; then the rights are given up; then all threads
 * are started, which inherit that.
 */
#include "server/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/local.h"
#include "ipc/sandbox.h"
#include "server/context.h"
#include "server/listen.h"
#include "server/seal.h"

#define CONNECTION_MEMORY ((size_t)32 << 10) /* request line and headers, and a piece of a body */
#define HASHES_MOST       256
#define JOBS_MOST         4096
#define DISK_THREADS      8
#define PEM_MAX           ((size_t)1 << 20)
#define TLS_PRIORITIES    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct run {
    struct server server;
    struct MHD_Daemon *daemon;
    int listener;
    char url[LISTEN_HOST_SIZE + 64];
    struct buf cert, key;
    struct work recount;
    atomic_bool recounting;
    bool sealed; /* as it was told last */
};

/* ---- places ---- */

/* What we make for another user is that one's. */
static int make_folder(const char *path, bool give, uid_t uid, gid_t gid)
{
    struct stat st;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : err_set(ERR_INVALID, _("%s is not a folder"), path);
    int err = path_make_folders(path, 0700);
    if (!err && give && chown(path, uid, gid) != 0)
        err = err_sys(_("cannot give %s to its user"), path);
    return err;
}

static int find_user(const struct server_options *o, struct sandbox *s)
{
    s->drop_user = false;
    if (!o->user)
        return 0;
    int err = sandbox_user(o->user, &s->uid, &s->gid);
    if (!err && geteuid() != 0 && s->uid != geteuid())
        err = err_set(ERR_PERMISSION, _("only root can become the user %s"), o->user);
    s->drop_user = !err && geteuid() == 0;
    return err;
}

static int make_places(struct server *s, const struct sandbox *box)
{
    const struct server_options *o = s->options;
    int err = make_folder(o->path, box->drop_user, box->uid, box->gid);
    s->path = err ? NULL : realpath(o->path, NULL);
    if (!err && !s->path)
        err = err_sys(_("cannot look at %s"), o->path);
    if (err)
        return err;
    char *state MEM_AUTO = o->state ? mem_strdup(o->state) : path_join(s->path, SERVER_STATE);
    err = make_folder(state, box->drop_user, box->uid, box->gid);
    s->state_path = err ? NULL : realpath(state, NULL);
    if (!err && !s->state_path)
        err = err_sys(_("cannot look at %s"), state);
    s->htpasswd = o->htpasswd ? mem_strdup(o->htpasswd) : path_join(s->path, SERVER_HTPASSWD);
    return err;
}

static int read_pem(const char *path, struct buf *out)
{
    int err = fd_read_file(AT_FDCWD, path, out);
    buf_string(out);
    return err;
}

static int open_tls(struct run *run)
{
    const struct server_options *o = run->server.options;
    buf_init(&run->cert, PEM_MAX);
    buf_init(&run->key, PEM_MAX);
    int err = o->tls_cert ? read_pem(o->tls_cert, &run->cert) : 0;
    return !err && o->tls_key ? read_pem(o->tls_key, &run->key) : err;
}

static int open_log(struct server *s)
{
    const char *log = s->options->log;
    s->log = -1;
    if (log && strcmp(log, "-") == 0)
        s->log = dup(1);
    else if (log)
        s->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    return log && s->log < 0 ? err_sys(_("cannot open %s"), log) : 0;
}

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* ---- confinement ---- */

static int confine(const struct server *s, struct sandbox *box)
{
    char note[256];
    char *users MEM_AUTO = mem_strdup(s->htpasswd);
    *strrchr(users, '/') = '\0';
    /* Root that stays root must be able to serve the folder of another user. */
    if (geteuid() == 0 && !box->drop_user)
        box->capabilities =
            SANDBOX_CAP(CAP_DAC_OVERRIDE) | SANDBOX_CAP(CAP_DAC_READ_SEARCH) | SANDBOX_CAP(CAP_FOWNER);
    box->files = true;
    box->calls =
        CALLS_THREADS | CALLS_READ_FILES | CALLS_WRITE_FILES | CALLS_SERVE | CALLS_ALIVE | CALLS_NO_CODE;
    sandbox_allow(box, s->path, SANDBOX_WRITE);
    sandbox_allow(box, s->state_path, SANDBOX_WRITE);
    if (s->options->htpasswd && !s->options->no_auth) /* a file that is replaced is another one */
        sandbox_allow(box, *users ? users : "/", SANDBOX_READ);
    /* Local time, translated texts. */
    sandbox_allow(box, "/usr/share", SANDBOX_READ);
    int err = sandbox_enter(box, note, sizeof note);
    if (!err && *note)
        log_warning("%s", note);
    return err;
}

/* ---- what it is made of ---- */

static int open_login(struct server *s)
{
    if (s->options->no_auth)
        return 0;
    int err = login_new(s->htpasswd, &clock_system, &s->login);
    size_t line = err ? 0 : login_bad_line(s->login);
    if (line)
        log_warning(_("%s, line %zu: not a user with a bcrypt password; the line is left out"), s->htpasswd,
                    line);
    return err;
}

/* Takes away what a server that was killed left half written, in every repository. */
static void sweep_below(const char *path, unsigned depth)
{
    char *data MEM_AUTO = path_join(path, "data");
    struct blob_store *store = NULL;
    if (access(data, F_OK) == 0 && local_open(path, &store) == 0 && blob_sweep(blob_remover(store)) != 0)
        log_warning("%s", err_text());
    blob_close(store);
    DIR *entries = depth < TARGET_DEPTH ? opendir(path) : NULL;
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        struct stat st;
        if (!target_is_part(entry->d_name) ||
            fstatat(dirfd(entries), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
            continue;
        char *below MEM_AUTO = path_join(path, entry->d_name);
        sweep_below(below, depth + 1);
    }
    if (entries)
        closedir(entries);
}

static int open_parts(struct server *s)
{
    const struct server_options *o = s->options;
    const struct quota_options quota = {.path = s->path,
                                        .per_user = o->private_repositories,
                                        .limit = o->limit,
                                        .limits = o->limits,
                                        .limit_count = o->limit_count};
    if (access(s->path, R_OK | W_OK | X_OK) != 0)
        return err_hint(err_sys(_("cannot write into %s"), s->path),
                        _("give it to the user of the server: chown"));
    s->state = open(s->state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->state < 0)
        return err_sys(_("cannot open the state folder %s"), s->state_path);
    int err = open_login(s);
    if (!err)
        err = quota_new(&quota, &s->quota);
    if (!err)
        err = audit_open(s->state, &s->audit);
    if (err)
        return err;
    s->owners = owners_open(s->state);
    if (s->owners < 0)
        return s->owners;
    owners_sweep(s->owners, s->path);
    sweep_below(s->path, 0);
    s->metrics = metrics_new();
    s->peers = peers_new((int64_t)o->timeout_s * NS_PER_SECOND);
    s->started_ns = clock_system.wall_ns(clock_system.self);
    return 0;
}

static int start_threads(struct server *s, unsigned processors)
{
    int err = audit_start(s->audit);
    if (!err)
        err = work_pool_new(processors, HASHES_MOST, &s->hashing);
    return err ? err : work_pool_new(DISK_THREADS, JOBS_MOST, &s->disk);
}

__attribute__((format(printf, 2, 0))) static void on_library_log(void *unused, const char *format,
                                                                 va_list arguments)
{
    char text[512];
    (void)unused;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_debug("%s", text);
}

static int start_library(struct run *run, unsigned processors)
{
    const struct server_options *o = run->server.options;
    unsigned flags = MHD_USE_EPOLL_INTERNALLY | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    unsigned threads = processors < 2 ? 4 : processors > 8 ? 16 : 2 * processors;
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, run->cert.data},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, run->key.data},
                                   {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
                                   {MHD_OPTION_END, 0, NULL}};
    if (o->tls_cert)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    run->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, request_handle, &run->server, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, run->listener, MHD_OPTION_THREAD_POOL_SIZE, threads,
        MHD_OPTION_CONNECTION_LIMIT, o->connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        o->connections_per_address, MHD_OPTION_CONNECTION_TIMEOUT, o->timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, request_completed,
        &run->server, MHD_OPTION_NOTIFY_CONNECTION, request_connection, &run->server,
        MHD_OPTION_UNESCAPE_CALLBACK, request_unescape, &run->server, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (run->daemon)
        return 0;
    int err = err_set(ERR_SYSTEM, "%s", _("the HTTP server does not start"));
    return o->tls_cert ? err_hint(err, "%s", _("do the certificate and its key belong together?")) : err;
}

/* ---- housekeeping ---- */

static void tell(struct run *run, const char *action, int severity)
{
    audit_tell(run->server.audit, &(struct audit_event){.action = action, .severity = severity});
}

static void watch_seal(struct run *run)
{
    bool sealed = seal_is_set(run->server.state);
    if (sealed == run->sealed)
        return;
    run->sealed = sealed;
    tell(run, sealed ? "sealed" : "unsealed", 2);
    log_warning("%s", sealed ? _("the vault is sealed: nothing is added or removed")
                             : _("the seal is broken: the vault takes backups again"));
}

static void watch_users(struct run *run)
{
    struct server *s = &run->server;
    int changed = s->login ? login_refresh(s->login) : 0;
    if (changed < 0)
        log_error(_("%s; those of before stay"), err_text());
    if (changed != 1)
        return;
    log_info(P_("%zu user was read again", "%zu users were read again", login_count(s->login)),
             login_count(s->login));
    if (login_bad_line(s->login))
        log_warning(_("%s, line %zu: not a user with a bcrypt password; the line is left out"), s->htpasswd,
                    login_bad_line(s->login));
    tell(run, "users-changed", 1);
}

static void run_recount(struct work *work)
{
    struct run *run = (struct run *)((char *)work - offsetof(struct run, recount));
    quota_recount(run->server.quota, clock_system.monotonic_ns(clock_system.self));
    atomic_store(&run->recounting, false);
}

static void keep_house(struct run *run)
{
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    watch_seal(run);
    watch_users(run);
    if (!atomic_exchange(&run->recounting, true)) {
        run->recount.run = run_recount;
        if (!work_pool_add(run->server.disk, &run->recount))
            atomic_store(&run->recounting, false);
    }
    peers_check(run->server.peers, now);
}

static void serve(struct run *run, const sigset_t *signals)
{
    const struct timespec beat = {.tv_nsec = 500 * NS_PER_MS};
    for (;;) {
        int signal = sigtimedwait(signals, NULL, &beat);
        if (signal == SIGTERM || signal == SIGINT)
            return;
        keep_house(run);
    }
}

/* ---- start and end ---- */

static int prepare(struct run *run)
{
    struct server *s = &run->server;
    struct sandbox *box = mem_zalloc(1, sizeof *box);
    char where[LISTEN_HOST_SIZE + 16];
    int err = find_user(s->options, box);
    if (!err)
        err = make_places(s, box);
    if (!err)
        err = open_tls(run);
    if (!err)
        err = open_log(s);
    if (!err) {
        run->listener = listen_open(s->options->listen, where, sizeof where);
        err = run->listener < 0 ? run->listener : 0;
    }
    if (!err) {
        snprintf(run->url, sizeof run->url, "%s://%s/", s->options->tls_cert ? "https" : "http", where);
        raise_limit();
        tzset();
        i18n_load();
        err = confine(s, box);
    }
    free(box);
    return err;
}

static void finish(struct run *run)
{
    struct server *s = &run->server;
    /* A connection that rests cannot be ended: so the jobs are done first. */
    work_pool_stop(s->hashing);
    work_pool_stop(s->disk);
    if (run->daemon)
        MHD_stop_daemon(run->daemon); /* and closes the socket */
    else
        fd_close(&run->listener);
    if (s->audit)
        tell(run, "stopped", 0);
    audit_close(s->audit);
    login_free(s->login);
    quota_free(s->quota);
    metrics_free(s->metrics);
    peers_free(s->peers);
    fd_close(&s->owners);
    fd_close(&s->state);
    fd_close(&s->log);
    buf_free(&run->cert);
    buf_free(&run->key);
    free(s->path);
    free(s->state_path);
    free(s->htpasswd);
}

int server_run(const struct server_options *options, void (*ready)(const char *url))
{
    struct run run = {.server = {.options = options, .state = -1, .owners = -1, .log = -1}, .listener = -1};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = processors > 0 ? (unsigned)processors : 1;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    int err = prepare(&run);
    if (!err)
        err = open_parts(&run.server);
    if (!err)
        err = start_threads(&run.server, count);
    if (!err)
        err = start_library(&run, count);
    if (!err) {
        run.sealed = seal_is_set(run.server.state);
        tell(&run, run.sealed ? "started-sealed" : "started", run.sealed ? 2 : 0);
        ready(run.url);
        serve(&run, &signals);
    }
    finish(&run);
    return err;
}

/* ---- the seal from outside ---- */

/* What root makes in the folder of the server's user must be that one's. */
static int become_owner(int state)
{
    struct stat st;
    if (geteuid() != 0 || fstat(state, &st) != 0 || st.st_uid == 0)
        return 0;
    if (setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0)
        return err_sys("%s", _("cannot become the owner of the state folder"));
    return 0;
}

/* A server that runs sees it and tells its journal; else it is told here. */
static void tell_seal(int state, bool seal)
{
    struct audit *audit;
    int err = audit_open(state, &audit);
    if (err && err != ERR_LOCKED)
        log_warning("%s", err_text());
    if (err)
        return;
    audit_tell(audit, &(struct audit_event){.action = seal ? "sealed" : "unsealed", .severity = 2});
    audit_close(audit);
}

int server_seal(const struct server_options *options, bool seal, bool *changed)
{
    char *path MEM_AUTO =
        options->state ? mem_strdup(options->state) : path_join(options->path, SERVER_STATE);
    int state FD_AUTO = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state < 0)
        return err_hint(err_sys(_("cannot open the state folder %s"), path),
                        _("name the served folder with --path, and the state folder with --state if it is "
                          "another"));
    int err = become_owner(state);
    if (!err)
        err = seal ? seal_set(state) : seal_break(state);
    *changed = !err;
    if (err == (seal ? ERR_EXISTS : ERR_NOT_FOUND))
        return 0;
    if (!err)
        tell_seal(state, seal);
    return err;
}
