/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/lock.h"
#include "vault/names.h"

#define MAX_KEY_FILE ((size_t)64 << 10)

static int read_one(const struct vault *vault, const char *name, struct key_file *out)
{
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, MAX_KEY_FILE);
    *out = (struct key_file){0};
    int err = blob_read_all(vault_reader(vault), BLOB_KEY, name, &bytes);
    if (!err)
        err = key_file_parse(bytes.data, bytes.length, out);
    return err ? err_in(err, "%s/keys/%.8s", vault_path(vault), name) : 0;
}

int vault_keys_list(const struct vault *vault,
                    void (*on_key)(void *context, const struct vault_key_info *key), vault_bad_file *on_bad,
                    void *context)
{
    char(*names)[VAULT_ID_TEXT] = NULL;
    size_t count = 0;
    struct lock *lock = NULL;
    int err = lock_take(vault, false, &lock);
    if (err && err != ERR_READ_ONLY)
        return err;
    err = names_list(vault, BLOB_KEY, &names, &count);
    for (size_t i = 0; !err && i < count; i++) {
        struct key_file file;
        int bad = read_one(vault, names[i], &file);
        if (bad)
            on_bad(context, names[i], bad);
        else
            on_key(context, &(struct vault_key_info){.id = names[i],
                                                     .current = strcmp(names[i], vault_key_name(vault)) == 0,
                                                     .username = file.username,
                                                     .hostname = file.hostname,
                                                     .created_ns = file.created_ns});
        key_file_free(&file);
    }
    lock_release(lock);
    free(names);
    return err;
}

/* Reads the key back and opens it: one that could not be opened would be found out when it is needed. */
static int prove(const struct vault *vault, const char *id, const char *password)
{
    struct buf bytes BUF_AUTO;
    struct seal_key master;
    buf_init(&bytes, MAX_KEY_FILE);
    int err = blob_read_all(vault_reader(vault), BLOB_KEY, id, &bytes);
    if (!err)
        err = key_decode(bytes.data, bytes.length, password, &master);
    if (!err && !mem_equal_secret(&master, vault_seal_key(vault), sizeof master))
        err = err_set(ERR_CORRUPT, _("it holds another key"));
    mem_wipe(&master, sizeof master);
    return err;
}

static int add(const struct vault *vault, const char *password, const struct key_owner *owner,
               char id[static VAULT_ID_TEXT])
{
    struct buf file BUF_AUTO;
    uint8_t hash[SHA256_SIZE];
    if (!*password)
        return err_set(ERR_INVALID, _("an empty password protects nothing"));
    buf_init(&file, MAX_KEY_FILE);
    int err = key_encode(vault_seal_key(vault), password, owner, &file);
    if (err)
        return err;
    sha256_of(file.data, file.length, hash);
    hex_encode(hash, sizeof hash, id);
    err = blob_write(vault_writer(vault), BLOB_KEY, id, file.data, file.length);
    if (err)
        return err;
    err = prove(vault, id, password);
    if (!err)
        return 0;
    char *why MEM_AUTO = mem_strdup(err_text());
    blob_prune(vault_pruner(vault), BLOB_KEY, id);
    return err_set(ERR_CORRUPT, _("the new key does not open the repository and was removed again: %s"), why);
}

int vault_keys_add(const struct vault *vault, const char *password, const struct key_owner *owner,
                   char id[static VAULT_ID_TEXT])
{
    struct lock *lock;
    int err = lock_take(vault, false, &lock);
    if (err)
        return err;
    blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
    err = add(vault, password, owner, id);
    lock_release(lock);
    return err;
}

static int find(const struct vault *vault, const char *name, char id[static VAULT_ID_TEXT])
{
    unsigned count;
    int err = names_find(vault, BLOB_KEY, name, &count, id);
    if (err)
        return err;
    if (count == 0)
        return err_hint(
            err_set(ERR_NOT_FOUND, _("the repository %s has no key \"%s\""), vault_path(vault), name),
            _("list them with: beffroi vault key list -r %s"), vault_path(vault));
    if (count > 1)
        return err_set(ERR_INVALID, _("\"%s\" is the beginning of %u keys; give more digits"), name, count);
    if (strcmp(id, vault_key_name(vault)) == 0)
        return err_hint(
            err_set(ERR_INVALID, _("the key %.8s is the one in use and cannot be removed"), id),
            _("open the repository with another key's password, or change this one's with: beffroi "
              "vault key passwd -r %s"),
            vault_path(vault));
    return 0;
}

int vault_keys_remove(const struct vault *vault, const char *name, char id[static VAULT_ID_TEXT])
{
    struct lock *lock;
    int err = lock_take(vault, true, &lock);
    if (err)
        return err;
    blob_sweep(vault_remover(vault));
    err = find(vault, name, id);
    if (!err)
        err = blob_prune(vault_pruner(vault), BLOB_KEY, id);
    lock_release(lock);
    return err;
}

int vault_keys_change(struct vault *vault, const char *password, const struct key_owner *owner,
                      char id[static VAULT_ID_TEXT])
{
    struct lock *lock;
    if (!*vault_key_name(vault))
        return err_set(ERR_INVALID, _("the repository was opened without a password, so no key is in use"));
    int err = lock_take(vault, true, &lock);
    if (err)
        return err;
    blob_sweep(vault_remover(vault));
    err = add(vault, password, owner, id);
    if (!err)
        err = blob_prune(vault_pruner(vault), BLOB_KEY, vault_key_name(vault));
    if (!err)
        vault_set_key_name(vault, id);
    lock_release(lock);
    return err;
}
