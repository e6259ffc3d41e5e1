/* SPDX-License-Identifier: GPL-3.0-or-later
 * Photos are a few soft patches of light under sensor noise, so that JPEG leaves as little to squeeze as in a
 * real one; plans (PNG) are flat areas with some noise in the low bits.
 */
#include <stdio.h> /* jpeglib.h needs FILE */
#include <stdlib.h>

#include <jpeglib.h>
#include <png.h>
#include <setjmp.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "drill/town_content.h"

#define NOISE_BYTES 65536u
#define PATCHES     8u /* patches of light along each side */

struct scene {
    uint8_t light[PATCHES + 1][PATCHES + 1][3];
    uint8_t noise[NOISE_BYTES];
};

static struct scene *scene_make(struct rng *r)
{
    struct scene *s = mem_zalloc(1, sizeof *s);
    rng_fill(r, s->light, sizeof s->light);
    rng_fill(r, s->noise, sizeof s->noise);
    for (size_t i = 0; i < NOISE_BYTES; i++)
        s->noise[i] = (uint8_t)(s->noise[i] & 63);
    return s;
}

/* One row of YCbCr: patches interpolated along the row, luminance with noise on it. */
static void scene_row(const struct scene *s, struct rng *r, uint32_t y, uint32_t width, uint32_t height,
                      uint8_t *row)
{
    uint32_t band = y * PATCHES / height;
    const uint8_t *noise = s->noise + (rng_next(r) % (NOISE_BYTES / 2));
    uint32_t step = width / PATCHES + 1;
    for (uint32_t x = 0, patch = 0; x < width; patch++) {
        const uint8_t *a = s->light[band][patch], *b = s->light[band][patch + 1];
        for (uint32_t in = 0; in < step && x < width; in++, x++, row += 3) {
            uint32_t near = step - in;
            row[0] = (uint8_t)((a[0] * near + b[0] * in) / step / 2 + 32 + noise[x]);
            row[1] = (uint8_t)(96 + a[1] / 4);
            row[2] = (uint8_t)(96 + a[2] / 4);
        }
    }
}

int town_image_picture(struct buf *out, struct rng *r, uint32_t size, uint32_t *width, uint32_t *height)
{
    /* About 0.72 bytes a pixel come out at this noise and quality. */
    uint32_t w = 320;
    while (w * (w * 3 / 4) < size / 72 * 100)
        w += 16;
    *width = w;
    *height = w * 3 / 4;
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors); /* exits on failure; only memory could fail here */
    jpeg_create_compress(&jpeg);
    unsigned char *made = NULL;
    unsigned long made_length = 0;
    jpeg_mem_dest(&jpeg, &made, &made_length);
    jpeg.image_width = *width;
    jpeg.image_height = *height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_YCbCr;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    jpeg.dct_method = JDCT_IFAST;
    jpeg_start_compress(&jpeg, TRUE);
    struct scene *scene = scene_make(r);
    uint8_t *row = mem_zalloc(*width, 3);
    for (uint32_t y = 0; y < *height; y++) {
        scene_row(scene, r, y, *width, *height, row);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    buf_put(out, made, made_length);
    free(made);
    free(row);
    free(scene);
    return 0;
}

int town_image_jpg(struct buf *out, struct rng *r, uint32_t size)
{
    uint32_t width, height;
    return town_image_picture(out, r, size, &width, &height);
}

int town_image_png(struct buf *out, struct rng *r, uint32_t size)
{
    uint32_t side = 64;
    while (side * side * 13 / 10 < size) /* about 1.3 bytes a pixel come out */
        side += 8;
    png_image png = {.version = PNG_IMAGE_VERSION, .width = side, .height = side, .format = PNG_FORMAT_RGB};
    png.flags = PNG_IMAGE_FLAG_FAST;
    uint8_t *pixels = mem_zalloc((size_t)side * side, 3);
    rng_fill(r, pixels, (size_t)side * side * 3);
    for (size_t i = 0; i < (size_t)side * side * 3; i++)
        pixels[i] = (uint8_t)((pixels[i] & 7) | (i / 3 / side / 40 * 24 & 0xf8));
    png_alloc_size_t length = PNG_IMAGE_PNG_SIZE_MAX(png);
    void *room = buf_reserve(out, length);
    bool done = room && png_image_write_to_memory(&png, room, &length, 0, pixels, 0, NULL);
    free(pixels);
    if (!done)
        return err_set(ERR_SYSTEM, _("cannot make a PNG image: %s"), png.message);
    out->length += length;
    return 0;
}
