/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/decoys.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"

#define LINES 160 /* about 12 KB, more than a program would skip as too small */

static void write_csv(struct buf *out)
{
    buf_printf(out, "Matricule;Nom;Service;Indice;Brut mensuel;Prime\r\n");
    for (int i = 0; i < LINES; i++)
        buf_printf(out, "%05d;AGENT-%03d;Service %d;%d;%d,%02d;%d,00\r\n", 10400 + i * 7, i + 1, i % 9 + 1,
                   340 + i * 3 % 211, 1750 + i * 37 % 1900, i * 13 % 100, i * 11 % 260);
}

static void write_rtf(struct buf *out)
{
    buf_printf(out, "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Times New Roman;}}\\f0\\fs24\r\n"
                    "{\\b Registre des engagements}\\par\r\n");
    for (int i = 0; i < LINES; i++)
        buf_printf(out, "Engagement %d, article %d, chapitre %d : %d,%02d euros, r\\'e9gl\\'e9.\\par\r\n",
                   i + 1, 6060 + i * 17 % 300, 11 + i % 5, 120 + i * 91 % 9000, i * 7 % 100);
    buf_printf(out, "}\r\n");
}

static const struct decoy {
    const char *name;
    void (*write)(struct buf *out);
} decoys[] = {
    {"00_Paie_agents.csv", write_csv},
    {"00_Registre_engagements.rtf", write_rtf},
    {"zz_Paie_archives.csv", write_csv},
};

#define COUNT (sizeof decoys / sizeof *decoys)

bool decoys_is_one(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(name, decoys[i].name) == 0)
            return true;
    return false;
}

/* Whoever may write into the folder may write into its decoys: what the system refuses to an attacker, nobody
 * sees him try. */
static int belong(int fd, const struct stat *folder)
{
    return fchown(fd, folder->st_uid, folder->st_gid) == 0 ? fchmod(fd, folder->st_mode & 0666) : -1;
}

void decoys_place(int tree_fd)
{
    struct stat folder;
    if (fstat(tree_fd, &folder) != 0)
        return;
    for (size_t i = 0; i < COUNT; i++) {
        struct buf contents BUF_AUTO;
        buf_init(&contents, 1u << 20);
        int fd FD_AUTO = openat(tree_fd, decoys[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0)
            continue;
        decoys[i].write(&contents);
        if (fd_write_all(fd, contents.data, contents.length, decoys[i].name) != 0 || belong(fd, &folder) != 0)
            unlinkat(tree_fd, decoys[i].name, 0); /* half a decoy would look like damage */
    }
}
