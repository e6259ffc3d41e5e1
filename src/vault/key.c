/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/key.h"

#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"
#include "vault/gojson.h"
#include "vault/jsonread.h"

/* What restic settles on for half a second and at most 60 MB on today's machines. */
#define SCRYPT_N 32768
#define SCRYPT_R 8
#define SCRYPT_P 8

static int derive(const char *password, const struct buf *salt, uint64_t n, uint64_t r, uint64_t p,
                  struct seal_key *out)
{
    uint8_t bytes[64];
    int err =
        scrypt_derive(password, strlen(password), salt->data, salt->length, n, r, p, bytes, sizeof bytes);
    if (!err) {
        memcpy(out->encrypt, bytes, 32);
        memcpy(out->mac_k, bytes + 32, 16);
        memcpy(out->mac_r, bytes + 48, 16);
    }
    mem_wipe(bytes, sizeof bytes);
    return err;
}

static void put_base64(struct buf *out, const char *before, const void *bytes, size_t length)
{
    buf_put(out, before, strlen(before));
    base64_encode(bytes, length, out);
}

static int seal_master(const struct seal_key *master, const struct seal_key *user, struct buf *sealed)
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, 1024);
    put_base64(&plain, "{\"mac\":{\"k\":\"", master->mac_k, 16);
    put_base64(&plain, "\",\"r\":\"", master->mac_r, 16);
    put_base64(&plain, "\"},\"encrypt\":\"", master->encrypt, 32);
    buf_put(&plain, "\"}", 2);
    uint8_t *place = buf_reserve(sealed, plain.length + SEAL_OVERHEAD);
    int err = seal_close(user, plain.data, plain.length, place);
    if (!err)
        sealed->length += plain.length + SEAL_OVERHEAD;
    return err;
}

static void put_file(struct buf *out, const struct key_owner *owner, const struct buf *salt,
                     const struct buf *sealed)
{
    char host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1);
    const struct passwd *user = getpwuid(geteuid());
    buf_printf(out, "{\"created\":");
    gojson_put_time(out, clock_system.wall_ns(clock_system.self));
    buf_printf(out, ",\"username\":");
    gojson_put_text(out, owner && owner->username ? owner->username : user ? user->pw_name : "");
    buf_printf(out, ",\"hostname\":");
    gojson_put_text(out, owner && owner->hostname ? owner->hostname : host);
    buf_printf(out, ",\"kdf\":\"scrypt\",\"N\":%d,\"r\":%d,\"p\":%d", SCRYPT_N, SCRYPT_R, SCRYPT_P);
    put_base64(out, ",\"salt\":\"", salt->data, salt->length);
    put_base64(out, "\",\"data\":\"", sealed->data, sealed->length);
    buf_put(out, "\"}", 2);
}

int key_encode(const struct seal_key *master, const char *password, const struct key_owner *owner,
               struct buf *out)
{
    struct buf salt BUF_AUTO, sealed BUF_AUTO;
    struct seal_key user;
    uint8_t random[KEY_SALT];
    buf_init(&salt, KEY_SALT);
    buf_init(&sealed, 1024);
    random_bytes(random, sizeof random);
    buf_put(&salt, random, sizeof random);
    int err = derive(password, &salt, SCRYPT_N, SCRYPT_R, SCRYPT_P, &user);
    if (!err)
        err = seal_master(master, &user, &sealed);
    if (!err)
        put_file(out, owner, &salt, &sealed);
    mem_wipe(&user, sizeof user);
    return err;
}

static void read_base64(struct jsonread *j, struct buf *scratch, struct buf *out)
{
    buf_clear(out);
    jsonread_string(j, scratch);
    if (scratch->length && base64_decode((const char *)scratch->data, scratch->length, out) != 0)
        j->failed = true;
    if (out->overflowed)
        j->failed = true;
}

static void read_text(struct jsonread *j, struct buf *scratch, char *out, size_t size)
{
    jsonread_string(j, scratch);
    size_t length = scratch->length < size - 1 ? scratch->length : size - 1;
    if (length)
        memcpy(out, scratch->data, length);
    out[length] = '\0';
}

