/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/filenode.h"
#include "vault/tree.h"
#include "vault/walkparts.h"

#define MAX_DEPTH     512
#define CLOCK_TICK_NS (12 * NS_PER_MS) /* file times are as coarse as the kernel's tick, 10 ms at most */

/* ---- reports ---- */

static const char *path_of(struct walk *walk)
{
    return buf_string(&walk->path);
}

static void progress(struct walk *walk)
{
    if (!walk->options->on_progress)
        return;
    struct vault_progress now = {.files = walk->result->summary.total_files_processed,
                                 .folders = walk->folders,
                                 .bytes = walk->result->summary.total_bytes_processed,
                                 .problems = walk->result->problems,
                                 .path = path_of(walk)};
    walk->options->on_progress(walk->options->context, &now);
}

/* Notes that something is not in the snapshot as it should be, and goes on. */
static void problem(struct walk *walk, int err)
{
    walk->result->problems++;
    if (err == ERR_NOT_FOUND)
        walk->result->vanished++;
    if (walk->options->on_problem)
        walk->options->on_problem(walk->options->context, path_of(walk), err);
}

static void report_file(struct walk *walk, const struct node *node, enum vault_file_state state)
{
    if (!walk->options->on_file)
        return;
    const char *path = path_of(walk) + walk->root_length;
    /* A node gives links no size, but whoever compares these with stat(2) expects its figure. */
    uint64_t size = node->type == NODE_SYMLINK ? strlen(node->target) : node->size;
    struct vault_file file = {.root = walk->root,
                              .path = *path == '/' ? path + 1 : path,
                              .state = state,
                              .type = node->type,
                              .device = node->device_id,
                              .inode = node->inode,
                              .size = size,
                              .ctime_ns = node->ctime_ns,
                              .mtime_ns = node->mtime_ns};
    walk->options->on_file(walk->options->context, &file);
}

static void count_file(struct walk *walk, const struct node *node, enum vault_file_state state)
{
    struct snapshot_summary *sum = &walk->result->summary;
    if (node->type == NODE_FILE) {
        sum->total_files_processed++;
        sum->total_bytes_processed += node->size;
        (*(state == VAULT_FILE_NEW         ? &sum->files_new
           : state == VAULT_FILE_UNCHANGED ? &sum->files_unmodified
                                           : &sum->files_changed))++;
    } else if (node->type == NODE_DIR) {
        walk->folders++;
        (*(state == VAULT_FILE_NEW         ? &sum->dirs_new
           : state == VAULT_FILE_UNCHANGED ? &sum->dirs_unmodified
                                           : &sum->dirs_changed))++;
    }
    report_file(walk, node, state);
    progress(walk);
}

/* ---- files ---- */

/* A file that was written within the last clock tick can be written again without its times showing it, and
 * the next backup would take it for unchanged. Waiting the tick out before reading closes that gap. */
static void settle(const struct stat *st)
{
    int64_t age = clock_system.wall_ns(clock_system.self) - filenode_ns(st->st_ctim);
    if (age < 0 || age >= CLOCK_TICK_NS)
        return;
    struct timespec rest = {.tv_nsec = CLOCK_TICK_NS - age};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
}

/* O_NOATIME is for the owner and root alone. */
static int open_file(int dirfd, const char *name)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(dirfd, name, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM)
        fd = openat(dirfd, name, flags);
    return fd;
}

static bool same_version(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           filenode_ns(a->st_mtim) == filenode_ns(b->st_mtim) &&
           filenode_ns(a->st_ctim) == filenode_ns(b->st_ctim);
}

static bool has_all_content(struct walk *walk, const struct node *node)
{
    const struct index *index = vault_index(walk->vault);
    for (size_t i = 0; i < node->content_count; i++)
        if (!index_find(index, PACK_DATA, node->content[i]))
            return false;
    return true;
}

static bool unchanged(struct walk *walk, const struct node *before, const struct stat *st)
{
    const struct vault_backup_options *options = walk->options;
    if (!before || before->type != NODE_FILE || before->size != (uint64_t)st->st_size ||
        before->mtime_ns != filenode_ns(st->st_mtim))
        return false;
    bool same_inode = options->ignore_inode || before->inode == st->st_ino;
    bool same_ctime =
        options->ignore_inode || options->ignore_ctime || before->ctime_ns == filenode_ns(st->st_ctim);
    return same_inode && same_ctime && has_all_content(walk, before);
}

void walk_put_node(struct walk *walk, struct buf *tree, struct node *node, const char *name,
                   enum vault_file_state state)
{
    node->name = name;
    node->name_length = strlen(name);
    tree_add(tree, node);
    count_file(walk, node, state);
}

