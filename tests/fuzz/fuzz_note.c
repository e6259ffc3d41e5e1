/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto model journal */
/* Checkpoints and keys: whatever is taken prints back as something that is taken the same. */
#include <stdlib.h>
#include <string.h>

#include "journal/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const char *text, size_t size)
{
    struct note_key key, again;
    if (note_key_parse(text, size, &key) != 0)
        return;
    struct buf made BUF_AUTO;
    buf_init(&made, 0);
    note_key_print_public(&key, &made);
    if (note_key_parse((const char *)made.data, made.length, &again) != 0 || again.id != key.id ||
        strcmp(again.name, key.name) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of exactly this size, so that a read past the end is seen. */
    char *text = malloc(size ? size : 1);
    memcpy(text, data, size);
    struct checkpoint checkpoint;
    if (note_open(text, size, NULL, &checkpoint) == 0 && !note_name_is_good(checkpoint.origin))
        abort();
    struct note_key key = {.name = "mairie.example/journal", .id = 1};
    /* Nobody has a signature by this key. */
    if (note_open(text, size, &key, &checkpoint) == 0)
        abort();
    check_key(text, size);
    free(text);
    return 0;
}
