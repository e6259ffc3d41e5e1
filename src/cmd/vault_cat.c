/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault cat
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/vault_read.h"
#include "vault/config.h"
#include "vault/folder.h"
#include "vault/indent.h"
#include "vault/key.h"
#include "vault/names.h"

#define MAX_PLAIN ((size_t)1 << 30)
#define PIECE     ((size_t)1 << 20)

/* As it is, and a line feed unless it has one. */
static void print_line(const struct buf *text)
{
    fwrite(text->data, 1, text->length, stdout);
    if (text->length == 0 || text->data[text->length - 1] != '\n')
        putchar('\n');
}

static void print_indented(const struct buf *json)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 0);
    indent_json(json->data, json->length, &out);
    vault_common_print(&out);
}

static int cat_config(struct vault_reading *reading, const char *id)
{
    struct config config = {.version = vault_version(reading->vault),
                            .polynomial = vault_polynomial(reading->vault)};
    struct buf json BUF_AUTO;
    (void)id;
    buf_init(&json, 0);
    snprintf(config.id, sizeof config.id, "%s", vault_id(reading->vault));
    config_encode(&config, &json);
    print_indented(&json);
    return 0;
}

static int cat_masterkey(struct vault_reading *reading, const char *id)
{
    struct buf json BUF_AUTO, out BUF_AUTO; /* wiped when they are freed */
    (void)id;
    buf_init(&json, 0);
    buf_init(&out, 0);
    key_master_encode(vault_seal_key(reading->vault), &json);
    indent_json(json.data, json.length, &out);
    vault_common_print(&out);
    return 0;
}

static int cat_sealed(struct vault_reading *reading, enum blob_kind kind, const char *id, bool indented)
{
    char name[VAULT_ID_TEXT];
    struct buf plain BUF_AUTO;
    buf_init(&plain, MAX_PLAIN);
    int err = names_find_one(reading->vault, kind, id, name);
    if (!err)
        err = vault_load_file(reading->vault, kind, name, &plain);
    if (!err && indented)
        print_indented(&plain);
    else if (!err)
        print_line(&plain);
    return err;
}

static int cat_index(struct vault_reading *reading, const char *id)
{
    return cat_sealed(reading, BLOB_INDEX, id, false);
}

static int cat_lock(struct vault_reading *reading, const char *id)
{
    return cat_sealed(reading, BLOB_LOCK, id, true);
}

static int cat_snapshot(struct vault_reading *reading, const char *id)
{
    struct snapshot *snapshot;
    int err = snapshot_find(reading->vault, id, NULL, &snapshot);
    if (err)
        return err;
    err = cat_sealed(reading, BLOB_SNAPSHOT, snapshot->id, true);
    snapshot_free(snapshot);
    return err;
}

static int cat_key(struct vault_reading *reading, const char *id)
{
    char name[VAULT_ID_TEXT];
    struct buf plain BUF_AUTO;
    buf_init(&plain, MAX_PLAIN);
    int err = names_find_one(reading->vault, BLOB_KEY, id, name);
    if (!err)
        err = vault_read_file(reading->vault, BLOB_KEY, name, &plain);
    if (!err)
        print_indented(&plain);
    return err;
}

/* As it is, also when it is damaged: somebody may want to look at what is left of it. */
static int cat_pack(struct vault_reading *reading, const char *id)
{
    char name[VAULT_ID_TEXT], found[VAULT_ID_TEXT];
    uint8_t hash[SHA256_SIZE], *piece MEM_AUTO = mem_zalloc(PIECE, 1);
    uint64_t size;
    int err = names_find_one(reading->vault, BLOB_PACK, id, name);
    if (!err)
        err = blob_size(vault_reader(reading->vault), BLOB_PACK, name, &size);
    if (err)
        return err;
    struct sha256 *state = sha256_new();
    for (uint64_t at = 0; !err && at < size && !ferror(stdout); at += PIECE) {
        size_t length = size - at < PIECE ? (size_t)(size - at) : PIECE;
        err = blob_read(vault_reader(reading->vault), BLOB_PACK, name, at, piece, length);
        if (!err)
            fwrite(piece, 1, length, stdout);
        if (!err)
            sha256_add(state, piece, length);
    }
    sha256_end(state, hash);
    hex_encode(hash, sizeof hash, found);
    if (!err && !ferror(stdout) && strcmp(found, name) != 0)
        err = err_set(ERR_PARTIAL, _("the pack %s is damaged: its bytes do not match its name"), name);
    return err;
}

