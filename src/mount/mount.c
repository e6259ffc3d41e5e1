/* SPDX-License-Identifier: GPL-3.0-or-later */
#define FUSE_USE_VERSION 312
#include "mount/mount.h"

#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "mount/gotime.h"
#include "mount/state.h"
#include "mount/template.h"
#include "vault/lock.h"

#define LEAST_THREADS 2
#define MOST_THREADS  8

static const char *const usual_templates[] = {"ids/%i", "snapshots/%T", "hosts/%h/%T", "tags/%t/%T"};

/* What the library said last, for the error of mounting; it logs from any thread. */
static pthread_mutex_t said_mutex = PTHREAD_MUTEX_INITIALIZER;
static char said[512];
static bool serving;

static void hear(enum fuse_log_level level, const char *format, va_list args)
{
    char line[sizeof said];
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    pthread_mutex_lock(&said_mutex);
    memcpy(said, line, sizeof said);
    bool log = serving && level <= FUSE_LOG_WARNING;
    pthread_mutex_unlock(&said_mutex);
    if (log)
        log_warning("%s", line);
}

/* ---- before ---- */

static int check_folder(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : err_set(ERR_INVALID, _("%s is not a folder"), path);
    int why = errno;
    int err = err_sys(_("cannot mount at %s"), path);
    if (why == ENOTCONN)
        err_hint(err,
                 _("what was mounted there ended without unmounting; take it away with: fusermount3 -u %s"),
                 path);
    else if (why == ENOENT)
        err_hint(err, _("make the folder first"));
    return err;
}

static int check_templates(const struct places_rules *rules)
{
    const char *time = rules->time_template;
    if (!*time || time[0] == '/' || time[strlen(time) - 1] == '/')
        return err_set(ERR_INVALID, _("the time template is empty, or begins or ends with \"/\""));
    for (size_t i = 0; i < rules->template_count; i++)
        if (!*rules->templates[i])
            return err_set(ERR_INVALID, _("a path template is empty"));
    return 0;
}

static void set_rules(struct places_rules *rules, const struct mount_options *options)
{
    bool given = options->path_template_count > 0;
    *rules = (struct places_rules){.templates = given ? options->path_templates : usual_templates,
                                   .template_count = given ? options->path_template_count
                                                           : sizeof usual_templates / sizeof *usual_templates,
                                   .time_template =
                                       options->time_template ? options->time_template : GOTIME_RFC3339,
                                   .filter = options->filter};
}

/* ---- the session ---- */

static struct fuse_session *new_session(struct mount *mount)
{
    char options[256];
    snprintf(options, sizeof options, "-oro,subtype=beffroi,fsname=restic:%.10s%s%s", vault_id(mount->vault),
             mount->options->allow_other ? ",allow_other" : "",
             mount->options->allow_other && !mount->options->no_default_permissions ? ",default_permissions"
                                                                                    : "");
    char *words[] = {"beffroi", options, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(2, words);
    struct fuse_session *session = fuse_session_new(&args, &fs_ops, sizeof fs_ops, mount);
    fuse_opt_free_args(&args);
    return session;
}

static int no_fuse(const char *mountpoint)
{
    pthread_mutex_lock(&said_mutex);
    int err = access("/dev/fuse", F_OK) != 0
                  ? err_hint(err_set(ERR_UNSUPPORTED, _("cannot mount at %s: this system has no /dev/fuse"),
                                     mountpoint),
                             _("load the kernel's part with: modprobe fuse"))
                  : err_set(ERR_SYSTEM, _("cannot mount at %s: %s"), mountpoint, *said ? said : "FUSE");
    pthread_mutex_unlock(&said_mutex);
    return err;
}

/* Asks the kernel to forget folders when it knows too many. A thread of its own: the kernel may wait for an
 * answer of ours while it does so. */
struct keeper {
    struct mount *mount;
    struct fuse_session *session;
};

static void *keep_few(void *context)
{
    const struct keeper *keeper = context;
    struct mount *mount = keeper->mount;
    struct folder folder;
    char *name;
    while (folders_stale(mount->folders, &folder, &name)) {
        uint64_t parent = folder.parent << NODE_BITS;
        if (folder.parent == 0) {
            pthread_mutex_lock(&mount->places_mutex);
            const struct place *place = places_get(mount->places, folder.index);
            parent = place ? place->parent->number : PLACES_ROOT;
            pthread_mutex_unlock(&mount->places_mutex);
        }
        fuse_lowlevel_notify_inval_entry(keeper->session, parent, name, strlen(name));
        free(name);
    }
    return NULL;
}

static int start_quietly(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return failed ? err_sys(_("cannot start a thread")) : 0;
}

static int serve_requests(struct fuse_session *session)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct fuse_loop_config *config = fuse_loop_cfg_create();
    unsigned threads = processors < LEAST_THREADS  ? LEAST_THREADS
                       : processors > MOST_THREADS ? MOST_THREADS
                                                   : (unsigned)processors;
    fuse_loop_cfg_set_max_threads(config, threads + 1);
    fuse_loop_cfg_set_idle_threads(config, threads + 1);
    serving = true;
    int ended = fuse_session_loop_mt(session, config);
    serving = false;
    fuse_loop_cfg_destroy(config);
    errno = -ended;
    return ended < 0 ? err_sys(_("the kernel's requests cannot be read any more")) : 0; /* > 0: a signal */
}

