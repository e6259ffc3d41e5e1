/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/procs.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "sensor/hash.h"

#define SETS          128
#define WAYS          8
#define TREE_DEPTH    64 /* ancestors that are climbed at most */
#define SOCKETS_MAX   64
#define NET_TABLE_MAX ((size_t)8 << 20)

struct known {
    char name[16]; /* as in /proc/PID/status, to notice that it runs another program now */
    uint64_t used;
    uint32_t last_user; /* the last user but root that a file server worked as */
    struct actor actor;
};

struct procs {
    pthread_mutex_t lock; /* guards all below */
    uint64_t turn;
    int32_t ancestors[TREE_DEPTH]; /* ours: never part of a culprit's tree; fixed at start */
    size_t ancestor_count;
    struct known known[SETS][WAYS];
};

/* Programs that start others for people or for the system; a tree ends below them. */
static const char *const starters[] = {
    "init",         "systemd", "sshd",       "sshd-session", "login",
    "cron",         "crond",   "atd",        "anacron",      "tmux",
    "screen",       "su",      "sudo",       "doas",         "runuser",
    "agetty",       "dockerd", "containerd", "runc",         "containerd-shim",
    "crun",         "conmon",  "lxc-start",  "kthreadd",     "gdm",
    "lightdm",      "sddm",    "xrdp",       "gnome-shell",  "smbd",
    "nfsd",         "proftpd", "vsftpd",     "supervisord",  "runsv",
    "s6-supervise", "beffroi",
};
static const char *const shells[] = {"sh", "bash", "dash", "zsh", "fish", "ksh", "mksh", "csh", "tcsh"};

ssize_t procs_read(int32_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : read(fd, out, size);
}

/* The number after "\nLABEL:\t", the `column`th on the line. */
static bool find_number(const char *text, const char *label, int column, long *out)
{
    const char *at = strstr(text, label);
    if (!at)
        return false;
    at += strlen(label);
    for (char *end; column >= 0; column--, at = end) {
        *out = strtol(at, &end, 10);
        if (end == at)
            return false;
    }
    return true;
}

bool procs_parse_status(const char *text, size_t length, struct proc_status *out)
{
    char copy[1024];
    long tgid, parent, uid;
    size_t size = length < sizeof copy - 1 ? length : sizeof copy - 1;
    memcpy(copy, text, size);
    copy[size] = '\0';
    const char *end = strchr(copy, '\n');
    if (strncmp(copy, "Name:\t", 6) != 0 || !end || !find_number(copy, "\nTgid:\t", 0, &tgid) ||
        !find_number(copy, "\nPPid:\t", 0, &parent) || !find_number(copy, "\nUid:\t", 1, &uid))
        return false;
    size_t name = (size_t)(end - copy - 6);
    *out = (struct proc_status){.tgid = (int32_t)tgid, .parent = (int32_t)parent, .uid = (uint32_t)uid};
    memcpy(out->name, copy + 6, name < sizeof out->name ? name : sizeof out->name - 1);
    return true;
}

