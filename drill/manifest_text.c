/* SPDX-License-Identifier: GPL-3.0-or-later
 * The manifest as a file; its grammar stands in manifest.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "drill/manifest.h"

#define HEADER "beffroi-drill manifest 1\n"
#define FIELDS 11

static void put_name(struct buf *out, const char *name)
{
    if (!name) {
        buf_put(out, "-", 1);
        return;
    }
    /* A name that is "-" itself must not read as none. */
    bool lone = strcmp(name, "-") == 0;
    for (const uint8_t *at = (const uint8_t *)name; *at; at++) {
        if (*at < 0x20 || *at == '%' || *at == 0x7f || lone)
            buf_printf(out, "%%%02x", *at);
        else
            buf_put(out, at, 1);
    }
}

static void put_hash(struct buf *out, const uint8_t hash[32], bool some)
{
    char text[65] = "-";
    if (some)
        hex_encode(hash, 32, text);
    buf_printf(out, "%s\t", text);
}

void manifest_encode(const struct manifest *m, struct buf *out)
{
    static const uint8_t none[32];
    buf_printf(out, HEADER);
    for (size_t i = 0; i < m->count; i++) {
        const struct manifest_entry *e = &m->entries[i];
        buf_printf(out, "%c\t%o\t%u\t%u\t%" PRIu64 "\t%" PRId64 "\t", e->type, e->mode, e->uid, e->gid,
                   e->size, e->mtime_ns);
        put_hash(out, e->sha256, e->type == 'f' || e->type == 'l');
        put_hash(out, e->xattrs, memcmp(e->xattrs, none, 32) != 0);
        put_name(out, e->same_as);
        buf_put(out, "\t", 1);
        put_name(out, e->target);
        buf_put(out, "\t", 1);
        put_name(out, e->path);
        buf_put(out, "\n", 1);
    }
}

static int get_name(const char *text, bool optional, char **out)
{
    if (optional && strcmp(text, "-") == 0)
        return 0;
    char *name = mem_zalloc(strlen(text) + 1, 1), *to = name;
    for (; *text; text++, to++) {
        *to = *text;
        if (*text == '%') {
            if (strlen(text) < 3 || hex_decode(text + 1, to, 1) < 0) {
                free(name);
                return ERR_CORRUPT;
            }
            text += 2;
        }
    }
    *out = name;
    return 0;
}

static int get_number(const char *text, int base, uint64_t most, uint64_t *out)
{
    char *end;
    unsigned long long value = strtoull(text, &end, base);
    if (*end || end == text || *text == '-' || value > most)
        return ERR_CORRUPT;
    *out = value;
    return 0;
}

static int get_hash(const char *text, uint8_t out[32])
{
    if (strcmp(text, "-") == 0)
        return 0;
    return strlen(text) == 64 ? hex_decode(text, out, 32) : ERR_CORRUPT;
}

static int decode_line(char *line, struct manifest_entry *e)
{
    char *field[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        field[i] = line;
        line = strchr(line, '\t');
        if (!line != (i == FIELDS - 1))
            return ERR_CORRUPT;
        if (line)
            *line++ = 0;
    }
    uint64_t mode, uid, gid, mtime;
    bool before_1970 = field[5][0] == '-';
    if (strlen(field[0]) != 1 || !strchr("dfl?", field[0][0]) || get_number(field[1], 8, 07777, &mode) ||
        get_number(field[2], 10, UINT32_MAX, &uid) || get_number(field[3], 10, UINT32_MAX, &gid) ||
        get_number(field[4], 10, INT64_MAX, &e->size) ||
        get_number(field[5] + before_1970, 10, INT64_MAX, &mtime) || get_hash(field[6], e->sha256) ||
        get_hash(field[7], e->xattrs) || get_name(field[8], true, &e->same_as) ||
        get_name(field[9], true, &e->target) || get_name(field[10], false, &e->path))
        return ERR_CORRUPT;
    e->type = field[0][0];
    e->mode = (uint32_t)mode;
    e->uid = (uint32_t)uid;
    e->gid = (uint32_t)gid;
    e->mtime_ns = before_1970 ? -(int64_t)mtime : (int64_t)mtime;
    return 0;
}

int manifest_decode(const void *bytes, size_t length, struct manifest **out)
{
    static const size_t header = sizeof HEADER - 1;
    if (length < header || memcmp(bytes, HEADER, header) != 0 || memchr(bytes, 0, length))
        return err_set(ERR_CORRUPT, _("this is not a manifest of the drill"));
    struct manifest *m = mem_zalloc(1, sizeof *m);
    char *text = mem_printf("%.*s", (int)(length - header), (const char *)bytes + header);
    int code = 0;
    size_t room = 0;
    for (char *line = text, *end; code == 0 && *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end) {
            code = ERR_CORRUPT;
            break;
        }
        *end = 0;
        if (m->count == room) {
            room = room * 2 + 64;
            m->entries = mem_resize(m->entries, room, sizeof *m->entries);
        }
        struct manifest_entry *e = &m->entries[m->count++];
        *e = (struct manifest_entry){0};
        code = decode_line(line, e);
        if (code == 0 && m->count > 1 && strcmp(e[-1].path, e->path) >= 0)
            code = ERR_CORRUPT;
    }
    free(text);
    if (code < 0) {
        size_t line = m->count + 1;
        manifest_free(m);
        return err_set(ERR_CORRUPT, _("the manifest is damaged at line %zu"), line);
    }
    *out = m;
    return 0;
}