/* What only people read; false when the key is none of that. */
static bool read_owner(struct jsonread *j, struct jsonread_key key, struct buf *scratch, struct key_file *out)
{
    if (jsonread_is(key, "username")) {
        read_text(j, scratch, out->username, sizeof out->username);
    } else if (jsonread_is(key, "hostname")) {
        read_text(j, scratch, out->hostname, sizeof out->hostname);
    } else if (jsonread_is(key, "created")) {
        jsonread_string(j, scratch);
        if (!gojson_time(buf_string(scratch), scratch->length, &out->created_ns))
            out->created_ns = 0;
    } else {
        return false;
    }
    return true;
}

int key_file_parse(const void *bytes, size_t length, struct key_file *out)
{
    struct buf scratch BUF_AUTO;
    struct jsonread j;
    struct jsonread_key key;
    bool scrypt = false;
    *out = (struct key_file){0};
    buf_init(&scratch, 65536);
    buf_init(&out->salt, 4096);
    buf_init(&out->data, 65536);
    jsonread_init(&j, bytes, length);
    jsonread_object(&j);
    while (jsonread_key(&j, &key)) {
        if (read_owner(&j, key, &scratch, out))
            continue;
        if (jsonread_is(key, "N"))
            out->n = jsonread_u64(&j);
        else if (jsonread_is(key, "r"))
            out->r = jsonread_u64(&j);
        else if (jsonread_is(key, "p"))
            out->p = jsonread_u64(&j);
        else if (jsonread_is(key, "salt"))
            read_base64(&j, &scratch, &out->salt);
        else if (jsonread_is(key, "data"))
            read_base64(&j, &scratch, &out->data);
        else if (jsonread_is(key, "kdf")) {
            jsonread_string(&j, &scratch);
            scrypt = scratch.length == 6 && memcmp(scratch.data, "scrypt", 6) == 0;
        } else
            jsonread_skip(&j);
    }
    if (!jsonread_done(&j) || out->data.length < SEAL_OVERHEAD || out->salt.length == 0)
        return err_set(ERR_CORRUPT, _("the key file is malformed"));
    return scrypt ? 0 : err_set(ERR_UNSUPPORTED, _("the key file does not use scrypt"));
}

void key_file_free(struct key_file *file)
{
    buf_free(&file->salt);
    buf_free(&file->data);
}

static void read_exactly(struct jsonread *j, struct buf *scratch, struct buf *value, uint8_t *out,
                         size_t length)
{
    read_base64(j, scratch, value);
    if (value->length != length)
        j->failed = true;
    else
        memcpy(out, value->data, length);
}

int key_master_parse(const void *bytes, size_t length, struct seal_key *out)
{
    struct buf scratch BUF_AUTO, value BUF_AUTO;
    struct jsonread j;
    struct jsonread_key key, inner;
    struct seal_key master = {0};
    unsigned found = 0;
    buf_init(&scratch, 1024);
    buf_init(&value, 1024);
    jsonread_init(&j, bytes, length);
    jsonread_object(&j);
    while (jsonread_key(&j, &key)) {
        if (jsonread_is(key, "encrypt")) {
            read_exactly(&j, &scratch, &value, master.encrypt, 32);
            found |= 1;
        } else if (jsonread_is(key, "mac")) {
            jsonread_object(&j);
            while (jsonread_key(&j, &inner)) {
                bool k = jsonread_is(inner, "k");
                if (k || jsonread_is(inner, "r"))
                    read_exactly(&j, &scratch, &value, k ? master.mac_k : master.mac_r, 16);
                else
                    jsonread_skip(&j);
                found |= k ? 2 : 4;
            }
        } else
            jsonread_skip(&j);
    }
    bool good = jsonread_done(&j) && found == 7;
    if (good)
        *out = master;
    mem_wipe(&master, sizeof master);
    return good ? 0 : err_set(ERR_CORRUPT, _("the master key is malformed"));
}

int key_decode(const void *bytes, size_t length, const char *password, struct seal_key *master)
{
    struct key_file file;
    struct seal_key user;
    int err = key_file_parse(bytes, length, &file);
    if (!err)
        err = derive(password, &file.salt, file.n, file.r, file.p, &user);
    if (!err && seal_open(&user, file.data.data, file.data.length, file.data.data) != 0)
        err = err_set(ERR_WRONG_SECRET, _("wrong password"));
    if (!err)
        err = key_master_parse(file.data.data, file.data.length - SEAL_OVERHEAD, master);
    mem_wipe(&user, sizeof user);
    key_file_free(&file);
    return err;
}
