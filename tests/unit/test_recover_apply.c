/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random attacks on a real folder are taken back byte for byte; taking the recovery back gives the attacked
 * folder again; both also when the recovery is killed in the middle, again and again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "recover/apply.h"
#include "recover/history.h"
#include "recover/plan.h"
#include "sensor/shadow.h"

/* A shadow store of the test's own: NUMBER and NUMBER.meta. */
int shadow_open(int shadow_dirfd, uint64_t number, int *fd, struct shadow_record *record,
                struct filemeta *meta)
{
    char name[32];
    struct buf b BUF_AUTO;
    buf_init(&b, 0);
    snprintf(name, sizeof name, "%llu.meta", (unsigned long long)number);
    if (fd_read_file(shadow_dirfd, name, &b) != 0)
        return ERR_NOT_FOUND;
    struct reader r;
    reader_init(&r, b.data, b.length);
    filemeta_decode(&r, meta);
    snprintf(name, sizeof name, "%llu", (unsigned long long)number);
    *fd = openat(shadow_dirfd, name, O_RDONLY | O_CLOEXEC);
    memset(record, 0, sizeof *record);
    return *fd < 0 ? ERR_NOT_FOUND : 0;
}

int shadow_meta(int shadow_dirfd, const struct version *version, const struct version *copied,
                struct filemeta *meta)
{
    (void)shadow_dirfd;
    (void)version;
    (void)copied;
    (void)meta;
    return ERR_NOT_FOUND;
}

struct world {
    char base[64];
    int state, tree, shadow;
    struct history *history;
    struct actor who;
    uint64_t number, sequence;
    uint32_t random;
    ino_t fresh[512];
    size_t fresh_count;
    bool trace;
};

static uint32_t dice(struct world *w, uint32_t sides)
{
    w->random = w->random * 1664525u + 1013904223u;
    return (w->random >> 8) % sides;
}

static void put_file(int dirfd, const char *path, const void *bytes, size_t length)
{
    int fd FD_AUTO = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, bytes, length, path), 0);
}