static void keep_atime(const struct walk *walk, const struct stat *st, struct node *node)
{
    if (walk->options->with_atime)
        node->atime_ns = filenode_ns(st->st_atim);
}

/* Metadata trouble (an attribute that cannot be read) is a problem, but the node is kept. */
static void read_metadata(struct walk *walk, int fd, const struct stat *st, struct arena *arena,
                          struct node *node)
{
    int err = filenode_read(fd, path_of(walk), st, walk->names, arena, node);
    if (err)
        problem(walk, err);
    keep_atime(walk, st, node);
}

/* Only when the ctime is the same, too, is nothing but the content's time known to be as it was. */
static int save_unchanged(struct walk *walk, int dirfd, const char *name, const char *shown,
                          const struct stat *st, const struct node *before, struct buf *tree)
{
    struct node node;
    struct arena arena = {0};
    if (before->ctime_ns == filenode_ns(st->st_ctim)) {
        filenode_unchanged(st, walk->names, before, &node);
        keep_atime(walk, st, &node);
    } else {
        int fd FD_AUTO = open_file(dirfd, name);
        read_metadata(walk, fd, st, &arena, &node);
    }
    node.content = before->content;
    node.content_count = before->content_count;
    walk_put_node(walk, tree, &node, shown, VAULT_FILE_UNCHANGED);
    arena_free(&arena);
    return 0;
}

/* Reads the open file; *torn tells whether it changed meanwhile. */
static int read_stable(struct walk *walk, int fd, const struct stat *st, uint64_t *total, bool *torn)
{
    struct stat after;
    int err = walk_read_content(walk, fd, (uint64_t)st->st_size, total);
    if (!err && fstat(fd, &after) != 0)
        err = err_sys(_("cannot look at %s"), path_of(walk));
    if (!err)
        *torn = !same_version(st, &after) || *total != (uint64_t)st->st_size;
    return err;
}

static int save_file(struct walk *walk, int dirfd, const char *name, const char *shown,
                     const struct node *before, struct buf *tree)
{
    struct stat st;
    int fd FD_AUTO = open_file(dirfd, name);
    if (fd < 0 || fstat(fd, &st) != 0) {
        problem(walk, err_sys(_("cannot open %s"), path_of(walk)));
        return 0;
    }
    if (!S_ISREG(st.st_mode)) {
        problem(walk, err_set(ERR_CHANGED, _("%s is no longer a file"), path_of(walk)));
        return 0;
    }
    settle(&st);
    if (fstat(fd, &st) != 0)
        return err_sys(_("cannot look at %s"), path_of(walk));
    uint64_t total = 0;
    bool torn = false;
    int err = read_stable(walk, fd, &st, &total, &torn);
    if (walk->fatal)
        return walk->fatal;
    if (err) {
        problem(walk, err);
        return 0;
    }
    struct arena arena = {0};
    struct node node;
    read_metadata(walk, fd, &st, &arena, &node);
    node.content = (const uint8_t(*)[SHA256_SIZE])walk->content;
    node.content_count = walk->content_count;
    node.size = total;
    if (torn) {
        walk->result->torn++;
        problem(walk, err_set(ERR_CHANGED, _("%s changed while it was read"), path_of(walk)));
    }
    bool known = before && before->type == NODE_FILE;
    walk_put_node(walk, tree, &node, shown,
                  torn    ? VAULT_FILE_TORN
                  : known ? VAULT_FILE_CHANGED
                          : VAULT_FILE_NEW);
    arena_free(&arena);
    return 0;
}

/* ---- folders ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* The names in a folder, sorted by bytes. */
static int read_names(int fd, char ***out, size_t *out_count)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (!folder) {
        int err = err_sys(_("cannot read the folder"));
        fd_close(&copy);
        return err;
    }
    char **names = NULL;
    size_t count = 0, room = 0;
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            if (count == room) {
                room = room ? 2 * room : 32;
                names = mem_resize(names, room, sizeof *names);
            }
            names[count++] = mem_strdup(entry->d_name);
        }
        errno = 0;
    }
    int err = errno ? err_sys(_("cannot read the folder")) : 0;
    closedir(folder);
    if (err) {
        free_names(names, count);
        return err;
    }
    if (count)
        qsort(names, count, sizeof *names, compare_names);
    *out = names;
    *out_count = count;
    return 0;
}

/* The parent's tree; when it cannot be read everything below is read anew, which is always right. */
static struct tree *load_tree(struct walk *walk, const uint8_t *id)
{
    const uint8_t *bytes;
    size_t length;
    struct tree *tree = NULL;
    if (loader_load(walk->loader, PACK_TREE, id, &bytes, &length) != 0 ||
        tree_decode(bytes, length, &tree) != 0)
        return NULL;
    return tree;
}

