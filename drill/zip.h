/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writes zip containers (PKWARE APPNOTE 6.3: local headers, central directory, end record; names in UTF-8;
 * no zip64, so under 4 GiB), which are what odt, docx and xlsx files are too.
 */
#ifndef DRILL_ZIP_H
#define DRILL_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct zip {
    struct buf *out;      /* the container so far; borrowed */
    struct buf directory; /* central directory so far */
    uint16_t entries;
    uint32_t dos_time; /* of every entry: date in the high half */
};

/* Begins a container in the empty `out`; entries are dated day/month/year (year from 1980). */
void zip_begin(struct zip *z, struct buf *out, unsigned year, unsigned month, unsigned day);
/* Adds one entry, deflated at zlib's fastest level or stored as it is. */
void zip_add(struct zip *z, const char *name, const void *bytes, size_t length, bool deflated);
void zip_add_text(struct zip *z, const char *name, const char *text);
/* Writes the directory and the end record; frees what the zip holds, not `out`. */
void zip_end(struct zip *z);

#endif
