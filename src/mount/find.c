/* SPDX-License-Identifier: GPL-3.0-or-later
 * From the kernel's numbers to nodes; the contract is in mount/state.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "mount/state.h"

#define LOG_MOST      50 /* lines about what cannot be read, in so much time */
#define LOG_PERIOD_NS (10 * NS_PER_SECOND)
#define MOST_PATH     ((size_t)400) /* in a line: the end of it */

/* ---- trees ---- */

struct decoded {
    struct tree *tree;
    size_t length;
};

static int decode(void *context, const uint8_t *bytes, size_t length)
{
    struct decoded *out = context;
    out->length = length;
    return tree_decode(bytes, length, &out->tree);
}

static int make_tree(void *context, const struct cache_key *key, void **value, size_t *cost)
{
    struct mount *mount = context;
    struct decoded decoded = {0};
    int err = pool_load(mount->pool, PACK_TREE, key->id, decode, &decoded);
    if (err)
        return err;
    *value = decoded.tree;
    /* Names, attributes and contents take less than they do as JSON. */
    *cost = sizeof *decoded.tree + decoded.tree->count * sizeof(struct node) + decoded.length;
    return 0;
}

int mount_tree(struct mount *mount, const uint8_t id[static SHA256_SIZE], struct tree **tree,
               struct cache_entry **entry)
{
    struct cache_key key = {.number = 0};
    memcpy(key.id, id, SHA256_SIZE);
    int err = cache_get(mount->trees, &key, make_tree, mount, entry);
    if (!err)
        *tree = cache_value(*entry);
    return err;
}

/* ---- nodes ---- */

/* A bijection that leaves no trace of order (the end of splitmix64). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* All names of a file in one snapshot; not of files that only claim to be the same. */
static uint64_t linked_inode(const struct folder *folder, const struct node *node)
{
    struct {
        uint64_t root, device, inode, size, chunks, type;
        uint8_t first[SHA256_SIZE], last[SHA256_SIZE];
    } what = {.root = folder->root_inode,
              .device = node->device_id,
              .inode = node->inode,
              .size = node->size,
              .chunks = node->content_count,
              .type = node->type};
    if (node->content_count) {
        memcpy(what.first, node->content[0], SHA256_SIZE);
        memcpy(what.last, node->content[node->content_count - 1], SHA256_SIZE);
    }
    uint8_t digest[SHA256_SIZE];
    uint64_t inode;
    sha256_of(&what, sizeof what, digest);
    memcpy(&inode, digest, sizeof inode);
    return inode;
}

/* The entries of a folder follow each other, from a start that depends on the folder: copying programs read
 * files in the order of these numbers, and so in the order in which they were saved. */
uint64_t mount_inode(const struct folder *folder, uint32_t index, const struct node *node)
{
    bool linked = node->links > 1 && node->inode && node->type != NODE_DIR;
    uint64_t inode = linked ? linked_inode(folder, node) : mix(folder->inode) + index;
    return inode <= PLACES_ROOT ? inode + 2 : inode;
}

static int gone(void)
{
    return err_set(ERR_NOT_FOUND, _("the file is not known any more"));
}

static int find_root(struct mount *mount, struct found *out)
{
    pthread_mutex_lock(&mount->places_mutex);
    const struct place *place = places_get(mount->places, out->folder.index);
    out->time_ns = place ? place->time_ns : 0;
    pthread_mutex_unlock(&mount->places_mutex);
    out->inode = out->folder.inode;
    return place ? 0 : gone();
}

int mount_find(struct mount *mount, uint64_t number, struct found *out)
{
    *out = (struct found){.index = (uint32_t)NODE_INDEX(number)};
    if (!folders_get(mount->folders, NODE_FOLDER(number), &out->folder))
        return gone();
    if (out->index == 0 && out->folder.parent == 0)
        return find_root(mount, out);
    if (out->index == 0) { /* a folder stands in its parent's tree */
        out->index = out->folder.index;
        if (!folders_get(mount->folders, out->folder.parent, &out->folder))
            return gone();
    } else {
        out->index--;
    }
    int err = mount_tree(mount, out->folder.tree, &out->tree, &out->entry);
    if (err)
        return err;
    if (out->index >= out->tree->count) {
        mount_put(mount, out);
        return gone();
    }
    out->node = &out->tree->nodes[out->index];
    out->inode = mount_inode(&out->folder, out->index, out->node);
    return 0;
}

void mount_put(struct mount *mount, struct found *found)
{
    cache_release(mount->trees, found->entry);
    found->entry = NULL;
}

/* ---- what went wrong ---- */

static char *place_path(struct mount *mount, uint64_t number)
{
    char *path = mem_strdup("");
    pthread_mutex_lock(&mount->places_mutex);
    for (const struct place *p = places_get(mount->places, number); p && p->number != PLACES_ROOT;
         p = p->parent) {
        char *longer = mem_printf("/%s%s", p->name, path);
        free(path);
        path = longer;
    }
    pthread_mutex_unlock(&mount->places_mutex);
    return path;
}

static char *path_of(struct mount *mount, uint64_t number)
{
    if (NODE_FOLDER(number) == 0)
        return place_path(mount, number);
    uint32_t root;
    char *below MEM_AUTO = folders_path(mount->folders, NODE_FOLDER(number), &root);
    char *above MEM_AUTO = place_path(mount, root);
    struct found found;
    if (NODE_INDEX(number) == 0 || mount_find(mount, number, &found) != 0)
        return mem_printf("%s/%s", above, below);
    char *path = mem_printf("%s/%s%s", above, below, found.node->name);
    mount_put(mount, &found);
    return path;
}

/* Whether a line may be logged: not the same twice, and of many in a short time only the first. What was
 * left out is told with the next. */
static bool may_log(struct mount *mount, const char *line, unsigned *left_out)
{
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    pthread_mutex_lock(&mount->log_mutex);
    bool again = strncmp(line, mount->last_line, sizeof mount->last_line - 1) == 0;
    snprintf(mount->last_line, sizeof mount->last_line, "%s", line);
    if (now - mount->log_since_ns > LOG_PERIOD_NS) {
        mount->log_since_ns = now;
        mount->logged = 0;
    }
    bool may = !again && mount->logged < LOG_MOST;
    *left_out = may ? mount->left_out : 0;
    if (may) {
        mount->logged++;
        mount->left_out = 0;
    } else if (!again) {
        mount->left_out++;
    }
    pthread_mutex_unlock(&mount->log_mutex);
    return may;
}

int mount_complain(struct mount *mount, uint64_t number, const char *name, int err)
{
    char *why MEM_AUTO = mem_strdup(err_text());
    char *folder MEM_AUTO = path_of(mount, number);
    char *path MEM_AUTO = name ? path_join(folder, name) : mem_strdup(folder);
    size_t length = strlen(path), cut = length > MOST_PATH ? length - MOST_PATH : 0;
    char *line MEM_AUTO =
        mem_printf("%s%s%s: %s", mount->options->mountpoint, cut ? "/..." : "", path + cut, why);
    unsigned left_out;
    for (char *letter = line; *letter; letter++) /* a name must not write lines of its own */
        if (iscntrl((unsigned char)*letter))
            *letter = '?';
    if (may_log(mount, line, &left_out)) {
        if (left_out)
            log_error(P_("%u such line was left out", "%u such lines were left out", left_out), left_out);
        log_error("%s", line);
    }
    return err == ERR_PERMISSION ? EACCES : EIO;
}
