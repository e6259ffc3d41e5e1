/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the gate costs an open+close: alternates between a file in a guarded folder and one in a free folder,
 * and prints the median of each and of their paired difference, in nanoseconds.
 *
 *   gate_cost read|write GUARDED-FILE FREE-FILE [ROUNDS]
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t once(const char *path, int flags)
{
    int64_t start = now_ns();
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    close(fd);
    return now_ns() - start;
}

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static int64_t median(int64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    size_t rounds = argc > 4 ? strtoul(argv[4], NULL, 10) : 20000;
    int flags = strcmp(argv[1], "write") == 0 ? O_WRONLY : O_RDONLY;
    int64_t *guarded = calloc(rounds, sizeof *guarded), *free_ns = calloc(rounds, sizeof *free_ns),
            *over = calloc(rounds, sizeof *over);
    for (size_t i = 0; i < rounds; i++) {
        guarded[i] = once(argv[2], flags);
        free_ns[i] = once(argv[3], flags);
        over[i] = guarded[i] - free_ns[i];
    }
    printf("guarded %lld free %lld over %lld ns (medians of %zu)\n", (long long)median(guarded, rounds),
           (long long)median(free_ns, rounds), (long long)median(over, rounds), rounds);
    free(guarded);
    free(free_ns);
    free(over);
    return 0;
}
