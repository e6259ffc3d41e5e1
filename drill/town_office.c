/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text documents and spreadsheets: OpenDocument (ISO/IEC 26300) and Office Open XML (ECMA-376), each with the
 * parts that office programs ask for and no more.
 */
#include <stdio.h>

#include "drill/town_content.h"
#include "drill/words.h"
#include "drill/zip.h"

#define XML        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define OOXML      "http://schemas.openxmlformats.org/"
#define RELATION   OOXML "officeDocument/2006/relationships"
#define PACKAGE    OOXML "package/2006/"
#define OASIS      "urn:oasis:names:tc:opendocument:xmlns:"
#define WORD       "application/vnd.openxmlformats-officedocument."
#define PART_LIMIT 4000 /* text bytes that one KB of document holds, once deflated */

static void begin(struct zip *z, struct buf *out, struct rng *r)
{
    zip_begin(z, out, rng_between(r, 2012, 2022), rng_between(r, 1, 12), rng_between(r, 1, 28));
}

/* A picture of `size` bytes as a part of its own. */
static int add_picture(struct zip *z, struct rng *r, uint32_t size, const char *name)
{
    struct buf jpeg;
    buf_init(&jpeg, 0);
    uint32_t width, height;
    int code = town_image_picture(&jpeg, r, size, &width, &height);
    zip_add(z, name, jpeg.data, jpeg.length, false);
    buf_free(&jpeg);
    return code;
}

static void put_paragraphs(struct buf *xml, struct rng *r, uint32_t bytes, const char *before,
                           const char *after)
{
    for (size_t start = xml->length; xml->length - start < bytes;) {
        buf_printf(xml, "%s", before);
        words_paragraph(xml, r, 300, " ");
        buf_printf(xml, "%s", after);
    }
}

/* How many bytes of text make `size` bytes of document, and how large its picture is (0: none). */
static uint32_t split(uint32_t size, uint32_t *picture)
{
    *picture = size > 40000 ? size - 12000 : 0;
    uint32_t text = *picture ? 12000 : size;
    return text / 1000 * PART_LIMIT + 2000;
}

int town_office_odt(struct buf *out, struct rng *r, uint32_t size)
{
    struct zip z;
    struct buf xml;
    uint32_t picture, text = split(size, &picture);
    int code = 0;
    buf_init(&xml, 0);
    begin(&z, out, r);
    static const char mimetype[] = "application/vnd.oasis.opendocument.text";
    zip_add(&z, "mimetype", mimetype, sizeof mimetype - 1, false);
    buf_printf(&xml, "%s",
               XML "<office:document-content xmlns:office=\"" OASIS "office:1.0\" xmlns:text=\"" OASIS
                   "text:1.0\" xmlns:draw=\"" OASIS "drawing:1.0\" xmlns:svg=\"" OASIS
                   "svg-compatible:1.0\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" office:version=\"1.2\">"
                   "<office:body><office:text>");
    put_paragraphs(&xml, r, text, "<text:p>", "</text:p>\n");
    if (picture)
        buf_printf(&xml, "<text:p><draw:frame svg:width=\"12cm\" svg:height=\"9cm\"><draw:image "
                         "xlink:href=\"Pictures/1.jpg\" xlink:type=\"simple\"/></draw:frame></text:p>");
    buf_printf(&xml, "</office:text></office:body></office:document-content>");
    zip_add(&z, "content.xml", xml.data, xml.length, true);
    if (picture)
        code = add_picture(&z, r, picture, "Pictures/1.jpg");
    buf_clear(&xml);
    buf_printf(&xml,
               XML
               "<manifest:manifest xmlns:manifest=\"" OASIS "manifest:1.0\" manifest:version=\"1.2\">"
               "<manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"%s\"/>"
               "<manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/>%s"
               "</manifest:manifest>",
               mimetype,
               picture ? "<manifest:file-entry manifest:full-path=\"Pictures/1.jpg\" "
                         "manifest:media-type=\"image/jpeg\"/>"
                       : "");
    zip_add(&z, "META-INF/manifest.xml", xml.data, xml.length, true);
    zip_end(&z);
    buf_free(&xml);
    return code;
}

