/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gate FILE FILE [PAIRS]: what opening and closing the first file costs over the second. Each pair measures a
 * batch of both, in turns, so that drift of the machine falls on both; prints the medians in microseconds.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BATCH 50

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* One open and close, in nanoseconds, as the mean of a batch. */
static double measure(const char *path)
{
    int64_t start = now_ns();
    for (int i = 0; i < BATCH; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            perror(path);
            exit(1);
        }
        close(fd);
    }
    return (double)(now_ns() - start) / BATCH;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    size_t pairs = argc > 3 ? strtoul(argv[3], NULL, 10) : 2000;
    if (argc < 3 || pairs == 0 || pairs > 10000000) {
        fprintf(stderr, "usage: gate GUARDED-FILE UNGUARDED-FILE [PAIRS]\n");
        return 2;
    }
    double *guarded = calloc(pairs, sizeof *guarded), *plain = calloc(pairs, sizeof *plain);
    double *more = calloc(pairs, sizeof *more);
    if (!guarded || !plain || !more)
        return 1;
    for (size_t i = 0; i < pairs; i++) {
        guarded[i] = measure(argv[1]);
        plain[i] = measure(argv[2]);
        more[i] = guarded[i] - plain[i];
    }
    printf("guarded %.2f us, unguarded %.2f us, more %.2f us (medians of %zu pairs of %d)\n",
           median(guarded, pairs) / 1e3, median(plain, pairs) / 1e3, median(more, pairs) / 1e3, pairs, BATCH);
    return 0;
}
