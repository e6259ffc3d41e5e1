/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "crypto/sha256.h"

#define FOLDER  "locks"
#define OF_TEXT (2 * SHA256_SIZE + 1)

int owners_open(int state)
{
    if (mkdirat(state, FOLDER, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), FOLDER);
    int fd = openat(state, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder %s"), FOLDER) : fd;
}

/* Two repositories may hold the same lock: what is told of it has a name of its own for each. */
static void place_of(const char *repository, const char *name, char out[static OF_TEXT])
{
    uint8_t digest[SHA256_SIZE];
    char *both MEM_AUTO = mem_printf("%s/%s", repository, name);
    sha256_of(both, strlen(both), digest);
    hex_encode(digest, sizeof digest, out);
}

int owners_set(int owners, const char *repository, const char *name, const char *user)
{
    char place[OF_TEXT];
    place_of(repository, name, place);
    char *text MEM_AUTO = mem_printf("%s\n%s\n%s\n", user, repository, name);
    int fd FD_AUTO = openat(owners, place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys("%s", _("cannot note whose lock it is"));
    return fd_write_all(fd, text, strlen(text), place);
}

void owners_forget(int owners, const char *repository, const char *name)
{
    char place[OF_TEXT];
    place_of(repository, name, place);
    unlinkat(owners, place, 0);
}

bool owners_is(int owners, const char *repository, const char *name, const char *user)
{
    char place[OF_TEXT];
    struct buf text BUF_AUTO;
    buf_init(&text, 4096);
    place_of(repository, name, place);
    if (fd_read_file(owners, place, &text) != 0)
        return false;
    char *wanted MEM_AUTO = mem_printf("%s\n%s\n%s\n", user, repository, name);
    return strcmp(buf_string(&text), wanted) == 0;
}

static bool is_gone(int owners, const char *place, const char *path)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 4096);
    if (fd_read_file(owners, place, &text) != 0)
        return false;
    char *save = NULL, *copy MEM_AUTO = mem_strdup(buf_string(&text));
    const char *newline = strchr(copy, '\n'); /* the user, who may be "" */
    const char *rest = newline ? newline + 1 : "";
    char *lines MEM_AUTO = mem_strdup(rest);
    const char *repository = *lines == '\n' ? "" : strtok_r(lines, "\n", &save);
    const char *name = *lines == '\n' ? strtok_r(lines, "\n", &save) : strtok_r(NULL, "\n", &save);
    if (!repository || !name)
        return true;
    struct stat st;
    char *lock MEM_AUTO = mem_printf("%s/%s/locks/%s", path, repository, name);
    return lstat(lock, &st) != 0 && errno == ENOENT;
}

void owners_sweep(int owners, const char *path)
{
    int fd = openat(owners, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        fd_close(&fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(entries)))
        if (strlen(entry->d_name) == OF_TEXT - 1 && is_gone(owners, entry->d_name, path))
            unlinkat(owners, entry->d_name, 0);
    closedir(entries);
}
