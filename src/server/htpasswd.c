/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/htpasswd.h"

#include <crypt.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

#define BCRYPT_LETTERS "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define NEW_COST       10

static bool is_bcrypt(const char *hash)
{
    return strnlen(hash, HTPASSWD_HASH_LENGTH + 1) == HTPASSWD_HASH_LENGTH && memcmp(hash, "$2", 2) == 0 &&
           strchr("aby", hash[2]) && hash[3] == '$' && hash[4] >= '0' && hash[4] <= '1' && hash[5] >= '0' &&
           hash[5] <= '9' && atoi(hash + 4) >= 4 && atoi(hash + 4) <= HTPASSWD_COST_MAX && hash[6] == '$' &&
           strspn(hash + 7, BCRYPT_LETTERS) == HTPASSWD_HASH_LENGTH - 7;
}

static bool is_user_name(const char *name)
{
    size_t length = strnlen(name, HTPASSWD_NAME_MAX + 1);
    if (length == 0 || length > HTPASSWD_NAME_MAX)
        return false;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c < ' ' || *c == 0x7f || *c == ':')
            return false;
    return true;
}

static struct htpasswd_user *find(const struct htpasswd *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->users[i].name, name) == 0)
            return &table->users[i];
    return NULL;
}

/* Takes one line; false when it is not as it should be. */
static bool take_line(struct htpasswd *table, char *line)
{
    line[strcspn(line, "\r")] = '\0';
    if (!*line || *line == '#')
        return true;
    char *hash = strchr(line, ':');
    if (!hash)
        return false;
    *hash++ = '\0';
    hash[strcspn(hash, ":")] = '\0';
    if (!is_user_name(line) || !is_bcrypt(hash))
        return false;
    struct htpasswd_user *user = find(table, line);
    if (!user) {
        table->users = mem_resize(table->users, table->count + 1, sizeof *table->users);
        user = &table->users[table->count++];
    }
    memset(user, 0, sizeof *user);
    memcpy(user->name, line, strlen(line));
    memcpy(user->hash, hash, HTPASSWD_HASH_LENGTH);
    return true;
}

void htpasswd_parse(const char *text, size_t length, struct htpasswd *out)
{
    memset(out, 0, sizeof *out);
    size_t number = 0;
    for (const char *end = text + length; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((newline ? newline : end) - text);
        char line[256];
        bool fits = size < sizeof line && !memchr(text, '\0', size);
        number++;
        if (fits) {
            memcpy(line, text, size);
            line[size] = '\0';
        }
        if ((!fits || !take_line(out, line)) && !out->bad_line)
            out->bad_line = number;
        text += size + 1;
    }
}

void htpasswd_free(struct htpasswd *table)
{
    free(table->users);
    memset(table, 0, sizeof *table);
}

const char *htpasswd_find(const struct htpasswd *table, const char *name)
{
    const struct htpasswd_user *user = find(table, name);
    return user ? user->hash : NULL;
}

bool htpasswd_parse_basic(const char *header, struct htpasswd_login *out)
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, HTPASSWD_NAME_MAX + 1 + HTPASSWD_PASSWORD_MAX);
    if (!header || strncasecmp(header, "Basic ", 6) != 0)
        return false;
    header += 6 + strspn(header + 6, " ");
    size_t length = strnlen(header, 512);
    if (length == 512 || base64_decode(header, length, &plain) != 0 || plain.overflowed ||
        memchr(plain.data ? plain.data : (uint8_t *)"", 0, plain.length))
        return false;
    const char *name = buf_string(&plain);
    const char *colon = strchr(name, ':');
    if (!colon || colon == name || colon - name > HTPASSWD_NAME_MAX ||
        strlen(colon + 1) > HTPASSWD_PASSWORD_MAX)
        return false;
    memset(out, 0, sizeof *out);
    memcpy(out->name, name, (size_t)(colon - name));
    memcpy(out->password, colon + 1, strlen(colon + 1));
    return is_user_name(out->name);
}

bool htpasswd_matches(const char *hash, const char *password)
{
    struct crypt_data *data = mem_zalloc(1, sizeof *data);
    const char *made = crypt_r(password, hash, data);
    bool same = made && strlen(made) == HTPASSWD_HASH_LENGTH && strlen(hash) == HTPASSWD_HASH_LENGTH &&
                mem_equal_secret(made, hash, HTPASSWD_HASH_LENGTH);
    mem_wipe(data, sizeof *data);
    free(data);
    return same;
}

/* ---- writing ---- */

static int check_new(const char *name, const char *password)
{
    if (!is_user_name(name) || *name == '#')
        return err_set(ERR_INVALID, _("\"%s\" cannot be the name of a user"), name);
    if (!*password || strlen(password) > HTPASSWD_PASSWORD_MAX)
        return err_set(ERR_INVALID, _("a password has 1 to %d bytes"), HTPASSWD_PASSWORD_MAX);
    return 0;
}

static int make_hash(const char *password, char out[static HTPASSWD_HASH_LENGTH + 1])
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    struct crypt_data *data = mem_zalloc(1, sizeof *data);
    const char *made = crypt_gensalt_rn("$2b$", NEW_COST, NULL, 0, setting, sizeof setting)
                           ? crypt_r(password, setting, data)
                           : NULL;
    bool good = made && is_bcrypt(made);
    if (good)
        memcpy(out, made, HTPASSWD_HASH_LENGTH + 1);
    mem_wipe(data, sizeof *data);
    free(data);
    return good ? 0 : err_set(ERR_UNSUPPORTED, "%s", _("this system's libcrypt cannot make bcrypt hashes"));
}

/* The lines of others stay as they are. */
static void put_line(struct buf *out, const char *text, size_t length, const char *name, const char *hash)
{
    size_t name_length = strlen(name);
    for (const char *end = text + length; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((newline ? newline : end) - text);
        bool replaced =
            size > name_length && memcmp(text, name, name_length) == 0 && text[name_length] == ':';
        if (!replaced) {
            buf_put(out, text, size);
            buf_put_u8(out, '\n');
        }
        text += newline ? size + 1 : size;
    }
    buf_printf(out, "%s:%s\n", name, hash);
}

int htpasswd_set(const char *path, const char *name, const char *password)
{
    char hash[HTPASSWD_HASH_LENGTH + 1];
    struct buf before BUF_AUTO, after BUF_AUTO;
    buf_init(&before, HTPASSWD_MAX_BYTES);
    buf_init(&after, HTPASSWD_MAX_BYTES + 1024);
    int err = check_new(name, password);
    if (!err)
        err = fd_read_file(AT_FDCWD, path, &before);
    if (err == ERR_NOT_FOUND)
        err = 0;
    if (!err)
        err = make_hash(password, hash);
    if (err)
        return err;
    put_line(&after, before.data ? (const char *)before.data : "", before.length, name, hash);
    struct stat st = {.st_mode = 0640};
    bool there = stat(path, &st) == 0;
    const char *base = path_base(path);
    char *parent MEM_AUTO = mem_strdup(path);
    parent[base - path] = '\0';
    int folder FD_AUTO = open(*parent ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_sys(_("cannot open the folder of %s"), path);
    err = durable_write(folder, base, after.data, after.length, st.st_mode & 07777);
    /* The server's own user must be able to read it: as before, or as the group of the folder. */
    if (!err && !there && fstat(folder, &st) == 0)
        st.st_uid = geteuid();
    if (!err && fchownat(folder, base, st.st_uid, st.st_gid, 0) != 0 && geteuid() == 0)
        err = err_sys(_("cannot give %s back to its owner"), path);
    return err;
}