static struct tree *load_before(struct walk *walk, const struct node *before)
{
    return before && before->type == NODE_DIR && before->has_subtree ? load_tree(walk, before->subtree)
                                                                     : NULL;
}

int walk_store_tree(struct walk *walk, struct buf *json, uint8_t id[static SHA256_SIZE])
{
    tree_end(json);
    if (json->overflowed)
        return err_set(ERR_TOO_LARGE, _("the folder %s has too many entries for one tree"), path_of(walk));
    if (walk->options->dry_run) {
        sha256_of(json->data, json->length, id);
        return 0;
    }
    uint8_t *bytes = mem_resize(json->data, json->length, 1);
    size_t length = json->length;
    buf_init(json, WALK_MAX_TREE_JSON);
    int err = writer_add(walk->writer, PACK_TREE, bytes, length, id, NULL);
    if (err)
        walk->fatal = err;
    return err;
}

static int save_entry(struct walk *walk, int dirfd, const char *name, const char *shown,
                      const struct node *before, struct buf *tree, unsigned depth);

static int save_entries(struct walk *walk, int fd, char **names, size_t count, const struct tree *before,
                        struct buf *tree, unsigned depth)
{
    size_t length = walk->path.length;
    int err = 0;
    for (size_t i = 0; !err && i < count; i++) {
        if (length > 1)
            buf_put_u8(&walk->path, '/');
        buf_put(&walk->path, names[i], strlen(names[i]));
        const struct node *known = tree_find(before, names[i], strlen(names[i]));
        err = save_entry(walk, fd, names[i], names[i], known, tree, depth);
        walk->path.length = length;
        walk->path.overflowed = false;
    }
    return err;
}

/* Stores what is in an open folder: nothing, when it lies `elsewhere`, on a file system that is left out. A
 * folder that cannot be listed is a problem and counts as left out (1). */
static int save_listing(struct walk *walk, int fd, const struct node *before, uint8_t id[static SHA256_SIZE],
                        bool elsewhere, unsigned depth)
{
    char **names = NULL;
    size_t count = 0;
    int err = depth >= MAX_DEPTH ? err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), path_of(walk))
              : elsewhere        ? 0
                                 : read_names(fd, &names, &count);
    if (err) {
        problem(walk, err_in(err, "%s", path_of(walk)));
        return 1;
    }
    leaveout_by_marks(&walk->options->leaveout, fd, names, &count);
    struct buf json BUF_AUTO;
    buf_init(&json, WALK_MAX_TREE_JSON);
    tree_begin(&json);
    struct tree *known = load_before(walk, before);
    err = save_entries(walk, fd, names, count, known, &json, depth + 1);
    tree_free(known);
    free_names(names, count);
    return err ? err : walk_store_tree(walk, &json, id);
}

static enum vault_file_state folder_state(const struct node *before, const struct node *now)
{
    if (!before || before->type != NODE_DIR)
        return VAULT_FILE_NEW;
    return memcmp(before->subtree, now->subtree, SHA256_SIZE) == 0 ? VAULT_FILE_UNCHANGED
                                                                   : VAULT_FILE_CHANGED;
}

static int save_folder(struct walk *walk, int dirfd, const char *name, const char *shown,
                       const struct node *before, struct buf *tree, unsigned depth)
{
    struct stat st;
    int fd FD_AUTO = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        problem(walk, err_sys(_("cannot open the folder %s"), path_of(walk)));
        return 0;
    }
    struct arena arena = {0};
    struct node node;
    read_metadata(walk, fd, &st, &arena, &node);
    /* The names are asked for again afterwards: what lies below may push them out of the memory. */
    bool elsewhere = walk->options->leaveout.one_file_system && st.st_dev != walk->root_device;
    int err = save_listing(walk, fd, before, node.subtree, elsewhere, depth);
    if (err == 0) {
        node.has_subtree = true;
        node.user = owner_user(walk->names, node.uid);
        node.group = owner_group(walk->names, node.gid);
        walk_put_node(walk, tree, &node, shown, folder_state(before, &node));
    }
    arena_free(&arena);
    return err < 0 ? err : 0;
}

static int save_other(struct walk *walk, const struct stat *st, const char *shown, const struct node *before,
                      struct buf *tree)
{
    struct arena arena = {0};
    struct node node;
    read_metadata(walk, -1, st, &arena, &node);
    bool same = before && before->type == node.type && before->inode == node.inode &&
                before->ctime_ns == node.ctime_ns;
    /* A link whose target is unknown would be restored as a link to nothing. */
    if (node.type != NODE_SYMLINK || node.target_length)
        walk_put_node(walk, tree, &node, shown,
                      same     ? VAULT_FILE_UNCHANGED
                      : before ? VAULT_FILE_CHANGED
                               : VAULT_FILE_NEW);
    arena_free(&arena);
    return 0;
}

