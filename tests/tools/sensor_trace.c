/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs the file sensor on folders and prints one line per event, for tests and for looking at what a program
 * does.
 *
 *   sensor_trace [OPTION]... STATE-FOLDER FOLDER...
 *     --decoys            keep decoy files
 *     --enforce           hold and refuse (with --watch-all and --condemn)
 *     --watch-all         ask about every opener; the answer comes at once
 *     --condemn-after N   refuse the process tree of the Nth event from then on
 *     --quota BYTES  --largest BYTES  --keep SECONDS
 *
 * Lines (tab-separated): ready | SEQUENCE KIND FLAGS TREE PID EXE CLIENT UID PATH NEW-PATH BEFORE REPLACED
 * SIZE OLD-TYPE NEW-TYPE. BEFORE and REPLACED are "-", "vault:ID" or "shadow:NUMBER" and a size.
 * Commands on standard input: "state", "held TREE SNAPSHOT NAME", "cat NUMBER FILE" (writes a shadow copy
 * into FILE), "stop". Each is answered by one line.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "sensor/sensor.h"
#include "sensor/shadow.h"

static struct sensor *sensor;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER; /* keeps lines whole */
static uint64_t condemn_after;
static bool watch_all;

static const char *const kinds[] = {"?",       "created", "written",   "truncated",
                                    "deleted", "renamed", "attributes"};

static void print_version(const struct version *v)
{
    static const char *const words[] = {"-", "shadow", "vault"};
    printf("\t%s:%" PRIx64 ":%" PRIu64, words[v->kind], v->id, v->size);
}

static void on_event(const struct event *e, void *self)
{
    (void)self;
    pthread_mutex_lock(&output);
    printf("%" PRIu64 "\t%s\t%s%s%s%s%s%s\t%u\t%d\t%s\t%s\t%u\t%s\t%s", e->sequence, kinds[e->kind],
           e->flags & EVENT_FOLDER ? "d" : "f", e->flags & EVENT_DECOY ? "y" : "",
           e->flags & EVENT_FRESH ? "n" : "", e->flags & EVENT_SYMLINK ? "l" : "",
           e->flags & EVENT_RESCAN ? "r" : "", e->flags & EVENT_LINKED ? "h" : "", e->tree, e->actor.pid,
           e->actor.exe[0] ? e->actor.exe : "-", e->actor.client[0] ? e->actor.client : "-", e->actor.uid,
           e->path[0] ? e->path : ".", e->new_path[0] ? e->new_path : "-");
    print_version(&e->before);
    print_version(&e->replaced);
    printf("\t%" PRIu64 "\t%s\t%s\t%d\n", e->after.size,
           e->old_sketch.valid ? filetype_name(e->old_sketch.filetype) : "-",
           e->new_sketch.valid ? filetype_name(e->new_sketch.filetype) : "-", e->actor.root_pid);
    fflush(stdout);
    pthread_mutex_unlock(&output);
    if (condemn_after != 0 && e->sequence == condemn_after)
        sensor_condemn(sensor, &e->actor, true);
}

static void on_sync(uint64_t token, uint64_t sequence, const struct actor *actor, void *self)
{
    (void)self;
    pthread_mutex_lock(&output);
    printf("sync\t%" PRIu64 "\t%d\n", sequence, actor->pid);
    fflush(stdout);
    pthread_mutex_unlock(&output);
    sensor_synced(sensor, token, false);
}

static void print_state(void)
{
    struct sensor_state s;
    sensor_get_state(sensor, &s);
    printf("state\tevents=%" PRIu64 "\tdropped=%" PRIu64 "\trescans=%" PRIu64 "\tp99_ns=%" PRIu64
           "\tshadow_bytes=%" PRIu64 "\tshadow_files=%" PRIu64 "\tunkept=%" PRIu64
           "\tfiles=%u\tready=%d\tgate=%d\tblind_to=%s\n",
           s.events, s.dropped, s.rescans, s.gate_p99_ns, s.shadow_bytes, s.shadow_files, s.unkept, s.files,
           s.ready, s.gate, s.blind_to);
}

