/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * journal-writer DIR ORIGIN: appends to the journal in DIR what it reads, for scenario tests. Each line of
 * standard input is one command, each gives one line of output:
 *
 *     +TEXT   append urgently       -> "ok INDEX" or "ERROR-NAME INDEX TEXT"
 *     -TEXT   append, not urgently  -> the same
 *     flush                         -> "ok SIZE" or "ERROR-NAME SIZE TEXT"
 *     note N [SECONDS]              -> N notes, not urgent, SECONDS (default 1) apart, flushed at the end
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "journal/entry.h"
#include "journal/journal.h"

static int64_t now_ns = INT64_C(1795363200000000000); /* 2026-11-22T16:00:00Z */

static void answer(int err, uint64_t number)
{
    if (err)
        printf("%s %llu %s\n", err_name(err), (unsigned long long)number, err_text());
    else
        printf("ok %llu\n", (unsigned long long)number);
    fflush(stdout);
}

static int notes(struct journal *j, const char *line)
{
    long count = 1, seconds = 1;
    if (sscanf(line, "note %ld %ld", &count, &seconds) < 1)
        return ERR_INVALID;
    for (long i = 0; i < count; i++) {
        now_ns += seconds * NS_PER_SECOND;
        struct entry_context context = {"host.example", now_ns, journal_size(j)};
        char *words MEM_AUTO = mem_printf("note number %llu", (unsigned long long)journal_size(j));
        char *text MEM_AUTO = entry_note(&context, 0, "test", words);
        int err = journal_append(j, text, strlen(text), false, NULL);
        if (err)
            return err;
    }
    return journal_flush(j);
}

static void obey(struct journal *j, const char *line)
{
    uint64_t index = UINT64_MAX;
    if (*line == '+' || *line == '-') {
        int err = journal_append(j, line + 1, strlen(line + 1), *line == '+', &index);
        answer(err, index);
    } else if (strcmp(line, "flush") == 0) {
        int err = journal_flush(j);
        answer(err, journal_size(j));
    } else {
        int err = notes(j, line);
        answer(err, journal_size(j));
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: journal-writer DIR ORIGIN\n");
        return 2;
    }
    struct journal *j;
    int dirfd = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0 || journal_open(dirfd, argv[2], &j) != 0) {
        fprintf(stderr, "journal-writer: %s: %s\n", argv[1], err_text());
        return 1;
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, stdin)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        obey(j, line);
    }
    free(line);
    int err = journal_close(j);
    if (err)
        fprintf(stderr, "journal-writer: %s\n", err_text());
    return err ? 1 : 0;
}
