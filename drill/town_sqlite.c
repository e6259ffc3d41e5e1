/* SPDX-License-Identifier: GPL-3.0-or-later
 * A service's small database, made in memory: the same statements give the same bytes.
 */
#include <sqlite3.h>

#include "base/err.h"
#include "base/i18n.h"
#include "drill/town_content.h"
#include "drill/words.h"

static int fill(sqlite3 *db, struct rng *r, uint32_t size)
{
    sqlite3_stmt *insert;
    if (sqlite3_exec(
            db,
            "PRAGMA page_size = 4096; CREATE TABLE demande (id INTEGER PRIMARY KEY, nom TEXT, prenom TEXT,"
            " adresse TEXT, montant REAL, objet TEXT); BEGIN",
            NULL, NULL, NULL) ||
        sqlite3_prepare_v2(db,
                           "INSERT INTO demande (nom, prenom, adresse, montant, objet) VALUES (?,?,?,?,?)",
                           -1, &insert, NULL))
        return -1;
    struct buf text;
    buf_init(&text, 0);
    int failed = 0;
    for (uint32_t done = 0; done < size && !failed; done += (uint32_t)text.length + 60) {
        buf_clear(&text);
        words_sentence(&text, r);
        sqlite3_bind_text(insert, 1, words_last_name(r), -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, words_first_name(r), -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 3, words_street(r), -1, SQLITE_STATIC);
        sqlite3_bind_double(insert, 4, rng_between(r, 1, 90000) / 4.0);
        sqlite3_bind_text(insert, 5, buf_string(&text), -1, SQLITE_TRANSIENT);
        failed = sqlite3_step(insert) != SQLITE_DONE;
        sqlite3_reset(insert);
    }
    buf_free(&text);
    sqlite3_finalize(insert);
    return failed || sqlite3_exec(db, "COMMIT; CREATE INDEX par_nom ON demande (nom)", NULL, NULL, NULL);
}

int town_sqlite(struct buf *out, struct rng *r, uint32_t size)
{
    sqlite3 *db = NULL;
    int code = 0;
    if (sqlite3_open(":memory:", &db) || fill(db, r, size)) {
        code = err_set(ERR_SYSTEM, _("cannot make a database: %s"), sqlite3_errmsg(db));
    } else {
        sqlite3_int64 length = 0;
        unsigned char *bytes = sqlite3_serialize(db, "main", &length, 0);
        buf_put(out, bytes, bytes ? (size_t)length : 0);
        sqlite3_free(bytes);
    }
    sqlite3_close(db);
    return code;
}