static void copy_out(int state_fd, const char *number, const char *file)
{
    struct shadow_record *record = calloc(1, sizeof *record);
    struct filemeta meta = {0};
    int fd = -1;
    int shadow FD_AUTO = openat(state_fd, "shadow", O_RDONLY | O_DIRECTORY);
    int rc = shadow_open(shadow, strtoull(number, NULL, 16), &fd, record, &meta);
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, 0);
    if (rc == 0)
        rc = fd_read_all(fd, &bytes, number);
    int out FD_AUTO = rc == 0 ? open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (rc == 0)
        rc = fd_write_all(out, bytes.data, bytes.length, file);
    printf("cat\t%d\t%s\t%s\t%o\n", rc, rc ? err_text() : "-", record->path, meta.mode);
    filemeta_free(&meta);
    fd_close(&fd);
    free(record);
}

static bool obey(int state_fd, char *line)
{
    char *rest = NULL, *word = strtok_r(line, " \n", &rest);
    char *first = strtok_r(NULL, " \n", &rest), *second = strtok_r(NULL, " \n", &rest),
         *third = strtok_r(NULL, " \n", &rest);
    if (!word || strcmp(word, "stop") == 0)
        return false;
    pthread_mutex_lock(&output);
    if (strcmp(word, "state") == 0)
        print_state();
    else if (strcmp(word, "held") == 0 && third)
        printf("held\t%d\n",
               sensor_held(sensor, (uint32_t)strtoul(first, NULL, 10), strtoull(second, NULL, 16), third));
    else if (strcmp(word, "cat") == 0 && second)
        copy_out(state_fd, first, second);
    fflush(stdout);
    pthread_mutex_unlock(&output);
    return true;
}

static int parse(int argc, char **argv, struct sensor_options *o, struct sensor_tree *trees)
{
    bool decoys = false;
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--decoys") == 0)
            decoys = true;
        else if (strcmp(argv[i], "--enforce") == 0)
            o->may_hold = true;
        else if (strcmp(argv[i], "--small-queue") == 0)
            o->small_queue = true;
        else if (strcmp(argv[i], "--watch-all") == 0)
            watch_all = true;
        else if (i + 1 < argc && strcmp(argv[i], "--condemn-after") == 0)
            condemn_after = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--quota") == 0)
            o->shadow_quota = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--largest") == 0)
            o->shadow_largest = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--keep") == 0)
            o->shadow_keep_ns = strtoll(argv[++i], NULL, 10) * NS_PER_SECOND;
        else
            return -1;
    }
    if (argc - i < 2 || argc - i > 17)
        return -1;
    o->state_fd = open(argv[i++], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (; i < argc; i++)
        trees[o->tree_count++] = (struct sensor_tree){argv[i], decoys};
    o->trees = trees;
    return 0;
}

int main(int argc, char **argv)
{
    struct sensor_tree trees[16];
    struct sensor_options options = {.shadow_quota = UINT64_C(1) << 32,
                                     .shadow_largest = UINT64_C(1) << 30,
                                     .shadow_keep_ns = 3600 * NS_PER_SECOND};
    struct sensor_ops ops = {on_event, on_sync};
    char line[4096];
    if (parse(argc, argv, &options, trees) != 0) {
        fprintf(stderr, "usage: see the head of sensor_trace.c\n");
        return 2;
    }
    int rc = sensor_start(&options, &ops, NULL, &sensor);
    if (rc != 0) {
        fprintf(stderr, "sensor_trace: %s (%s)\n", err_text(), err_hint_text());
        return 1;
    }
    if (watch_all)
        for (uint32_t i = 0; i < options.tree_count; i++)
            sensor_watch(sensor, SCOPE_TREE, NULL, i, true);
    struct sensor_state state = {0};
    while (!state.ready) {
        usleep(2000);
        sensor_get_state(sensor, &state);
    }
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && obey(options.state_fd, line))
        ;
    sensor_stop(sensor);
    close(options.state_fd);
    return 0;
}