bool procs_parse_stat(const char *text, size_t length, struct proc_stat *out)
{
    char copy[1024];
    size_t size = length < sizeof copy - 1 ? length : sizeof copy - 1;
    memcpy(copy, text, size);
    copy[size] = '\0';
    const char *open = strchr(copy, '('), *close = strrchr(copy, ')'); /* a name may hold both */
    if (!open || !close || close < open)
        return false;
    *out = (struct proc_stat){0};
    size_t name = (size_t)(close - open - 1);
    memcpy(out->name, open + 1, name < sizeof out->name ? name : sizeof out->name - 1);
    int parent, session, terminal;
    unsigned long long start;
    if (sscanf(close + 1, " %*c %d %*d %d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &parent, &session, &terminal, &start) != 4)
        return false;
    out->parent = parent;
    out->session = session;
    out->terminal = terminal;
    out->start = start;
    return true;
}

/* SigPnd and ShdPnd are hexadecimal masks; signal N is bit N - 1. */
static bool has_pending_stop(const char *text, const char *label)
{
    const char *at = strstr(text, label);
    return at && strtoull(at + strlen(label), NULL, 16) >> (SIGSTOP - 1) & 1;
}

bool procs_parse_stopped(const char *text, size_t length)
{
    char copy[4096];
    size_t size = length < sizeof copy - 1 ? length : sizeof copy - 1;
    memcpy(copy, text, size);
    copy[size] = '\0';
    const char *state = strstr(copy, "\nState:\t");
    return (state && (state[8] == 'T' || state[8] == 't')) || has_pending_stop(copy, "\nSigPnd:\t") ||
           has_pending_stop(copy, "\nShdPnd:\t");
}

static bool is_thread_stopped(int32_t tid)
{
    char text[4096];
    ssize_t got = procs_read(tid, "status", text, sizeof text);
    return got <= 0 || procs_parse_stopped(text, (size_t)got);
}

/* One thread takes the signal from the queue for all; the others, blocked in the kernel, show nothing of it.
 */
bool procs_is_stopped(int32_t tid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)tid);
    bool stopped = is_thread_stopped(tid);
    DIR *threads = stopped ? NULL : opendir(path);
    for (struct dirent *entry; threads && !stopped && (entry = readdir(threads));)
        stopped = entry->d_name[0] != '.' && is_thread_stopped((int32_t)strtol(entry->d_name, NULL, 10));
    if (threads)
        closedir(threads);
    return stopped;
}

static bool read_stat(int32_t pid, struct proc_stat *out)
{
    char text[1024];
    ssize_t got = procs_read(pid, "stat", text, sizeof text);
    return got > 0 && procs_parse_stat(text, (size_t)got, out);
}

