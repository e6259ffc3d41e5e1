/* SPDX-License-Identifier: GPL-3.0-or-later
 * The journal's formats are those of others: Merkle roots, tile names, notes and their keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "journal/merkle.h"
#include "journal/note.h"
#include "journal/tile.h"

/* The leaves and roots that implementations of RFC 6962 are commonly tested with. */
static const char *const leaves[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
};
static const char *const roots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void assert_root(const struct merkle *tree, const char *wanted)
{
    uint8_t root[HASH_SIZE];
    char text[2 * HASH_SIZE + 1];
    merkle_root(tree, root);
    hex_encode(root, HASH_SIZE, text);
    assert_string_equal(text, wanted);
}

static void roots_are_those_of_rfc_6962(void **state)
{
    (void)state;
    struct merkle *tree = calloc(1, sizeof *tree);
    assert_root(tree, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        uint8_t entry[16], leaf[HASH_SIZE];
        assert_int_equal(hex_decode(leaves[i], entry, strlen(leaves[i]) / 2), 0);
        merkle_leaf(entry, strlen(leaves[i]) / 2, leaf);
        merkle_push(tree, leaf);
        assert_root(tree, roots[i]);
    }
    free(tree);
}

/* The definition in RFC 6962, word for word: split at the greatest power of two below n. */
static void slow_root(const uint8_t (*hashes)[HASH_SIZE], size_t count, uint8_t *out)
{
    if (count == 1) {
        memcpy(out, hashes[0], HASH_SIZE);
        return;
    }
    size_t split = 1;
    while (split * 2 < count)
        split *= 2;
    uint8_t left[HASH_SIZE], right[HASH_SIZE];
    slow_root(hashes, split, left);
    slow_root(hashes + split, count - split, right);
    merkle_node(left, right, out);
}

static void roots_are_right_over_the_tile_boundaries(void **state)
{
    (void)state;
    enum { COUNT = 66000 };
    uint8_t(*all)[HASH_SIZE] = calloc(COUNT, HASH_SIZE);
    struct merkle *tree = calloc(1, sizeof *tree);
    for (size_t i = 0; i < COUNT; i++) {
        merkle_leaf(&i, sizeof i, all[i]);
        merkle_push(tree, all[i]);
        bool edge = i < 600 || (i > 65530 && i < 65540) || i == COUNT - 1;
        if (!edge)
            continue;
        uint8_t wanted[HASH_SIZE], root[HASH_SIZE];
        slow_root((const uint8_t(*)[HASH_SIZE])all, i + 1, wanted);
        merkle_root(tree, root);
        assert_memory_equal(root, wanted, HASH_SIZE);
    }
    free(tree);
    free(all);
}

static void tiles_have_the_names_of_the_specification(void **state)
{
    (void)state;
    char path[TILE_PATH_SIZE];
    tile_path(0, 0, 256, path);
    assert_string_equal(path, "tile/0/000");
    tile_path(1, 1234067, 256, path);
    assert_string_equal(path, "tile/1/x001/x234/067");
    tile_path(TILE_ENTRIES, 1000, 112, path);
    assert_string_equal(path, "tile/entries/x001/000.p/112");
    tile_path(2, 999, 1, path);
    assert_string_equal(path, "tile/2/999.p/1");
    tile_path(7, UINT64_MAX, 255, path);
    assert_string_equal(path, "tile/7/x018/x446/x744/x073/x709/x551/615.p/255");
    /* A tree of 70 000 entries, the specification's own example. */
    assert_int_equal(merkle_width(70000, 0), 112);
    assert_int_equal(merkle_width(70000, 1), 17);
    assert_int_equal(merkle_width(70000, 2), 1);
}

