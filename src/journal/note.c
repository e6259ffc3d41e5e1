/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/note.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"

#define ALGORITHM_ED25519 1
#define DASH              "\xe2\x80\x94 " /* em dash and space start a signature line */
#define PRIVATE_PREFIX    "PRIVATE+KEY+"

static void put_be32(uint8_t out[static 4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool name_is_good(const char *name, size_t length)
{
    if (length == 0 || length >= NOTE_NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == '+' || name[i] == 0x7f)
            return false;
    return true;
}

bool note_name_is_good(const char *name)
{
    return name_is_good(name, strlen(name));
}

static uint32_t key_id(const char *name, const uint8_t public_key[static ED25519_PUBLIC_SIZE])
{
    uint8_t text[NOTE_NAME_SIZE + 2 + ED25519_PUBLIC_SIZE], hash[HASH_SIZE];
    size_t length = strlen(name);
    memcpy(text, name, length);
    text[length++] = '\n';
    text[length++] = ALGORITHM_ED25519;
    memcpy(text + length, public_key, ED25519_PUBLIC_SIZE);
    if (EVP_Digest(text, length + ED25519_PUBLIC_SIZE, hash, NULL, EVP_sha256(), NULL) != 1)
        abort();
    return get_be32(hash);
}

int note_key_generate(const char *name, struct note_key *out)
{
    if (!note_name_is_good(name))
        return err_set(ERR_INVALID, _("\"%s\" cannot name a journal: no spaces and no \"+\""), name);
    struct note_key key = {0};
    memcpy(key.name, name, strlen(name));
    int err = ed25519_generate(key.seed);
    if (!err)
        err = ed25519_public(key.seed, key.public_key);
    key.id = key_id(key.name, key.public_key);
    if (!err)
        *out = key;
    note_key_wipe(&key);
    return err;
}

static int bad_key(void)
{
    return err_set(ERR_CORRUPT, _("this is not the text of a note key"));
}

/* NAME "+" id "+" base64: splits at the first two plus signs; the base64 part may hold more of them. */
static int split_key(const char *text, size_t length, struct note_key *key, struct buf *data)
{
    const char *plus = memchr(text, '+', length);
    if (!plus || !name_is_good(text, (size_t)(plus - text)))
        return bad_key();
    memcpy(key->name, text, (size_t)(plus - text));
    const char *end = text + length;
    uint8_t id[4];
    if (end - plus < 10 || plus[9] != '+' || hex_decode(plus + 1, id, 4) != 0)
        return bad_key();
    key->id = get_be32(id);
    if (base64_decode(plus + 10, (size_t)(end - plus - 10), data) != 0 ||
        data->length != 1 + ED25519_PUBLIC_SIZE || data->data[0] != ALGORITHM_ED25519)
        return bad_key();
    return 0;
}

int note_key_parse(const char *text, size_t length, struct note_key *out)
{
    if (length && text[length - 1] == '\n')
        length--;
    size_t prefix = strlen(PRIVATE_PREFIX);
    bool is_private = length > prefix && memcmp(text, PRIVATE_PREFIX, prefix) == 0;
    struct buf data BUF_AUTO;
    buf_init(&data, 256);
    struct note_key key = {0};
    int err = is_private ? split_key(text + prefix, length - prefix, &key, &data)
                         : split_key(text, length, &key, &data);
    if (!err && is_private) {
        memcpy(key.seed, data.data + 1, ED25519_SEED_SIZE);
        err = ed25519_public(key.seed, key.public_key);
    } else if (!err) {
        memcpy(key.public_key, data.data + 1, ED25519_PUBLIC_SIZE);
    }
    if (!err && key.id != key_id(key.name, key.public_key))
        err = err_set(ERR_CORRUPT, _("the note key's number does not fit its name and bytes"));
    if (!err)
        *out = key;
    note_key_wipe(&key);
    return err;
}

static void print_key(const char *prefix, const struct note_key *key, const uint8_t bytes[static 32],
                      struct buf *out)
{
    uint8_t data[33] = {ALGORITHM_ED25519};
    memcpy(data + 1, bytes, 32);
    buf_printf(out, "%s%s+%08x+", prefix, key->name, key->id);
    base64_encode(data, sizeof data, out);
    buf_put_u8(out, '\n');
    mem_wipe(data, sizeof data);
}

void note_key_print_public(const struct note_key *key, struct buf *out)
{
    print_key("", key, key->public_key, out);
}

void note_key_print_private(const struct note_key *key, struct buf *out)
{
    print_key(PRIVATE_PREFIX, key, key->seed, out);
}

void note_key_wipe(struct note_key *key)
{
    mem_wipe(key->seed, sizeof key->seed);
}

int note_sign(const struct note_key *key, uint64_t size, const uint8_t root[static HASH_SIZE],
              struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "%s\n%llu\n", key->name, (unsigned long long)size);
    base64_encode(root, HASH_SIZE, out);
    buf_put_u8(out, '\n');
    uint8_t signature[4 + ED25519_SIGNATURE_SIZE];
    put_be32(signature, key->id);
    int err = ed25519_sign(key->seed, out->data, out->length, signature + 4);
    if (err)
        return err;
    buf_printf(out, "\n" DASH "%s ", key->name);
    base64_encode(signature, sizeof signature, out);
    buf_put_u8(out, '\n');
    return 0;
}

/* One line without its newline; moves *at behind it. NULL when there is none. */
static const char *take_line(const char **at, const char *end, size_t *length)
{
    const char *line = *at;
    const char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    if (!newline)
        return NULL;
    *length = (size_t)(newline - line);
    *at = newline + 1;
    return line;
}

static int bad_note(const char *what)
{
    return err_set(ERR_CORRUPT, _("the checkpoint is malformed: %s"), what);
}

static int parse_size(const char *line, size_t length, uint64_t *out)
{
    uint64_t size = 0;
    if (length == 0 || length > 19 || (length > 1 && line[0] == '0'))
        return bad_note(_("its size is no number"));
    for (size_t i = 0; i < length; i++) {
        if (line[i] < '0' || line[i] > '9')
            return bad_note(_("its size is no number"));
        size = size * 10 + (uint64_t)(line[i] - '0');
    }
    *out = size;
    return 0;
}

static int parse_text(const char *text, const char *end, struct checkpoint *out)
{
    size_t length;
    const char *line = take_line(&text, end, &length);
    if (!line || !name_is_good(line, length))
        return bad_note(_("it has no origin"));
    memcpy(out->origin, line, length);
    line = take_line(&text, end, &length);
    if (!line || parse_size(line, length, &out->size) != 0)
        return bad_note(_("its size is no number"));
    line = take_line(&text, end, &length);
    struct buf root BUF_AUTO;
    buf_init(&root, 64);
    if (!line || length != 44 || base64_decode(line, length, &root) != 0 || root.length != HASH_SIZE)
        return bad_note(_("it has no root hash"));
    memcpy(out->root, root.data, HASH_SIZE);
    while (text < end)
        if (!take_line(&text, end, &length) || length == 0)
            return bad_note(_("an empty line in its text"));
    return 0;
}

/* Whether the line is a well-formed signature, and if it is `key`'s, whether it is right: 1 right, 0 somebody
 * else's, negative wrong. */
static int check_signature(const char *line, size_t length, const char *text, size_t text_length,
                           const struct note_key *key)
{
    size_t dash = strlen(DASH);
    if (length <= dash || memcmp(line, DASH, dash) != 0)
        return bad_note(_("a signature line does not start with a dash"));
    const char *name = line + dash;
    const char *space = memchr(name, ' ', length - dash);
    if (!space || !name_is_good(name, (size_t)(space - name)))
        return bad_note(_("a signature has no name"));
    struct buf data BUF_AUTO;
    buf_init(&data, NOTE_MAX_BYTES);
    if (base64_decode(space + 1, (size_t)(line + length - space - 1), &data) != 0 || data.length < 5)
        return bad_note(_("a signature is not base64"));
    size_t name_length = (size_t)(space - name);
    if (!key || strlen(key->name) != name_length || memcmp(key->name, name, name_length) != 0 ||
        get_be32(data.data) != key->id)
        return 0;
    if (data.length != 4 + ED25519_SIGNATURE_SIZE)
        return bad_note(_("the signature has the wrong length"));
    int err = ed25519_verify(key->public_key, text, text_length, data.data + 4);
    return err ? err_set(ERR_CORRUPT, _("the checkpoint's signature is wrong")) : 1;
}

/* Where the signatures start: behind the last empty line. NULL when there is none. */
static const char *find_signatures(const char *text, size_t length)
{
    for (size_t i = length; i >= 2; i--)
        if (text[i - 1] == '\n' && text[i - 2] == '\n')
            return text + i;
    return NULL;
}

int note_open(const char *text, size_t length, const struct note_key *key, struct checkpoint *out)
{
    if (length > NOTE_MAX_BYTES)
        return bad_note(_("it is too long"));
    const char *at = find_signatures(text, length), *end = text + length;
    if (!at || at == end)
        return bad_note(_("it has no signature"));
    size_t text_length = (size_t)(at - text) - 1;
    struct checkpoint checkpoint = {0};
    int err = parse_text(text, text + text_length, &checkpoint);
    bool verified = false;
    while (!err && at < end) {
        size_t line_length;
        const char *line = take_line(&at, end, &line_length);
        if (!line)
            return bad_note(_("its last line is cut"));
        int found = check_signature(line, line_length, text, text_length, key);
        err = found < 0 ? found : 0;
        verified = verified || found > 0;
    }
    if (!err && key && !verified)
        err =
            err_set(ERR_CORRUPT, _("the checkpoint is not signed with the key %s+%08x"), key->name, key->id);
    if (!err && key && strcmp(key->name, checkpoint.origin) != 0)
        err = err_set(ERR_CORRUPT, _("the checkpoint is of \"%s\", not of \"%s\""), checkpoint.origin,
                      key->name);
    if (!err)
        *out = checkpoint;
    return err;
}