static bool is_listed(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

/* Whether the tree of what this process starts ends below it. */
static bool is_boundary(const struct procs *p, int32_t pid, const struct proc_stat *stat)
{
    if (pid <= 1 || is_listed(stat->name, starters, sizeof starters / sizeof *starters))
        return true;
    for (size_t i = 0; i < p->ancestor_count; i++)
        if (p->ancestors[i] == pid)
            return true;
    return stat->terminal != 0 && stat->session == pid &&
           is_listed(stat->name, shells, sizeof shells / sizeof *shells);
}

static void find_root(const struct procs *p, struct actor *actor, int32_t parent)
{
    actor->root_pid = actor->pid;
    actor->root_start = actor->start;
    for (int depth = 0; depth < TREE_DEPTH && parent > 1; depth++) {
        struct proc_stat stat;
        if (!read_stat(parent, &stat) || is_boundary(p, parent, &stat))
            return;
        actor->root_pid = parent;
        actor->root_start = stat.start;
        parent = stat.parent;
    }
}

struct procs *procs_new(void)
{
    struct procs *p = mem_zalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    struct proc_stat stat;
    for (int32_t pid = getpid(); pid > 0 && p->ancestor_count < TREE_DEPTH; pid = stat.parent) {
        p->ancestors[p->ancestor_count++] = pid;
        if (!read_stat(pid, &stat))
            break;
    }
    return p;
}

void procs_free(struct procs *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static size_t list_sockets(int32_t pid, uint64_t *inodes, size_t most)
{
    char path[64], target[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    for (struct dirent *found; count < most && (found = readdir(folder));) {
        ssize_t length = readlinkat(dirfd(folder), found->d_name, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = '\0';
        unsigned long long inode;
        if (sscanf(target, "socket:[%llu]", &inode) == 1)
            inodes[count++] = inode;
    }
    closedir(folder);
    return count;
}

/* The name of a descriptor in /proc may be read when the descriptor may, and written likewise. */
bool procs_is_writing(int32_t pid, uint64_t device, uint64_t inode)
{
    char path[64];
    struct stat name;
    struct statx file; /* not asked of a network disk, which may hang */
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        found = fstatat(dirfd(folder), entry->d_name, &name, AT_SYMLINK_NOFOLLOW) == 0 &&
                (name.st_mode & S_IWUSR) != 0 &&
                statx(dirfd(folder), entry->d_name, AT_STATX_DONT_SYNC, STATX_INO, &file) == 0 &&
                file.stx_ino == inode && makedev(file.stx_dev_major, file.stx_dev_minor) == device;
    closedir(folder);
    return found;
}

static void find_client(int32_t pid, char out[static ACTOR_CLIENT_SIZE])
{
    static const char *const tables[] = {"net/tcp", "net/tcp6"};
    uint64_t inodes[SOCKETS_MAX];
    size_t count = list_sockets(pid, inodes, SOCKETS_MAX);
    for (size_t i = 0; i < 2 && count > 0 && !out[0]; i++) {
        struct buf table BUF_AUTO;
        char path[64];
        buf_init(&table, NET_TABLE_MAX);
        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, tables[i]);
        if (fd_read_file(AT_FDCWD, path, &table) == 0)
            procs_parse_peer((const char *)table.data, table.length, inodes, count, out);
    }
}

static struct known *find(struct procs *p, int32_t pid)
{
    struct known *set = p->known[hash_number((uint64_t)pid) % SETS];
    for (int i = 0; i < WAYS; i++)
        if (set[i].actor.pid == pid)
            return &set[i];
    return NULL;
}

static struct known *claim(struct procs *p, int32_t pid)
{
    struct known *set = p->known[hash_number((uint64_t)pid) % SETS], *oldest = &set[0];
    for (int i = 1; i < WAYS; i++)
        if (set[i].used < oldest->used)
            oldest = &set[i];
    *oldest = (struct known){.actor.pid = pid};
    return oldest;
}

/* A file server does its clients' work as their users and its own as root in between. */
static void set_user(struct known *known, uint32_t uid)
{
    if (uid != 0)
        known->last_user = uid;
    known->actor.uid = uid == 0 && known->actor.client[0] ? known->last_user : uid;
}

bool procs_recall(struct procs *p, int32_t pid, uint64_t start, const char *name, uint32_t uid,
                  struct actor *out)
{
    pthread_mutex_lock(&p->lock);
    struct known *known = find(p, pid);
    bool found = known && known->actor.start == start && strcmp(known->name, name) == 0;
    if (found) {
        known->used = ++p->turn;
        set_user(known, uid);
        *out = known->actor;
    }
    pthread_mutex_unlock(&p->lock);
    return found;
}

static void look_closely(struct procs *p, const struct proc_status *status, uint64_t start, struct actor *out)
{
    char path[64];
    *out = (struct actor){.pid = status->tgid, .start = start, .uid = status->uid};
    snprintf(path, sizeof path, "/proc/%d/exe", (int)out->pid);
    if (readlink(path, out->exe, sizeof out->exe - 1) < 0)
        out->exe[0] = '\0';
    find_root(p, out, status->parent);
    if (strcmp(path_base(out->exe), "smbd") == 0)
        find_client(out->pid, out->client);
}

static void look_back(struct procs *p, int32_t pid, struct actor *out)
{
    pthread_mutex_lock(&p->lock);
    const struct known *known = find(p, pid);
    *out = known ? known->actor : (struct actor){.pid = pid, .root_pid = pid, .uid = UINT32_MAX};
    pthread_mutex_unlock(&p->lock);
}

void procs_look(struct procs *p, int32_t pid, struct actor *out)
{
    char text[1024];
    struct proc_status status;
    struct proc_stat stat;
    ssize_t got = procs_read(pid, "status", text, sizeof text);
    if (got <= 0 || !procs_parse_status(text, (size_t)got, &status) || !read_stat(pid, &stat)) {
        look_back(p, pid, out);
        return;
    }
    if (procs_recall(p, pid, stat.start, status.name, status.uid, out))
        return;
    look_closely(p, &status, stat.start, out);
    pthread_mutex_lock(&p->lock);
    struct known *known = find(p, pid);
    uint32_t last_user = known && known->actor.start == stat.start ? known->last_user : 0;
    if (!known)
        known = claim(p, pid);
    known->actor = *out;
    known->last_user = last_user;
    known->used = ++p->turn;
    memcpy(known->name, status.name, sizeof known->name);
    set_user(known, status.uid);
    *out = known->actor;
    pthread_mutex_unlock(&p->lock);
}
