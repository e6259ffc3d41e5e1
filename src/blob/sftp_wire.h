/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The SFTP protocol, version 3 (draft-ietf-secsh-filexfer-02), as bytes. Integers are big-endian; a string is
 * a u32 length and that many bytes:
 *
 *     packet   u32 length of what follows, u8 type, u32 id (of INIT and VERSION: the version), the rest
 *     VERSION  pairs of strings: name and version of an extension
 *     STATUS   u32 code, and of most servers: string message, string language
 *     HANDLE   string handle             DATA   string bytes            ATTRS   attributes
 *     NAME     u32 count, then each: string name, string for people, attributes
 *     attributes   u32 flags, then what they tell of: u64 size, u32 uid and gid, u32 mode, u32 atime and
 * mtime, u32 count of pairs of strings
 */
#ifndef BLOB_SFTP_WIRE_H
#define BLOB_SFTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SFTP_VERSION        3
#define SFTP_PACKET_MAX     (256 * 1024) /* as OpenSSH; what follows the length */
#define SFTP_HANDLE_MAX     256
#define SFTP_HEADER_REQUEST 9 /* length, type and id of a request */

enum sftp_type {
    SFTP_INIT = 1,
    SFTP_VERSION_ANSWER = 2,
    SFTP_OPEN = 3,
    SFTP_CLOSE = 4,
    SFTP_READ = 5,
    SFTP_WRITE = 6,
    SFTP_FSETSTAT = 10,
    SFTP_OPENDIR = 11,
    SFTP_READDIR = 12,
    SFTP_REMOVE = 13,
    SFTP_MKDIR = 14,
    SFTP_STAT = 17,
    SFTP_RENAME = 18,
    SFTP_STATUS = 101,
    SFTP_HANDLE = 102,
    SFTP_DATA = 103,
    SFTP_NAME = 104,
    SFTP_ATTRS = 105,
    SFTP_EXTENDED = 200,
    SFTP_EXTENDED_REPLY = 201
};

enum sftp_status {
    SFTP_OK = 0,
    SFTP_EOF = 1,
    SFTP_NO_SUCH_FILE = 2,
    SFTP_PERMISSION_DENIED = 3,
    SFTP_FAILURE = 4,
    SFTP_BAD_MESSAGE = 5,
    SFTP_NO_CONNECTION = 6,
    SFTP_CONNECTION_LOST = 7,
    SFTP_UNSUPPORTED = 8
};

enum { SFTP_OPEN_READ = 1, SFTP_OPEN_WRITE = 2, SFTP_OPEN_CREATE = 8, SFTP_OPEN_EXCLUSIVE = 32 };

/* ---- requests ---- */

/* Begins a request in `b`, which is emptied; the length and the id are filled in by sftp_finish. */
void sftp_begin(struct buf *b, enum sftp_type type);
void sftp_put_u32(struct buf *b, uint32_t value);
void sftp_put_u64(struct buf *b, uint64_t value);
void sftp_put_bytes(struct buf *b, const void *bytes, size_t length);
void sftp_put_text(struct buf *b, const char *text);
/* Attributes that tell of a mode alone. */
void sftp_put_mode(struct buf *b, uint32_t mode);
void sftp_finish(struct buf *b, uint32_t id);

/* ---- answers: what follows the length of a packet; ERR_CORRUPT for what is not one ---- */

struct sftp_bytes {
    const uint8_t *at; /* borrowed from the packet */
    size_t length;
};

struct sftp_attrs {
    bool has_size, has_mode, has_times;
    uint64_t size;
    uint32_t mode;  /* with the type of the file, as st_mode */
    uint32_t mtime; /* seconds since 1970 */
};

struct sftp_answer {
    enum sftp_type type; /* one of STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED_REPLY */
    uint32_t id;
    uint32_t status;         /* of STATUS */
    struct sftp_bytes bytes; /* message, handle, data, the reply; of NAME: what sftp_next_name takes apart */
    struct sftp_attrs attrs; /* of ATTRS */
    uint32_t names;          /* of NAME: how many are left */
};

int sftp_decode(const uint8_t *packet, size_t length, struct sftp_answer *out);
/* The next name of a NAME answer that sftp_decode took; false at the end. */
bool sftp_next_name(struct sftp_answer *answer, struct sftp_bytes *name, struct sftp_attrs *attrs);

/* What a server offers beyond the draft. */
struct sftp_features {
    uint32_t version;
    bool fsync, posix_rename, statvfs; /* ...@openssh.com */
};
int sftp_decode_version(const uint8_t *packet, size_t length, struct sftp_features *out);

/* Bytes that are free for us, of the answer to statvfs@openssh.com. */
int sftp_decode_free_space(struct sftp_bytes reply, uint64_t *out);

#endif
