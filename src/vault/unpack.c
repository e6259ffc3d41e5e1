/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/unpack.h"

#include <zstd.h>

#include "base/err.h"
#include "base/i18n.h"

static int damaged(void)
{
    return err_set(ERR_CORRUPT, _("the compressed bytes are damaged"));
}

/* One step: room for more output, then as much input as fits. *hint is 0 at the end of a frame. */
static int step(ZSTD_DStream *stream, ZSTD_inBuffer *in, struct buf *out, size_t *hint, size_t *made)
{
    size_t room = out->limit - out->length < 65536 ? out->limit - out->length : 65536;
    void *place = room ? buf_reserve(out, room) : NULL;
    if (!place)
        return err_set(ERR_TOO_LARGE, _("the compressed bytes unpack to more than %zu bytes"), out->limit);
    ZSTD_outBuffer piece = {place, room, 0};
    *hint = ZSTD_decompressStream(stream, &piece, in);
    out->length += piece.pos;
    *made = piece.pos;
    return ZSTD_isError(*hint) ? damaged() : 0;
}

int unpack_stream(const void *bytes, size_t length, struct buf *out)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {bytes, length, 0};
    size_t hint = 1, made = 0;
    int err = 0;
    while (!err && hint != 0) {
        size_t before = in.pos;
        err = step(stream, &in, out, &hint, &made);
        if (!err && in.pos == before && made == 0)
            err = damaged(); /* cut short */
    }
    if (!err && in.pos != length)
        err = damaged();
    ZSTD_freeDStream(stream);
    return err;
}

int unpack_make(const void *bytes, size_t length, struct buf *out)
{
    size_t bound = ZSTD_compressBound(length);
    void *place = buf_reserve(out, bound);
    if (!place)
        return err_set(ERR_TOO_LARGE, _("too many bytes to compress at once"));
    size_t made = ZSTD_compress(place, bound, bytes, length, 3);
    if (ZSTD_isError(made))
        return err_set(ERR_SYSTEM, _("cannot compress: %s"), ZSTD_getErrorName(made));
    out->length += made;
    return 0;
}