static int serve_mounted(struct mount *mount, struct fuse_session *session)
{
    struct keeper keeper = {mount, session};
    pthread_t thread;
    int err = start_quietly(&thread, keep_few, &keeper);
    if (err)
        return err;
    if (mount->options->on_ready)
        mount->options->on_ready(mount->options->context);
    err = serve_requests(session);
    folders_end(mount->folders);
    pthread_join(thread, NULL);
    return err;
}

/* Ends the session on a signal. fuse_set_signal_handlers only sets a flag, and one that comes between the
 * loop's look at the flag and its sleep is lost: the program then stays until the next. So the signals are
 * waited for by a thread, which wakes the loop again and again until it has ended. */
struct ender {
    struct fuse_session *session;
    pthread_t server; /* in the loop */
    atomic_bool over; /* nothing is to be ended any more */
};

static void wake(int number)
{
    (void)number; /* the call that sleeps is interrupted, no more */
}

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

static void *end_on_signal(void *context)
{
    struct ender *ender = context;
    const struct timespec rest = {.tv_nsec = 50 * NS_PER_MS};
    sigset_t set;
    ending_signals(&set);
    while (!atomic_load(&ender->over)) {
        if (sigtimedwait(&set, NULL, &rest) > 0)
            fuse_session_exit(ender->session);
        if (fuse_session_exited(ender->session) && !atomic_load(&ender->over))
            pthread_kill(ender->server, SIGUSR1);
    }
    return NULL;
}

static int start_ender(struct ender *ender, struct fuse_session *session, pthread_t *thread)
{
    sigset_t set;
    *ender = (struct ender){.session = session, .server = pthread_self()};
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = wake}, NULL);
    signal(SIGPIPE, SIG_IGN);
    ending_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* for all threads that are started from here on, too */
    return start_quietly(thread, end_on_signal, ender);
}

/* Signals end the session from here on: what was taken is given back, also while the index is being read. */
static int serve_session(struct mount *mount, struct fuse_session *session)
{
    struct lock *lock = NULL;
    const char *where = mount->options->mountpoint;
    struct ender ender;
    pthread_t thread;
    int err = start_ender(&ender, session, &thread);
    if (err)
        return err;
    /* A folder mounted read-only cannot be locked, nor can anything be taken from it. */
    err = mount->options->no_lock ? 0 : lock_take(mount->vault, false, &lock);
    if (err == ERR_READ_ONLY)
        err = 0;
    if (!err)
        err = mount_first_look(mount);
    if (!err)
        mount->reading = reading_new(mount->pool);
    if (!err && !fuse_session_exited(session)) {
        err = fuse_session_mount(session, where) == 0 ? 0 : no_fuse(where);
        if (!err) {
            err = serve_mounted(mount, session);
            fuse_session_unmount(session);
        }
    }
    atomic_store(&ender.over, true);
    pthread_join(thread, NULL);
    lock_release(lock);
    return err;
}

static int serve(struct mount *mount)
{
    fuse_set_log_func(hear);
    struct fuse_session *session = new_session(mount);
    if (!session)
        return no_fuse(mount->options->mountpoint);
    int err = serve_session(mount, session);
    fuse_session_destroy(session);
    return err;
}

static void free_tree(void *tree)
{
    tree_free(tree);
}

int mount_serve(struct vault *vault, const struct mount_options *options)
{
    struct mount mount = {.options = options, .vault = vault, .uid = geteuid(), .gid = getegid()};
    set_rules(&mount.rules, options);
    int err = check_templates(&mount.rules);
    if (!err)
        err = check_folder(options->mountpoint);
    if (err)
        return err;
    pthread_mutex_init(&mount.places_mutex, NULL);
    pthread_mutex_init(&mount.refreshing, NULL);
    pthread_mutex_init(&mount.log_mutex, NULL);
    mount.key = vault_keep_key(vault);
    mount.places = places_new(&mount.rules, clock_system.wall_ns(clock_system.self));
    mount.trees = cache_new(MOUNT_TREES, free_tree);
    mount.folders = folders_new(0);
    err = serve(&mount);
    reading_free(mount.reading);
    cache_free(mount.trees);
    pool_free(mount.pool);
    folders_free(mount.folders);
    places_free(mount.places);
    vault_key_free(mount.key);
    pthread_mutex_destroy(&mount.places_mutex);
    pthread_mutex_destroy(&mount.refreshing);
    pthread_mutex_destroy(&mount.log_mutex);
    return err;
}