/* One name: `name` opens it below `dirfd`, `shown` is its name in the snapshot, walk->path its absolute path.
 */
static int save_entry(struct walk *walk, int dirfd, const char *name, const char *shown,
                      const struct node *before, struct buf *tree, unsigned depth)
{
    struct stat st;
    int err = walk_stop_if_canceled(walk);
    if (err || match_any(&walk->options->leaveout.patterns, path_of(walk)))
        return err;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        problem(walk, err_sys(_("cannot look at %s"), path_of(walk)));
        return 0;
    }
    if (depth == 0)
        walk->root_device = st.st_dev;
    if (!S_ISDIR(st.st_mode) && leaveout_has(&walk->options->leaveout, &st, walk->root_device))
        return 0;
    if (S_ISREG(st.st_mode))
        return unchanged(walk, before, &st) ? save_unchanged(walk, dirfd, name, shown, &st, before, tree)
                                            : save_file(walk, dirfd, name, shown, before, tree);
    if (S_ISDIR(st.st_mode))
        return save_folder(walk, dirfd, name, shown, before, tree, depth);
    return S_ISSOCK(st.st_mode) ? 0 : save_other(walk, &st, shown, before, tree);
}

/* ---- from the root of the snapshot to the paths that were asked for ---- */

static void set_path(struct walk *walk, const char *absolute)
{
    buf_clear(&walk->path);
    buf_put(&walk->path, absolute, strlen(absolute));
}

static int save_leaf(struct walk *walk, const struct source *source, const struct node *before,
                     struct buf *tree)
{
    set_path(walk, source->absolute);
    walk->root = source->absolute;
    walk->root_length = strlen(source->absolute);
    uint64_t problems = walk->result->problems, vanished = walk->result->vanished;
    int err = save_entry(walk, AT_FDCWD, source->path, source->name, before, tree, 0);
    bool absent = walk->result->problems == problems + 1 && walk->result->vanished == vanished + 1 &&
                  access(source->path, F_OK) != 0;
    walk->leaves += !absent;
    return err;
}

static int save_source(struct walk *walk, const struct source *source, const struct tree *before,
                       struct buf *tree);

/* A folder on the way: its own metadata, and of what it holds only what was asked for. Depth: parts of a
 * path. */
static int save_way(struct walk *walk, const struct source *source, const struct node *before,
                    struct buf *tree)
{
    struct stat st;
    if (stat(source->path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        set_path(walk, source->absolute);
        problem(walk, err_set(ERR_NOT_FOUND, _("%s is not there"), source->path));
        return 0;
    }
    struct buf json BUF_AUTO;
    buf_init(&json, WALK_MAX_TREE_JSON);
    tree_begin(&json);
    struct tree *known = load_before(walk, before);
    int err = 0;
    for (size_t i = 0; !err && i < source->count; i++)
        err = save_source(walk, &source->children[i], known, &json);
    tree_free(known);
    if (err)
        return err;
    struct arena arena = {0};
    struct node node;
    set_path(walk, source->absolute);
    read_metadata(walk, -1, &st, &arena, &node);
    err = walk_store_tree(walk, &json, node.subtree);
    if (!err) {
        node.has_subtree = true;
        node.name = source->name;
        node.name_length = strlen(source->name);
        tree_add(tree, &node);
    }
    arena_free(&arena);
    return err;
}

static int save_source(struct walk *walk, const struct source *source, const struct tree *before,
                       struct buf *tree)
{
    const struct node *known = tree_find(before, source->name, strlen(source->name));
    return source->leaf ? save_leaf(walk, source, known, tree) : save_way(walk, source, known, tree);
}

int walk_save(struct walk *walk, const struct source *root, const struct snapshot *parent,
              uint8_t id[static SHA256_SIZE])
{
    struct buf json BUF_AUTO;
    buf_init(&json, WALK_MAX_TREE_JSON);
    tree_begin(&json);
    struct tree *before = parent ? load_tree(walk, parent->tree) : NULL;
    int err = 0;
    for (size_t i = 0; !err && i < root->count; i++)
        err = save_source(walk, &root->children[i], before, &json);
    tree_free(before);
    if (!err && walk->leaves == 0)
        err = err_set(ERR_NOT_FOUND, _("none of the paths to save exists"));
    return err ? err : walk_store_tree(walk, &json, id);
}
