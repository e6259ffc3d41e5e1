/* SPDX-License-Identifier: GPL-3.0-or-later
 * PDF 1.4: objects, a cross-reference table and a trailer. Letters are text pages; scans are a JPEG that
 * fills the page, as an office copier writes them.
 */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/err.h"
#include "base/i18n.h"
#include "drill/town_content.h"
#include "drill/words.h"

#define MAX_OBJECTS 64u
#define MAX_PAGES   20u

struct pdf {
    struct buf *out;
    size_t offsets[MAX_OBJECTS]; /* of object n + 1 */
    unsigned objects;
};

static unsigned begin_object(struct pdf *p)
{
    p->offsets[p->objects++] = p->out->length;
    buf_printf(p->out, "%u 0 obj\n", p->objects);
    return p->objects;
}

static void put_stream(struct pdf *p, const char *dictionary, const void *bytes, size_t length)
{
    buf_printf(p->out, "<< %s /Length %zu >>\nstream\n", dictionary, length);
    buf_put(p->out, bytes, length);
    buf_printf(p->out, "\nendstream\nendobj\n");
}

/* A page's text in WinAnsi, where é is one byte: from the UTF-8 that the words come in. */
static void put_winansi(struct buf *out, const char *utf8)
{
    for (; *utf8; utf8++) {
        uint8_t c = (uint8_t)*utf8;
        if (c == 0xe2) { /* the euro sign, the only character here above U+00FF */
            buf_put(out, "\200", 1);
            utf8 += strnlen(utf8, 3) - 1;
        } else if (c >= 0xc2 && c <= 0xc3 && utf8[1]) {
            uint8_t one = (uint8_t)(((c & 3) << 6) | ((uint8_t) * ++utf8 & 0x3f));
            buf_put(out, &one, 1);
        } else if (c < 0x80 && c != '(' && c != ')' && c != '\\') {
            buf_put(out, &c, 1);
        }
    }
}

static int put_text_page(struct pdf *p, struct rng *r, uint32_t size)
{
    struct buf text, line;
    buf_init(&text, 0);
    buf_init(&line, 0);
    buf_printf(&text, "BT /F1 11 Tf 14 TL 60 780 Td\n");
    for (size_t lines = 0; lines < 52 || text.length < size; lines++) {
        buf_clear(&line);
        words_sentence(&line, r);
        buf_put(&text, "(", 1);
        put_winansi(&text, buf_string(&line));
        buf_printf(&text, ") Tj T*\n");
    }
    buf_printf(&text, "ET\n");
    uLongf length = compressBound(text.length);
    struct buf packed;
    buf_init(&packed, 0);
    void *room = buf_reserve(&packed, length);
    int code = 0;
    if (!room || compress2(room, &length, text.data, text.length, 1) != Z_OK)
        code = err_set(ERR_SYSTEM, _("cannot compress a page"));
    begin_object(p);
    put_stream(p, "/Filter /FlateDecode", room, code ? 0 : length);
    buf_free(&packed);
    buf_free(&text);
    buf_free(&line);
    return code;
}

/* The picture object and the page content that shows it over the whole page. */
static int put_scan_page(struct pdf *p, struct rng *r, uint32_t size, unsigned *picture)
{
    struct buf jpeg;
    buf_init(&jpeg, 0);
    uint32_t width = 0, height = 0;
    int code = town_image_picture(&jpeg, r, size, &width, &height);
    char dictionary[160];
    snprintf(dictionary, sizeof dictionary,
             "/Type /XObject /Subtype /Image /Width %u /Height %u /ColorSpace /DeviceRGB /BitsPerComponent 8 "
             "/Filter /DCTDecode",
             width, height);
    *picture = begin_object(p);
    put_stream(p, dictionary, jpeg.data, jpeg.length);
    buf_free(&jpeg);
    static const char show[] = "q 595 0 0 842 0 0 cm /I1 Do Q";
    begin_object(p);
    put_stream(p, "", show, sizeof show - 1);
    return code;
}

static void put_end(struct pdf *p, unsigned catalog)
{
    size_t table = p->out->length;
    buf_printf(p->out, "xref\n0 %u\n0000000000 65535 f \n", p->objects + 1);
    for (unsigned i = 0; i < p->objects; i++)
        buf_printf(p->out, "%010zu 00000 n \n", p->offsets[i]);
    buf_printf(p->out, "trailer\n<< /Size %u /Root %u 0 R >>\nstartxref\n%zu\n%%%%EOF\n", p->objects + 1,
               catalog, table);
}

/* Objects: per page its content (and picture), then font, pages, then one page object each, then the catalog.
 */
int town_pdf(struct buf *out, struct rng *r, uint32_t size)
{
    struct pdf p = {.out = out};
    unsigned contents[MAX_PAGES], pictures[MAX_PAGES] = {0}, pages = 0;
    int code = 0;
    buf_printf(out, "%%PDF-1.4\n%%\342\343\317\323\n");
    if (size > 60000) {
        code = put_scan_page(&p, r, size - 4000, &pictures[0]);
        contents[pages++] = p.objects;
    }
    do {
        code = code ? code : put_text_page(&p, r, 12000);
        contents[pages++] = p.objects;
    } while (out->length < size && pages < MAX_PAGES);
    unsigned font = begin_object(&p);
    buf_printf(out,
               "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>\nendobj\n");
    unsigned root = begin_object(&p);
    buf_printf(out, "<< /Type /Pages /Count %u /MediaBox [0 0 595 842] /Kids [", pages);
    for (unsigned i = 0; i < pages; i++)
        buf_printf(out, " %u 0 R", root + 1 + i);
    buf_printf(out, " ] >>\nendobj\n");
    for (unsigned i = 0; i < pages; i++) {
        begin_object(&p);
        buf_printf(out, "<< /Type /Page /Parent %u 0 R /Contents %u 0 R /Resources << /Font << /F1 %u 0 R >>",
                   root, contents[i], font);
        if (pictures[i])
            buf_printf(out, " /XObject << /I1 %u 0 R >>", pictures[i]);
        buf_printf(out, " >> >>\nendobj\n");
    }
    unsigned catalog = begin_object(&p);
    buf_printf(out, "<< /Type /Catalog /Pages %u 0 R >>\nendobj\n", root);
    put_end(&p, catalog);
    return code;
}