static int64_t ns(struct timespec t)
{
    return (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

static struct version keep(struct world *w, const char *path)
{
    struct version v = {0};
    struct stat st;
    if (fstatat(w->tree, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return v;
    v = (struct version){.inode = st.st_ino,
                         .size = (uint64_t)st.st_size,
                         .mtime_ns = ns(st.st_mtim),
                         .ctime_ns = ns(st.st_ctim)};
    if (!S_ISREG(st.st_mode))
        return v;
    struct filemeta meta;
    struct buf bytes BUF_AUTO, encoded BUF_AUTO;
    buf_init(&bytes, 0);
    buf_init(&encoded, 0);
    int fd FD_AUTO = openat(w->tree, path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(fd_read_all(fd, &bytes, path), 0);
    assert_int_equal(filemeta_read(fd, &meta), 0);
    filemeta_encode(&meta, &encoded);
    filemeta_free(&meta);
    char name[32];
    v.kind = VERSION_SHADOW;
    v.id = ++w->number;
    snprintf(name, sizeof name, "%llu", (unsigned long long)v.id);
    put_file(w->shadow, name, bytes.data ? (void *)bytes.data : "", bytes.length);
    snprintf(name, sizeof name, "%llu.meta", (unsigned long long)v.id);
    put_file(w->shadow, name, encoded.data, encoded.length);
    return v;
}

static struct filestate state_now(struct world *w, const char *path)
{
    struct stat st;
    if (fstatat(w->tree, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return (struct filestate){0};
    return (struct filestate){.inode = st.st_ino, .size = (uint64_t)st.st_size, .ctime_ns = ns(st.st_ctim)};
}

static bool is_fresh(const struct world *w, uint64_t inode)
{
    for (size_t i = 0; i < w->fresh_count; i++)
        if (w->fresh[i] == inode)
            return true;
    return false;
}

static void forget_fresh(struct world *w, uint64_t inode)
{
    for (size_t i = 0; i < w->fresh_count; i++)
        if (w->fresh[i] == inode)
            w->fresh[i] = 0;
}

static void tell(struct world *w, enum event_kind kind, const char *path, const char *new_path,
                 struct version before, struct version replaced)
{
    static struct event e;
    memset(&e, 0, sizeof e);
    const char *now = new_path ? new_path : path;
    struct stat st = {0};
    e.kind = kind;
    e.sequence = ++w->sequence;
    e.actor = w->who;
    snprintf(e.path, sizeof e.path, "%s", path);
    snprintf(e.new_path, sizeof e.new_path, "%s", new_path ? new_path : "");
    e.before = before;
    e.replaced = replaced;
    e.after = kind == EVENT_DELETED ? (struct filestate){0} : state_now(w, now);
    if (fstatat(w->tree, now, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        e.flags |= S_ISDIR(st.st_mode) ? EVENT_FOLDER : S_ISLNK(st.st_mode) ? EVENT_SYMLINK : 0u;
        e.flags |= S_ISREG(st.st_mode) && st.st_nlink > 1 ? EVENT_LINKED : 0u;
    }
    if (kind == EVENT_CREATED && !(e.flags & EVENT_LINKED))
        w->fresh[w->fresh_count++ % 512] = st.st_ino;
    if (is_fresh(w, before.inode ? before.inode : st.st_ino))
        e.flags |= EVENT_FRESH;
    if (w->trace)
        fprintf(stderr, "  event %d %s -> %s flags %x before %llu/%llu\n", kind, e.path, e.new_path, e.flags,
                (unsigned long long)before.inode, (unsigned long long)before.id);
    history_add(w->history, &e);
}

static void make_world(struct world *w, uint32_t seed)
{
    memset(w, 0, sizeof *w);
    w->random = seed;
    w->who = (struct actor){.pid = 100, .start = 1, .root_pid = 100, .root_start = 1};
    w->history = history_new();
    const char *tmp = getenv("TMPDIR");
    snprintf(w->base, sizeof w->base, "%.40s/recoverXXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(w->base));
    int base FD_AUTO = open(w->base, O_RDONLY | O_DIRECTORY);
    assert_true(mkdirat(base, "state", 0700) == 0 && mkdirat(base, "state/shadow", 0700) == 0 &&
                mkdirat(base, "tree", 0750) == 0);
    w->state = openat(base, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->shadow = openat(base, "state/shadow", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->tree = openat(base, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    static const char *const folders[] = {"a", "a/b", "a/b/c", "d", "d/e", "état civil"};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(mkdirat(w->tree, folders[i], 0750), 0);
    for (int i = 0; i < 18; i++) {
        char path[64], bytes[600];
        snprintf(path, sizeof path, "%s/acte n°%d.odt", folders[i % 6], i);
        int length = snprintf(bytes, sizeof bytes, "le contenu de %s%*d", path, i * 20, i);
        put_file(w->tree, path, bytes, i == 7 ? 0 : (size_t)length);
        struct timespec times[2] = {{1000000000 + i, 5}, {1100000000 + i, 7}};
        assert_int_equal(utimensat(w->tree, path, times, 0), 0);
    }
    assert_int_equal(linkat(w->tree, "a/acte n°0.odt", w->tree, "d/lien.odt", 0), 0);
    assert_int_equal(symlinkat("a/acte n°0.odt", w->tree, "raccourci"), 0);
}

static void drop_world(struct world *w)
{
    history_free(w->history);
    close(w->state);
    close(w->tree);
    close(w->shadow);
    assert_int_equal(path_remove_tree(AT_FDCWD, w->base), 0);
}

/* Every path with its type, mode, size, contents and (of files) mtime, sorted: two of these are compared. */
struct picture {
    char **lines;
    size_t count;
};

static void look(struct picture *p, int at, const char *path, const char *name)
{
    struct stat st;
    assert_int_equal(fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, 0);
    char target[256] = "";
    if (S_ISREG(st.st_mode))
        assert_int_equal(fd_read_file(at, name, &bytes), 0);
    if (S_ISLNK(st.st_mode))
        assert_true(readlinkat(at, name, target, sizeof target - 1) > 0);
    p->lines = mem_resize(p->lines, p->count + 1, sizeof *p->lines);
    p->lines[p->count++] = mem_printf(
        "%s %o %lld %lld %s%s", path, st.st_mode, S_ISREG(st.st_mode) ? (long long)st.st_size : 0LL,
        S_ISREG(st.st_mode) ? (long long)ns(st.st_mtim) : 0LL, target, buf_string(&bytes));
    if (!S_ISDIR(st.st_mode))
        return;
    DIR *folder = fdopendir(openat(at, name, O_RDONLY | O_DIRECTORY));
    struct dirent *e;
    while ((e = readdir(folder))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char *below MEM_AUTO = path_join(path, e->d_name);
        look(p, dirfd(folder), below, e->d_name);
    }
    closedir(folder);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct picture take_picture(struct world *w)
{
    struct picture p = {0};
    look(&p, w->tree, "", ".");
    qsort(p.lines, p.count, sizeof *p.lines, by_text);
    return p;
}

static void picture_free(struct picture *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->lines[i]);
    free(p->lines);
}

static size_t differences(const struct picture *a, const struct picture *b, bool print)
{
    size_t i = 0, j = 0, count = 0;
    while (i < a->count || j < b->count) {
        int order = i == a->count ? 1 : j == b->count ? -1 : strcmp(a->lines[i], b->lines[j]);
        if (order != 0) {
            count++;
            if (print)
                fprintf(stderr, "%s %.150s\n", order < 0 ? "-" : "+", order < 0 ? a->lines[i] : b->lines[j]);
        }
        i += order <= 0;
        j += order >= 0;
    }
    return count;
}

/* --- the attacker ------------------------------------------------------------------------------------------
 */

/* A path of the tree as it is now, picked at random: of a folder or not. False when there is none. */
static bool pick(struct world *w, bool folder, char *out, size_t size)
{
    struct picture p = take_picture(w);
    uint32_t seen = 0;
    for (size_t i = 0; i < p.count; i++) {
        char path[512];
        /* "PATH MODE SIZE ...": the mode is the word before two numbers; paths here may hold spaces, so stat
         * decides. */
        snprintf(path, sizeof path, "%s", p.lines[i]);
        for (char *space = strrchr(path, ' '); space; space = strrchr(path, ' ')) {
            *space = '\0';
            struct stat st;
            if (!path[0] || fstatat(w->tree, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
                continue;
            if ((folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode)) && dice(w, ++seen) == 0)
                snprintf(out, size, "%s", path);
            break;
        }
    }
    picture_free(&p);
    return seen > 0;
}

static void fresh_name(struct world *w, char *out, size_t size)
{
    char folder[512] = "";
    if (dice(w, 4) != 0)
        pick(w, true, folder, sizeof folder);
    snprintf(out, size, "%.400s%snouveau %u", folder, folder[0] ? "/" : "", dice(w, 100000));
}

static void spoil(struct world *w, const char *path)
{
    struct version before = keep(w, path);
    char bytes[900];
    size_t length = dice(w, 2) ? (size_t)before.size : dice(w, 900);
    for (size_t i = 0; i < length && i < sizeof bytes; i++)
        bytes[i] = (char)('!' + dice(w, 90));
    int fd FD_AUTO = openat(w->tree, path, O_WRONLY | (dice(w, 2) ? O_TRUNC : 0) | O_CLOEXEC);
    assert_int_equal(fd_write_all(fd, bytes, length < sizeof bytes ? length : sizeof bytes, path), 0);
    tell(w, EVENT_WRITTEN, path, NULL, before, (struct version){0});
}

/* A name of a file that keeps another name which no event ever told of is not removed here: the plan, which
 * knows events alone, cannot know that the other name's bytes were spoiled too (see plan.h). */
static bool has_links(struct world *w, const char *path)
{
    struct stat st;
    return fstatat(w->tree, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 1;
}

static void rename_to(struct world *w, const char *from, const char *to)
{
    struct version before = keep(w, from), replaced = keep(w, to);
    if (before.inode == replaced.inode || has_links(w, to) || renameat(w->tree, from, w->tree, to) != 0)
        return;
    forget_fresh(w, replaced.inode);
    tell(w, EVENT_RENAMED, from, to, before, replaced);
}

static void remove_path(struct world *w, const char *path, bool folder)
{
    struct version before = keep(w, path);
    struct stat st;
    if (fstatat(w->tree, path, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        unlinkat(w->tree, path, folder ? AT_REMOVEDIR : 0) != 0)
        return;
    static struct event e;
    memset(&e, 0, sizeof e);
    e = (struct event){.kind = EVENT_DELETED, .sequence = ++w->sequence, .actor = w->who, .before = before};
    e.flags = (folder ? EVENT_FOLDER : 0u) | (!folder && st.st_nlink > 1 ? EVENT_LINKED : 0u) |
              (is_fresh(w, before.inode) ? EVENT_FRESH : 0u);
    snprintf(e.path, sizeof e.path, "%s", path);
    if (folder || st.st_nlink == 1)
        forget_fresh(w, before.inode);
    if (w->trace)
        fprintf(stderr, "  delete %s flags %x\n", path, e.flags);
    history_add(w->history, &e);
}

static void create(struct world *w, const char *path)
{
    if (faccessat(w->tree, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    put_file(w->tree, path, "rançon", 7);
    tell(w, EVENT_CREATED, path, NULL, (struct version){0}, (struct version){0});
}

static void exchange(struct world *w, const char *a, const char *b)
{
    struct version va = keep(w, a), vb = keep(w, b);
    if (va.inode == vb.inode || renameat2(w->tree, a, w->tree, b, RENAME_EXCHANGE) != 0)
        return;
    tell(w, EVENT_RENAMED, a, b, va, (struct version){0});
    tell(w, EVENT_RENAMED, b, a, vb, (struct version){0});
}

static void attack_once(struct world *w)
{
    char a[512] = "", b[512] = "", c[512];
    bool file = pick(w, false, a, sizeof a);
    switch (dice(w, 12)) {
    case 0:
    case 1:
    case 2:
        if (file)
            spoil(w, a);
        break;
    case 3:
    case 4:
        fresh_name(w, b, sizeof b);
        if (file)
            rename_to(w, a, b);
        break;
    case 5:
        if (file && pick(w, false, b, sizeof b))
            rename_to(w, a, b);
        break;
    case 6:
        if (file && !has_links(w, a))
            remove_path(w, a, false);
        break;
    case 7:
        fresh_name(w, b, sizeof b);
        create(w, b);
        break;
    case 8: /* write new, then delete the old one, and sometimes take its name */
        if (!file || has_links(w, a))
            break;
        snprintf(b, sizeof b, "%.500s.x", a);
        create(w, b);
        remove_path(w, a, false);
        if (dice(w, 2))
            rename_to(w, b, a);
        break;
    case 9:
        if (pick(w, true, a, sizeof a)) {
            fresh_name(w, b, sizeof b);
            rename_to(w, a, b);
        }
        break;
    case 10:
        fresh_name(w, b, sizeof b);
        if (mkdirat(w->tree, b, 0750) == 0)
            tell(w, EVENT_CREATED, b, NULL, (struct version){0}, (struct version){0});
        if (pick(w, true, c, sizeof c))
            remove_path(w, c, true);
        break;
    case 11:
        if (file && pick(w, false, b, sizeof b))
            exchange(w, a, b);
        break;
    }
}

/* --- */

static void fold(const struct change *c, void *self)
{
    plan_add(self, c);
}

static struct apply_options options_for(struct world *w, const char **tree, char *path, size_t size)
{
    snprintf(path, size, "%s/tree", w->base);
    *tree = path;
    return (struct apply_options){.state_fd = w->state, .trees = tree, .tree_count = 1};
}

static void write_plan(struct world *w, const struct apply_options *options)
{
    struct plan *plan = plan_new();
    const struct step *steps;
    history_of(w->history, &w->who, 1, 0, 1, fold, plan);
    size_t count = plan_steps(plan, &steps);
    for (size_t i = 0; w->trace && i < count; i++)
        fprintf(stderr, "  step %u kind %d %s <- %s expected %llu version %llu\n", steps[i].number,
                steps[i].kind, steps[i].path, steps[i].from, (unsigned long long)steps[i].expected.inode,
                (unsigned long long)steps[i].version.id);
    assert_int_equal(apply_plan(options, 1, steps, count), 0);
    plan_free(plan);
}

static void trial(uint32_t seed, int length, bool trace)
{
    struct world w;
    char path[128];
    const char *tree;
    static struct action action;
    make_world(&w, seed);
    w.trace = trace;
    struct apply_options options = options_for(&w, &tree, path, sizeof path);
    struct picture before = take_picture(&w);
    for (int i = 0; i < length; i++)
        attack_once(&w);
    struct picture attacked = take_picture(&w);
    write_plan(&w, &options);
    int err = apply_run(&options, 1, &action);
    struct picture after = take_picture(&w);
    size_t wrong = differences(&before, &after, trace);
    if (trace)
        fprintf(stderr, "seed %u: %s\n", seed, action.text);
    if (!trace && (wrong || err)) {
        picture_free(&before);
        picture_free(&attacked);
        picture_free(&after);
        drop_world(&w);
        trial(seed, length, true);
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(err, 0);
    err = apply_put_back(&options, 1, &action);
    struct picture undone = take_picture(&w);
    if (differences(&attacked, &undone, true) != 0)
        fail_msg("seed %u: putting back differs: %s", seed, action.text);
    assert_int_equal(err, 0);
    picture_free(&before);
    picture_free(&attacked);
    picture_free(&after);
    picture_free(&undone);
    drop_world(&w);
}

static void random_attacks_are_taken_back_and_put_back(void **state)
{
    (void)state;
    for (uint32_t seed = getenv("SEED") ? (uint32_t)atoi(getenv("SEED")) : 1, end = seed + 40; seed < end;
         seed++)
        trial(seed, 3 + (int)(seed % 30), false);
}

/* The child is killed at its n-th finished step; the next one goes on. */
static uint32_t steps_left;

static void die_at_step(uint32_t incident, const struct step *step, enum step_result result, const char *why,
                        void *self)
{
    (void)incident, (void)step, (void)result, (void)why, (void)self;
    if (--steps_left == 0)
        _exit(77);
}

static bool run_in_child(struct apply_options *options, bool back, uint32_t steps)
{
    pid_t child = fork();
    if (child == 0) {
        static struct action action;
        steps_left = steps;
        options->result = die_at_step;
        if (back)
            apply_put_back(options, 1, &action);
        else
            apply_run(options, 1, &action);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_recovery_killed_after_any_step_is_completed(void **state)
{
    (void)state;
    for (uint32_t seed = 100; seed < 106; seed++) {
        struct world w;
        char path[128];
        const char *tree;
        make_world(&w, seed);
        struct apply_options options = options_for(&w, &tree, path, sizeof path);
        struct picture before = take_picture(&w);
        for (int i = 0; i < 20; i++)
            attack_once(&w);
        write_plan(&w, &options);
        size_t deaths = 0;
        while (!run_in_child(&options, false, 1 + (uint32_t)deaths % 5)) {
            assert_true(++deaths < 300);
            if (deaths > 40)
                break;
        }
        static struct action action;
        assert_int_equal(apply_run(&options, 1, &action), 0);
        struct picture after = take_picture(&w);
        assert_int_equal(differences(&before, &after, true), 0);
        picture_free(&before);
        picture_free(&after);
        drop_world(&w);
    }
}

static void somebodys_newer_version_and_the_original_are_both_kept(void **state)
{
    (void)state;
    struct world w;
    char path[128];
    const char *tree;
    static struct action action;
    make_world(&w, 5);
    struct apply_options options = options_for(&w, &tree, path, sizeof path);
    spoil(&w, "d/acte n°3.odt");
    put_file(w.tree, "d/acte n°3.odt", "son travail", 12);
    write_plan(&w, &options);
    assert_int_equal(apply_run(&options, 1, &action), 0);
    assert_int_equal(action.kept, 1);
    struct buf b BUF_AUTO;
    buf_init(&b, 0);
    assert_int_equal(fd_read_file(w.tree, "d/acte n°3.odt", &b), 0);
    assert_string_equal(buf_string(&b), "son travail");
    buf_clear(&b);
    assert_int_equal(fd_read_file(w.tree, "d/acte n°3 (before the attack).odt", &b), 0);
    assert_memory_equal(b.data, "le contenu de d/acte", 20);
    drop_world(&w);
}

static void a_disk_that_takes_no_more_leaves_nothing_half_made(void **state)
{
    (void)state;
    struct world w;
    char path[128];
    static char big[20000];
    const char *tree;
    static struct action action;
    make_world(&w, 8);
    struct apply_options options = options_for(&w, &tree, path, sizeof path);
    put_file(w.tree, "grand", big, sizeof big);
    struct picture before = take_picture(&w);
    spoil(&w, "grand");
    spoil(&w, "d/acte n°3.odt");
    struct picture attacked = take_picture(&w);
    write_plan(&w, &options);
    struct rlimit limit, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 12000, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int err = apply_run(&options, 1, &action);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(err, ERR_PARTIAL);
    assert_int_equal(action.done, 1);
    assert_int_equal(action.failed, 1);
    assert_int_equal(action.result, ACTION_PARTLY);
    struct picture between = take_picture(&w);
    assert_int_equal(differences(&attacked, &between, false), 2); /* the small one, before and after */
    assert_int_equal(apply_run(&options, 1, &action), 0);
    struct picture after = take_picture(&w);
    assert_int_equal(differences(&before, &after, true), 0);
    picture_free(&before);
    picture_free(&attacked);
    picture_free(&between);
    picture_free(&after);
    drop_world(&w);
}

static void a_version_that_is_nowhere_is_told_as_lost(void **state)
{
    (void)state;
    struct world w;
    char path[128];
    const char *tree;
    static struct action action;
    make_world(&w, 6);
    struct apply_options options = options_for(&w, &tree, path, sizeof path);
    remove_path(&w, "d/acte n°3.odt", false);
    assert_int_equal(unlinkat(w.shadow, "1.meta", 0), 0);
    write_plan(&w, &options);
    assert_int_equal(apply_run(&options, 1, &action), ERR_PARTIAL);
    assert_int_equal(action.failed, 1);
    assert_int_equal(action.result, ACTION_FAILED);
    drop_world(&w);
}

/* How long it takes to put many spoiled files back: for people, never asserted. */
static void measure(int files)
{
    struct world w;
    char path[128], name[64];
    static char bytes[8192];
    const char *tree;
    static struct action action;
    make_world(&w, 7);
    struct apply_options options = options_for(&w, &tree, path, sizeof path);
    for (int i = 0; i < files; i++) {
        snprintf(name, sizeof name, "d/e/fichier %d", i);
        put_file(w.tree, name, bytes, sizeof bytes);
        spoil(&w, name);
    }
    sync();
    write_plan(&w, &options);
    int64_t begin = clock_system.monotonic_ns(clock_system.self);
    assert_int_equal(apply_run(&options, 1, &action), 0);
    int64_t middle = clock_system.monotonic_ns(clock_system.self);
    assert_int_equal(apply_put_back(&options, 1, &action), 0);
    printf("%d files back in %lld ms; put back in %lld ms\n", files, (long long)(middle - begin) / 1000000,
           (long long)(clock_system.monotonic_ns(clock_system.self) - middle) / 1000000);
    drop_world(&w);
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        measure(atoi(argv[1]));
        return 0;
    }
    if (argc == 3) {
        trial((uint32_t)atoi(argv[1]), atoi(argv[2]), true);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_attacks_are_taken_back_and_put_back),
        cmocka_unit_test(a_recovery_killed_after_any_step_is_completed),
        cmocka_unit_test(somebodys_newer_version_and_the_original_are_both_kept),
        cmocka_unit_test(a_version_that_is_nowhere_is_told_as_lost),
        cmocka_unit_test(a_disk_that_takes_no_more_leaves_nothing_half_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
