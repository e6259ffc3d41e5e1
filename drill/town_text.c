/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hex.h"
#include "drill/town_content.h"
#include "drill/words.h"

int town_text_txt(struct buf *out, struct rng *r, uint32_t size)
{
    buf_printf(out, "Note de service du %u %s %u\n\n", rng_between(r, 1, 28),
               words_month(rng_between(r, 0, 11)), rng_between(r, 2012, 2022));
    words_paragraph(out, r, size, "\n");
    return 0;
}

int town_text_csv(struct buf *out, struct rng *r, uint32_t size)
{
    buf_printf(out, "Numéro;Nom;Prénom;Adresse;Date;Montant\r\n");
    for (uint32_t n = 1; out->length < size; n++)
        buf_printf(out, "%05u;%s;%s;%u %s;%02u/%02u/%u;%u,%02u\r\n", n, words_last_name(r),
                   words_first_name(r), rng_between(r, 1, 140), words_street(r), rng_between(r, 1, 28),
                   rng_between(r, 1, 12), rng_between(r, 2012, 2022), rng_between(r, 1, 9000),
                   rng_between(r, 0, 99));
    return 0;
}

/* An attachment as mail programs send it: base64 in lines of 76 characters. */
static void put_attachment(struct buf *out, struct rng *r, uint32_t size)
{
    uint8_t raw[57];
    buf_printf(out, "\n--limite\nContent-Type: application/octet-stream; name=\"scan.bin\"\n"
                    "Content-Transfer-Encoding: base64\n\n");
    for (uint32_t done = 0; done < size; done += sizeof raw) {
        rng_fill(r, raw, sizeof raw);
        base64_encode(raw, sizeof raw, out);
        buf_put(out, "\n", 1);
    }
    buf_printf(out, "--limite--\n");
}

int town_text_mbox(struct buf *out, struct rng *r, uint32_t size)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri"};
    while (out->length < size) {
        const char *day = days[rng_between(r, 0, 4)];
        uint32_t date = rng_between(r, 10, 28), hour = rng_between(r, 10, 18),
                 number = rng_between(r, 1, 99999);
        buf_printf(out, "From accueil@mairie.example %s Mar %u %u:05:00 2021\n", day, date, hour);
        buf_printf(out,
                   "From: %s <accueil@mairie.example>\nTo: urbanisme@mairie.example\n"
                   "Date: %s, %u Mar 2021 %u:05:00 +0100\nMessage-ID: <%u@mairie.example>\n"
                   "Subject: Dossier %u\nMIME-Version: 1.0\n",
                   words_last_name(r), day, date, hour, number, number);
        if (!rng_chance(r, 30)) {
            buf_printf(out, "Content-Type: text/plain; charset=utf-8\n\nBonjour,\n\n");
            words_paragraph(out, r, rng_between(r, 200, 3000), "\n");
        } else {
            buf_printf(out, "Content-Type: multipart/mixed; boundary=\"limite\"\n\n--limite\n"
                            "Content-Type: text/plain; charset=utf-8\n\n");
            words_paragraph(out, r, 400, "\n");
            put_attachment(out, r, rng_between(r, 4000, 60000));
        }
        buf_put(out, "\n", 1);
    }
    return 0;
}