/* The only entry of the index whose ID begins so. */
static int find_blob(const struct index *index, const char *beginning, const struct index_entry **out)
{
    char name[VAULT_ID_TEXT];
    size_t length = strlen(beginning);
    *out = NULL;
    for (size_t i = 0; i < index->count && length; i++) {
        const struct index_entry *entry = &index->entries[i];
        hex_encode(entry->id, SHA256_SIZE, name);
        if (strncmp(name, beginning, length) != 0)
            continue;
        if (*out && memcmp((*out)->id, entry->id, SHA256_SIZE) != 0)
            return err_set(ERR_INVALID, _("\"%s\" is the beginning of several blobs; give more digits"),
                           beginning);
        if (!*out || entry->type == PACK_DATA)
            *out = entry;
    }
    return *out ? 0 : err_set(ERR_NOT_FOUND, _("no index names a blob \"%s\""), beginning);
}

static int print_blob(struct vault_reading *reading, enum pack_type type, const uint8_t *id)
{
    const uint8_t *bytes;
    size_t length;
    int err = loader_load(reading->loader, type, id, &bytes, &length);
    if (!err)
        fwrite(bytes, 1, length, stdout);
    return err;
}

static int cat_blob(struct vault_reading *reading, const char *id)
{
    const struct index_entry *entry;
    int err = vault_need_index(reading->vault);
    if (!err)
        err = find_blob(vault_index(reading->vault), id, &entry);
    return err ? err : print_blob(reading, (enum pack_type)entry->type, entry->id);
}

static int cat_tree(struct vault_reading *reading, const char *name)
{
    struct snapshot *snapshot;
    uint8_t id[SHA256_SIZE];
    int err = vault_need_index(reading->vault);
    if (!err)
        err = folder_find(reading->vault, reading->loader, name, NULL, &snapshot, id);
    if (err)
        return err;
    snapshot_free(snapshot);
    return print_blob(reading, PACK_TREE, id);
}

static const struct kind {
    const char *name;
    int (*print)(struct vault_reading *reading, const char *id);
    bool alone; /* takes no ID */
} kinds[] = {
    {"config", cat_config, true},       {"index", cat_index, false},
    {"snapshot", cat_snapshot, false},  {"key", cat_key, false},
    {"lock", cat_lock, false},          {"pack", cat_pack, false},
    {"masterkey", cat_masterkey, true}, {"blob", cat_blob, false},
    {"tree", cat_tree, false},
};

static const struct kind *find_kind(const char *word, int operands)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, word) != 0)
            continue;
        if (kinds[i].alone == (operands == 1))
            return &kinds[i];
        fprintf(stderr,
                kinds[i].alone ? _("beffroi vault cat: %s takes no ID\n")
                               : _("beffroi vault cat: which %s?\n"),
                word);
        return NULL;
    }
    fprintf(stderr, _("beffroi vault cat: there is no kind \"%s\"\n"), word);
    fprintf(stderr, "%s\n", _("one of: config, index, snapshot, key, masterkey, lock, pack, blob, tree"));
    return NULL;
}

int cmd_vault_cat(int argc, char **argv)
{
    struct vault_place place = {0};
    bool no_lock = false;
    const struct opt options[] = {VAULT_PLACE_ROWS(place), VAULT_NO_LOCK_ROW(no_lock), {0}};
    const struct opt_command command = {
        .name = "vault cat",
        .operands = N_("config|masterkey|KIND ID"),
        .summary = N_("Prints what the repository is made of: config, masterkey, or one\n"
                      "index, snapshot, key, lock, pack, blob, or tree SNAPSHOT[:FOLDER]."),
        .options = options,
        .least = 1,
        .most = 2};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    const struct kind *kind = find_kind(argv[1], operands);
    if (!kind)
        return CMD_USAGE;
    struct vault_reading reading;
    int err = vault_reading_open(&place, no_lock, &reading);
    if (!err)
        err = kind->print(&reading, argv[2]);
    int code = err ? cmd_fail(err) : CMD_DONE;
    vault_reading_end(&reading);
    return cmd_finish(code);
}
