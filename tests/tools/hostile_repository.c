/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hostile_repository DIR: a repository (password from RESTIC_PASSWORD) as somebody would write it who wants
 * to harm its reader. The snapshot's folders:
 *
 *     up, slash, dot, twice, endless     malformed: names that lead out, that come twice, a list cut short
 *     bomb            600 folders deep, two names for the same folder in each
 *     files/          lies about sizes, chunks that are not there, a hundred thousand empty chunks, long and
 * odd names
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "vault/snapshot.h"
#include "vault/writer.h"

#define DEPTH        600
#define EMPTY_CHUNKS 100000

static struct writer *writer;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "hostile_repository: %s: %s\n", what, err_text());
    exit(1);
}

/* Stores a blob; `name` gets its ID as text. */
static void store(enum pack_type type, const void *bytes, size_t length, char name[static VAULT_ID_TEXT])
{
    uint8_t id[SHA256_SIZE];
    if (writer_add(writer, type, mem_dup(bytes, length), length, id, NULL) != 0)
        die("a blob");
    hex_encode(id, SHA256_SIZE, name);
}

static void store_tree(struct buf *tree, char name[static VAULT_ID_TEXT])
{
    store(PACK_TREE, tree->data, tree->length, name);
    buf_free(tree);
}

static void put_folder(struct buf *out, const char *name, const char *subtree)
{
    buf_printf(out, "%s{\"name\":\"%s\",\"type\":\"dir\",\"mode\":2147484141,\"subtree\":\"%s\"}",
               out->data[out->length - 1] == '[' ? "" : ",", name, subtree);
}

static void put_file(struct buf *out, const char *name, unsigned long long size, const char *content)
{
    buf_printf(out, "%s{\"name\":\"%s\",\"type\":\"file\",\"mode\":420,\"size\":%llu,\"content\":[%s]}",
               out->data[out->length - 1] == '[' ? "" : ",", name, size, content);
}

static void begin(struct buf *tree)
{
    buf_init(tree, 0);
    buf_printf(tree, "{\"nodes\":[");
}

/* A tree with these nodes, put as a folder into `root`. */
static void put_bad(struct buf *root, const char *name, const char *nodes)
{
    struct buf tree;
    char id[VAULT_ID_TEXT];
    begin(&tree);
    buf_printf(&tree, "%s", nodes);
    store_tree(&tree, id);
    put_folder(root, name, id);
}

static void put_bomb(struct buf *root)
{
    struct buf tree;
    char id[VAULT_ID_TEXT];
    begin(&tree);
    buf_printf(&tree, "]}\n");
    store_tree(&tree, id);
    for (unsigned i = 0; i < DEPTH; i++) {
        begin(&tree);
        put_folder(&tree, "a", id);
        put_folder(&tree, "b", id);
        buf_printf(&tree, "]}\n");
        store_tree(&tree, id);
    }
    put_folder(root, "bomb", id);
}

static void put_files(struct buf *root)
{
    struct buf tree, many;
    char id[VAULT_ID_TEXT], quoted[VAULT_ID_TEXT + 2], long_name[1501] = "";
    store(PACK_DATA, "good", 4, id);
    snprintf(quoted, sizeof quoted, "\"%s\"", id);
    begin(&tree);
    put_file(&tree, "good", 4, quoted);
    put_file(&tree, "larger", 1ULL << 40, quoted);
    put_file(&tree, "largest", 18446744073709551615ULL, quoted);
    put_file(&tree, "smaller", 1, quoted);
    put_file(&tree, "missing", 4, "\"00000000000000000000000000000000000000000000000000000000000000ff\"");
    put_file(&tree, "odd\\\\nline", 4, quoted);
    memset(long_name, 'n', sizeof long_name - 1);
    put_file(&tree, long_name, 4, quoted);
    buf_init(&many, 0);
    store(PACK_DATA, "", 0, id);
    for (unsigned i = 0; i < EMPTY_CHUNKS; i++)
        buf_printf(&many, "\"%s\",", id);
    buf_printf(&many, "%s", quoted);
    put_file(&tree, "chunks", 4, buf_string(&many));
    buf_free(&many);
    buf_printf(&tree,
               ",{\"name\":\"kind\",\"type\":\"unheard-of\"},{\"name\":\"link\",\"type\":\"symlink\"}]}\n");
    store_tree(&tree, id);
    put_folder(root, "files", id);
}

static void put_root(char name[static VAULT_ID_TEXT])
{
    struct buf root;
    begin(&root);
    put_bad(&root, "dot", "{\"name\":\".\",\"type\":\"file\"}]}\n");
    put_bad(&root, "endless", "{\"name\":\"a\",\"type\":\"file\"},");
    put_bad(&root, "slash", "{\"name\":\"a/b\",\"type\":\"file\"}]}\n");
    put_bad(&root, "twice", "{\"name\":\"a\",\"type\":\"file\"},{\"name\":\"a\",\"type\":\"symlink\"}]}\n");
    put_bad(&root, "up", "{\"name\":\"..\",\"type\":\"file\"}]}\n");
    put_folder(&root, "nowhere", "00000000000000000000000000000000000000000000000000000000000000ee");
    put_bomb(&root);
    put_files(&root);
    buf_printf(&root, "]}\n");
    store_tree(&root, name);
}

int main(int argc, char **argv)
{
    struct vault *vault;
    const char *password = getenv("RESTIC_PASSWORD");
    char root[VAULT_ID_TEXT];
    if (argc != 2 || !password)
        return 2;
    if (vault_init(argv[1], password, NULL) != 0 || vault_open(argv[1], password, &vault) != 0 ||
        vault_need_index(vault) != 0)
        die(argv[1]);
    writer = writer_new(vault);
    put_root(root);
    if (writer_finish(writer, &(struct writer_totals){0}) != 0)
        die("the packs");
    writer_free(writer);
    const char *tags[] = {"..", "", "a/b"}, *paths[] = {"/"};
    struct snapshot *snapshot = snapshot_new();
    hex_decode(root, snapshot->tree, SHA256_SIZE);
    snapshot->time_ns = clock_system.wall_ns(clock_system.self);
    snapshot->hostname = "../../../etc";
    snapshot->tags = (struct snapshot_list_of_text){tags, 3};
    snapshot->paths = (struct snapshot_list_of_text){paths, 1};
    if (snapshot_save(vault, snapshot) != 0)
        die("the snapshot");
    snapshot_free(snapshot);
    vault_close(vault);
    return 0;
}
