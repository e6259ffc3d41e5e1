/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gate FILE FILE [PAIRS]: what opening and closing the first file costs over the second. Each pair measures a
 * batch of both, in turns, so that drift of the machine falls on both; prints the medians in microseconds.
 * gate FOLDER FOLDER: the same of the files in two folders that hold the same names; each is opened once.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BATCH 50

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* What is opened: one file, or those of a folder in the order of their names. */
struct series {
    const char *path;
    struct dirent **files; /* NULL: one file */
    size_t count;
};

static int is_file(const struct dirent *entry)
{
    return entry->d_type == DT_REG;
}

static struct series series_of(const char *path)
{
    struct series s = {.path = path};
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        int count = scandir(path, &s.files, is_file, alphasort);
        if (count < BATCH) {
            fprintf(stderr, "%s: fewer than %d files\n", path, BATCH);
            exit(1);
        }
        s.count = (size_t)count;
    }
    return s;
}

/* One open and close, in nanoseconds, as the mean of a batch; the names are made before the clock runs. */
static double measure(const struct series *s, size_t batch)
{
    static char paths[BATCH][PATH_MAX];
    for (size_t i = 0; i < BATCH; i++)
        snprintf(paths[i], sizeof paths[i], "%s%s%s", s->path, s->files ? "/" : "",
                 s->files ? s->files[(batch * BATCH + i) % s->count]->d_name : "");
    int64_t start = now_ns();
    for (int i = 0; i < BATCH; i++) {
        int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            perror(paths[i]);
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
        fprintf(stderr, "usage: gate GUARDED UNGUARDED [PAIRS]\n");
        return 2;
    }
    struct series gated = series_of(argv[1]), free_ones = series_of(argv[2]);
    if (gated.files)
        pairs = gated.count / BATCH;
    double *guarded = calloc(pairs, sizeof *guarded), *plain = calloc(pairs, sizeof *plain);
    double *more = calloc(pairs, sizeof *more);
    if (!guarded || !plain || !more)
        return 1;
    for (size_t i = 0; i < pairs; i++) {
        guarded[i] = measure(&gated, i);
        plain[i] = measure(&free_ones, i);
        more[i] = guarded[i] - plain[i];
    }
    printf("guarded %.2f us, unguarded %.2f us, more %.2f us (medians of %zu pairs of %d)\n",
           median(guarded, pairs) / 1e3, median(plain, pairs) / 1e3, median(more, pairs) / 1e3, pairs, BATCH);
    return 0;
}