static const char neumann_private[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char neumann_public[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static void keys_are_those_of_other_note_tools(void **state)
{
    (void)state;
    struct note_key key, public_key;
    assert_int_equal(note_key_parse(neumann_private, strlen(neumann_private), &key), 0);
    assert_int_equal(note_key_parse(neumann_public, strlen(neumann_public), &public_key), 0);
    assert_string_equal(key.name, "PeterNeumann");
    assert_int_equal(key.id, 0xc74f20a3);
    assert_memory_equal(key.public_key, public_key.public_key, sizeof key.public_key);
    struct buf text BUF_AUTO;
    buf_init(&text, 0);
    note_key_print_public(&key, &text);
    assert_memory_equal(text.data, neumann_public, strlen(neumann_public));
    buf_clear(&text);
    note_key_print_private(&key, &text);
    assert_memory_equal(text.data, neumann_private, strlen(neumann_private));
}

/* A note that golang.org/x/mod/sumdb/note shows, signed by it: the same bytes must come from our key. */
static void signatures_are_those_of_other_note_tools(void **state)
{
    (void)state;
    static const char text[] = "If you think cryptography is the answer to your problem,\n"
                               "then you don't know what your problem is.\n";
    static const char wanted[] =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    struct note_key key;
    assert_int_equal(note_key_parse(neumann_private, strlen(neumann_private), &key), 0);
    uint8_t signature[68] = {0xc7, 0x4f, 0x20, 0xa3};
    assert_int_equal(ed25519_sign(key.seed, text, strlen(text), signature + 4), 0);
    struct buf made BUF_AUTO;
    buf_init(&made, 0);
    base64_encode(signature, sizeof signature, &made);
    assert_string_equal(buf_string(&made), wanted);
}

static void keys_that_were_tampered_with_are_refused(void **state)
{
    (void)state;
    struct note_key key;
    char text[sizeof neumann_public];
    for (size_t i = 0; i < strlen(neumann_public); i++) {
        memcpy(text, neumann_public, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        /* The digits of the number may be written either way; all else must fit. */
        if (note_key_parse(text, strlen(text), &key) == 0)
            assert_true(i >= 13 && i < 21);
        assert_int_not_equal(note_key_parse(neumann_public, i, &key), 0);
    }
}

struct signed_note {
    struct note_key key;
    struct buf text;
    uint8_t root[HASH_SIZE];
};

static int make_note(void **state)
{
    struct signed_note *note = calloc(1, sizeof *note);
    buf_init(&note->text, NOTE_MAX_BYTES);
    memset(note->root, 0x5a, sizeof note->root);
    *state = note;
    return note_key_generate("mairie.example/journal", &note->key) ||
           note_sign(&note->key, 70000, note->root, &note->text);
}

static int free_note(void **state)
{
    struct signed_note *note = *state;
    buf_free(&note->text);
    free(note);
    return 0;
}

static int open_text(const struct buf *text, const struct note_key *key, struct checkpoint *out)
{
    return note_open((const char *)text->data, text->length, key, out);
}

static void a_checkpoint_comes_back(void **state)
{
    struct signed_note *note = *state;
    struct checkpoint checkpoint;
    assert_int_equal(open_text(&note->text, &note->key, &checkpoint), 0);
    assert_string_equal(checkpoint.origin, "mairie.example/journal");
    assert_int_equal(checkpoint.size, 70000);
    assert_memory_equal(checkpoint.root, note->root, HASH_SIZE);
}

static void no_byte_of_a_checkpoint_can_be_changed(void **state)
{
    struct signed_note *note = *state;
    struct checkpoint checkpoint;
    for (size_t i = 0; i < note->text.length; i++) {
        note->text.data[i] ^= 1;
        assert_int_equal(open_text(&note->text, &note->key, &checkpoint), ERR_CORRUPT);
        note->text.data[i] ^= 1;
        assert_int_equal(note_open((const char *)note->text.data, i, &note->key, &checkpoint), ERR_CORRUPT);
    }
}

static void the_signatures_of_witnesses_are_passed_over(void **state)
{
    struct signed_note *note = *state;
    struct checkpoint checkpoint;
    struct note_key witness;
    struct buf other BUF_AUTO;
    buf_init(&other, NOTE_MAX_BYTES);
    assert_int_equal(note_key_generate("witness.example", &witness), 0);
    assert_int_equal(note_sign(&witness, 1, note->root, &other), 0);
    const char *line = strstr(buf_string(&other), "\n\n") + 2;
    buf_put(&note->text, line, strlen(line));
    assert_int_equal(open_text(&note->text, &note->key, &checkpoint), 0);
    assert_int_equal(open_text(&note->text, &witness, &checkpoint), ERR_CORRUPT);
    /* Only a witness: nobody whom we trust has signed. */
    assert_int_equal(open_text(&other, &note->key, &checkpoint), ERR_CORRUPT);
}

static void names_that_would_break_a_note_are_refused(void **state)
{
    (void)state;
    struct note_key key;
    assert_int_equal(note_key_generate("", &key), ERR_INVALID);
    assert_int_equal(note_key_generate("a b", &key), ERR_INVALID);
    assert_int_equal(note_key_generate("a+b", &key), ERR_INVALID);
    assert_int_equal(note_key_generate("a\nb", &key), ERR_INVALID);
}

static void bundles_give_back_their_entries_and_end_exactly(void **state)
{
    (void)state;
    struct buf bundle BUF_AUTO;
    buf_init(&bundle, BUNDLE_MAX_BYTES);
    char *big = calloc(1, ENTRY_MAX_BYTES);
    bundle_put(&bundle, "one", 3);
    bundle_put(&bundle, big, ENTRY_MAX_BYTES);
    struct reader r;
    const char *text;
    size_t length;
    reader_init(&r, bundle.data, bundle.length);
    assert_int_equal(bundle_next(&r, &text, &length), 1);
    assert_int_equal(length, 3);
    assert_memory_equal(text, "one", 3);
    assert_int_equal(bundle_next(&r, &text, &length), 1);
    assert_int_equal(length, ENTRY_MAX_BYTES);
    assert_int_equal(bundle_next(&r, &text, &length), 0);
    for (size_t cut = 1; cut < 5; cut++) {
        reader_init(&r, bundle.data, cut);
        assert_int_equal(bundle_next(&r, &text, &length), ERR_CORRUPT);
        assert_int_equal(bundle_next(&r, &text, &length), ERR_CORRUPT);
    }
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_rfc_6962),
        cmocka_unit_test(roots_are_right_over_the_tile_boundaries),
        cmocka_unit_test(tiles_have_the_names_of_the_specification),
        cmocka_unit_test(keys_are_those_of_other_note_tools),
        cmocka_unit_test(signatures_are_those_of_other_note_tools),
        cmocka_unit_test(keys_that_were_tampered_with_are_refused),
        cmocka_unit_test_setup_teardown(a_checkpoint_comes_back, make_note, free_note),
        cmocka_unit_test_setup_teardown(no_byte_of_a_checkpoint_can_be_changed, make_note, free_note),
        cmocka_unit_test_setup_teardown(the_signatures_of_witnesses_are_passed_over, make_note, free_note),
        cmocka_unit_test(names_that_would_break_a_note_are_refused),
        cmocka_unit_test(bundles_give_back_their_entries_and_end_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
