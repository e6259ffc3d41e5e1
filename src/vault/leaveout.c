/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/leaveout.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_HEADER 4096

int leaveout_add_mark(struct leaveout *out, const char *mark)
{
    size_t length = strcspn(mark, ":");
    const char *header = mark[length] ? mark + length + 1 : "";
    if (length == 0 || memchr(mark, '/', length) || strlen(header) > MAX_HEADER)
        return err_set(ERR_INVALID, _("\"%s\" is not NAME or NAME:HEADER"), mark);
    out->marks = mem_resize(out->marks, out->mark_count + 1, sizeof *out->marks);
    char *name = mem_dup(mark, length + 1);
    name[length] = '\0';
    out->marks[out->mark_count++] = (struct leaveout_mark){name, mem_strdup(header)};
    return 0;
}

void leaveout_free(struct leaveout *out)
{
    match_free(&out->patterns);
    for (size_t i = 0; i < out->mark_count; i++) {
        free(out->marks[i].name);
        free(out->marks[i].header);
    }
    free(out->marks);
    *out = (struct leaveout){0};
}

bool leaveout_has(const struct leaveout *out, const struct stat *st, dev_t root_device)
{
    if (out->one_file_system && st->st_dev != root_device)
        return true;
    return out->largest && (uint64_t)st->st_size > out->largest;
}

/* A mark that cannot be read marks nothing: what should not have been left out would be missed. */
static bool is_marked(int folder, const struct leaveout_mark *mark)
{
    char begin[MAX_HEADER];
    size_t length = strlen(mark->header), got = 0;
    if (length == 0)
        return faccessat(folder, mark->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    int fd FD_AUTO = openat(folder, mark->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    while (fd >= 0 && got < length) {
        ssize_t more = read(fd, begin + got, length - got);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return fd >= 0 && memcmp(begin, mark->header, length) == 0;
}

void leaveout_by_marks(const struct leaveout *out, int folder, char **names, size_t *count)
{
    for (size_t i = 0; i < out->mark_count; i++) {
        if (!is_marked(folder, &out->marks[i]))
            continue;
        size_t left = 0;
        for (size_t n = 0; n < *count; n++) {
            if (strcmp(names[n], out->marks[i].name) == 0)
                names[left++] = names[n];
            else
                free(names[n]);
        }
        *count = left;
    }
}
