/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One maker per file format. Each appends a whole, valid file of about `size` bytes to the empty `out`,
 * made from `r` alone; 0 or a negative enum err.
 */
#ifndef DRILL_TOWN_CONTENT_H
#define DRILL_TOWN_CONTENT_H

#include <stdint.h>

#include "base/buf.h"
#include "drill/rng.h"

int town_text_txt(struct buf *out, struct rng *r, uint32_t size);
int town_text_csv(struct buf *out, struct rng *r, uint32_t size);
int town_text_mbox(struct buf *out, struct rng *r, uint32_t size);
int town_office_odt(struct buf *out, struct rng *r, uint32_t size);
int town_office_docx(struct buf *out, struct rng *r, uint32_t size);
int town_office_xlsx(struct buf *out, struct rng *r, uint32_t size);
int town_pdf(struct buf *out, struct rng *r, uint32_t size);
int town_image_jpg(struct buf *out, struct rng *r, uint32_t size);
int town_image_png(struct buf *out, struct rng *r, uint32_t size);
int town_sqlite(struct buf *out, struct rng *r, uint32_t size);
/* A zip of letters and photos; past 10 MB, of photos only, stored. */
int town_archive(struct buf *out, struct rng *r, uint32_t size);

/* A JPEG of about `size` bytes; its pixel size goes to *width and *height. For the formats that hold one. */
int town_image_picture(struct buf *out, struct rng *r, uint32_t size, uint32_t *width, uint32_t *height);

#endif
