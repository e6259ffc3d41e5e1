/* SPDX-License-Identifier: GPL-3.0-or-later
 * A snapshot is made anew without what is lost. (That it is then what restic makes of it is shown by the
 * scenario vault-repair.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "vault/repair.h"

#define MISSING "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct told {
    unsigned losses[VAULT_LOSS_SNAPSHOT + 1];
    enum vault_remade what;
    uint8_t tree[SHA256_SIZE];
};

static void on_loss(void *context, enum vault_repair_loss loss, const char *path)
{
    struct told *told = context;
    (void)path;
    told->losses[loss]++;
}

static void on_done(void *context, const char *old_id, enum vault_remade what, const struct snapshot *now)
{
    struct told *told = context;
    (void)old_id;
    told->what = what;
    memcpy(told->tree, now->tree, SHA256_SIZE);
}

/* A snapshot of the folder; with a NULL one, of a root that is not there. */
static void save(struct vault *vault, const char *folder)
{
    struct snapshot *snapshot = snapshot_new();
    struct writer_totals totals;
    memset(snapshot->tree, 0xbb, SHA256_SIZE);
    if (folder) {
        assert_int_equal(vault_need_index(vault), 0);
        struct writer *writer = writer_new(vault);
        assert_int_equal(writer_add(writer, PACK_TREE, mem_dup(folder, strlen(folder)), strlen(folder),
                                    snapshot->tree, NULL),
                         0);
        assert_int_equal(writer_finish(writer, &totals), 0);
        writer_free(writer);
        vault_rest(vault);
    }
    assert_int_equal(snapshot_save(vault, snapshot), 0);
    snapshot_free(snapshot);
}

static struct told repair(struct vault *vault, bool forget)
{
    struct told told = {0};
    struct vault_repair_snapshots_options options = {
        .which = {.forget = forget, .context = &told, .on_done = on_done}, .on_loss = on_loss};
    assert_int_equal(vault_repair_snapshots(vault, &options), 0);
    return told;
}

static size_t count(const struct vault *vault)
{
    struct snapshots list;
    assert_int_equal(snapshot_read_all(vault, NULL, NULL, &list), 0);
    size_t snapshots = list.count;
    snapshot_free_all(&list);
    return snapshots;
}

static void what_is_lost_goes_and_what_is_left_stays(struct vault *vault)
{
    save(
        vault,
        "{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"size\":5,\"content\":[\"" MISSING
        "\"]},{\"name\":\"b\",\"type\":\"irregular\"},{\"name\":\"c\",\"type\":\"dir\",\"subtree\":\"" MISSING
        "\"},{\"name\":\"d\",\"type\":\"file\",\"generic_attributes\":{\"x\":1},\"content\":[]}]}\n");
    struct told told = repair(vault, true);
    assert_int_equal(told.what, VAULT_REMADE_NEW);
    assert_int_equal(told.losses[VAULT_LOSS_CONTENT], 1);
    assert_int_equal(told.losses[VAULT_LOSS_NODE], 1);
    assert_int_equal(told.losses[VAULT_LOSS_FOLDER], 1);
    assert_int_equal(vault_need_index(vault), 0);
    struct loader *loader = loader_new(vault);
    const uint8_t *bytes;
    size_t length;
    struct tree *tree;
    assert_int_equal(loader_load(loader, PACK_TREE, told.tree, &bytes, &length), 0);
    assert_int_equal(tree_decode(bytes, length, &tree), 0);
    assert_int_equal(tree->count, 3);
    assert_int_equal(tree->nodes[0].content_count, 0);
    assert_int_equal(tree->nodes[0].size, 0);
    assert_string_equal(tree->nodes[1].name, "c");
    assert_non_null(memmem(bytes, length, "\"generic_attributes\":{\"x\":1}", 28));
    assert_int_equal(loader_load(loader, PACK_TREE, tree->nodes[1].subtree, &bytes, &length), 0);
    assert_memory_equal(bytes, "{\"nodes\":[]}\n", 13);
    tree_free(tree);
    loader_free(loader);
    vault_rest(vault);
    assert_int_equal(repair(vault, true).what, VAULT_REMADE_SAME);
    assert_int_equal(count(vault), 1);
}

static void a_lost_root_takes_the_snapshot_if_it_is_to_be_forgotten(struct vault *vault)
{
    struct snapshots list;
    assert_int_equal(snapshot_read_all(vault, NULL, NULL, &list), 0);
    assert_int_equal(blob_prune(vault_pruner(vault), BLOB_SNAPSHOT, list.items[0]->id), 0);
    snapshot_free_all(&list);
    save(vault, NULL);
    struct told told = repair(vault, false);
    assert_int_equal(told.what, VAULT_REMADE_LOST);
    assert_int_equal(told.losses[VAULT_LOSS_SNAPSHOT], 1);
    assert_int_equal(count(vault), 1);
    assert_int_equal(repair(vault, true).what, VAULT_REMADE_GONE);
    assert_int_equal(count(vault), 0);
}

static void snapshots_are_repaired(void **state)
{
    (void)state;
    char folder[] = "/tmp/repair-XXXXXX";
    struct vault *vault;
    assert_non_null(mkdtemp(folder));
    char *repository MEM_AUTO = path_join(folder, "repository");
    assert_int_equal(vault_init(repository, "word", NULL), 0);
    assert_int_equal(vault_open(repository, "word", &vault), 0);
    what_is_lost_goes_and_what_is_left_stays(vault);
    a_lost_root_takes_the_snapshot_if_it_is_to_be_forgotten(vault);
    vault_close(vault);
    path_remove_tree(AT_FDCWD, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(snapshots_are_repaired)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
