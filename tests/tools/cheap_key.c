/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cheap_key REPO: gives a test's repository a key that is opened at once, instead of its own, which costs
 * half a second on purpose each time. The password, in RESTIC_PASSWORD, stays the same.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"
#include "vault/key.h"
#include "vault/vault.h"

#define N 1024 /* the least that restic takes with a margin; scrypt then needs 1 MiB and 3 ms */
#define R 8
#define P 1

static int make_key(const struct vault *vault, const char *password, struct buf *file)
{
    uint8_t salt[KEY_SALT], derived[64];
    struct seal_key user;
    struct buf plain BUF_AUTO;
    random_bytes(salt, sizeof salt);
    int err = scrypt_derive(password, strlen(password), salt, sizeof salt, N, R, P, derived, sizeof derived);
    if (err)
        return err;
    memcpy(user.encrypt, derived, 32);
    memcpy(user.mac_k, derived + 32, 16);
    memcpy(user.mac_r, derived + 48, 16);
    buf_init(&plain, 1024);
    key_master_encode(vault_seal_key(vault), &plain);
    uint8_t sealed[1024 + SEAL_OVERHEAD];
    err = seal_close(&user, plain.data, plain.length, sealed);
    buf_printf(file,
               "{\"created\":\"2026-01-01T00:00:00Z\",\"username\":\"test\",\"hostname\":\"test\","
               "\"kdf\":\"scrypt\",\"N\":%d,\"r\":%d,\"p\":%d,\"salt\":\"",
               N, R, P);
    base64_encode(salt, sizeof salt, file);
    buf_printf(file, "\",\"data\":\"");
    base64_encode(sealed, plain.length + SEAL_OVERHEAD, file);
    buf_printf(file, "\"}");
    return err;
}

/* Puts the file into the folder of keys, in the place of all that are there. */
static int replace_keys(int folder, const struct buf *file)
{
    uint8_t id[SHA256_SIZE];
    char name[VAULT_ID_TEXT];
    sha256_of(file->data, file->length, id);
    hex_encode(id, sizeof id, name);
    int err = durable_create(folder, name, file->data, file->length, 0400);
    DIR *keys = err ? NULL : fdopendir(folder);
    struct dirent *entry;
    while (keys && (entry = readdir(keys)))
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, name) != 0)
            unlinkat(folder, entry->d_name, 0);
    return err;
}

int main(int argc, char **argv)
{
    const char *password = getenv("RESTIC_PASSWORD");
    struct vault *vault;
    struct buf file BUF_AUTO;
    buf_init(&file, 65536);
    if (argc != 2 || !password) {
        fputs("usage: RESTIC_PASSWORD=... cheap_key REPO\n", stderr);
        return 2;
    }
    int err = vault_open(argv[1], password, &vault);
    if (!err) {
        char *path MEM_AUTO = mem_printf("%s/keys", argv[1]);
        int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = make_key(vault, password, &file);
        if (!err)
            err = folder < 0 ? err_sys("cannot open %s", path) : replace_keys(folder, &file);
        vault_close(vault);
    }
    if (err)
        fprintf(stderr, "cheap_key: %s\n", err_text());
    return err != 0;
}