/* [Content_Types].xml and _rels/.rels of an Office Open XML package with one main part. */
static void add_package(struct zip *z, const char *main_part, const char *main_type, const char *more)
{
    char text[1400];
    snprintf(text, sizeof text,
             XML "<Types xmlns=\"" PACKAGE "content-types\"><Default Extension=\"rels\" ContentType=\""
                 "application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" "
                 "ContentType=\"application/xml\"/><Default Extension=\"jpg\" ContentType=\"image/jpeg\"/>"
                 "<Override PartName=\"/%s\" ContentType=\"%s\"/>%s</Types>",
             main_part, main_type, more);
    zip_add_text(z, "[Content_Types].xml", text);
    snprintf(text, sizeof text,
             XML "<Relationships xmlns=\"" PACKAGE
                 "relationships\"><Relationship Id=\"rId1\" Type=\"" RELATION
                 "/officeDocument\" Target=\"%s\"/></Relationships>",
             main_part);
    zip_add_text(z, "_rels/.rels", text);
}

int town_office_docx(struct buf *out, struct rng *r, uint32_t size)
{
    struct zip z;
    struct buf xml;
    uint32_t picture, text = split(size, &picture);
    int code = 0;
    buf_init(&xml, 0);
    begin(&z, out, r);
    add_package(&z, "word/document.xml", WORD "wordprocessingml.document.main+xml", "");
    if (picture) {
        zip_add_text(&z, "word/_rels/document.xml.rels",
                     XML "<Relationships xmlns=\"" PACKAGE
                         "relationships\"><Relationship Id=\"rId1\" Type=\"" RELATION
                         "/image\" Target=\"media/image1.jpg\"/></Relationships>");
        code = add_picture(&z, r, picture, "word/media/image1.jpg");
    }
    buf_printf(&xml, "%s", XML "<w:document xmlns:w=\"" OOXML "wordprocessingml/2006/main\"><w:body>");
    put_paragraphs(&xml, r, text, "<w:p><w:r><w:t>", "</w:t></w:r></w:p>\n");
    buf_printf(&xml, "</w:body></w:document>");
    zip_add(&z, "word/document.xml", xml.data, xml.length, true);
    zip_end(&z);
    buf_free(&xml);
    return code;
}

int town_office_xlsx(struct buf *out, struct rng *r, uint32_t size)
{
    struct zip z;
    struct buf xml;
    buf_init(&xml, 0);
    begin(&z, out, r);
    add_package(&z, "xl/workbook.xml", WORD "spreadsheetml.sheet.main+xml",
                "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" WORD
                "spreadsheetml.worksheet+xml\"/>");
    zip_add_text(&z, "xl/workbook.xml",
                 XML "<workbook xmlns=\"" OOXML "spreadsheetml/2006/main\" xmlns:r=\"" RELATION
                     "\"><sheets><sheet name=\"Feuille1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
    zip_add_text(&z, "xl/_rels/workbook.xml.rels",
                 XML "<Relationships xmlns=\"" PACKAGE
                     "relationships\"><Relationship Id=\"rId1\" Type=\"" RELATION
                     "/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>");
    buf_printf(&xml, "%s", XML "<worksheet xmlns=\"" OOXML "spreadsheetml/2006/main\"><sheetData>");
    for (unsigned row = 1; xml.length < size / 1000 * 6500 + 3000; row++)
        buf_printf(
            &xml,
            "<row r=\"%u\"><c r=\"A%u\" t=\"inlineStr\"><is><t>%s %s</t></is></c><c r=\"B%u\"><v>%u.%02u"
            "</v></c><c r=\"C%u\"><v>%u</v></c></row>\n",
            row, row, words_last_name(r), words_first_name(r), row, rng_between(r, 1, 99999),
            rng_between(r, 0, 99), row, rng_between(r, 1, 1000000));
    buf_printf(&xml, "</sheetData></worksheet>");
    zip_add(&z, "xl/worksheets/sheet1.xml", xml.data, xml.length, true);
    zip_end(&z);
    buf_free(&xml);
    return 0;
}

int town_archive(struct buf *out, struct rng *r, uint32_t size)
{
    struct zip z;
    int code = 0;
    begin(&z, out, r);
    for (unsigned n = 1; out->length < size && !code; n++) {
        char name[64];
        if (size > 10u << 20 || rng_chance(r, 50)) {
            snprintf(name, sizeof name, "Photos/IMG_%04u.jpg", n);
            code = add_picture(&z, r, size > 10u << 20 ? 1400000 : 90000, name);
        } else {
            struct buf text;
            buf_init(&text, 0);
            snprintf(name, sizeof name, "Pièces/Courrier %04u.txt", n);
            town_text_txt(&text, r, rng_between(r, 4000, 40000));
            zip_add(&z, name, text.data, text.length, true);
            buf_free(&text);
        }
    }
    zip_end(&z);
    return code;
}
