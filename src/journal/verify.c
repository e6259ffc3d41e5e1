/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/verify.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "journal/field.h"
#include "journal/journal.h"

#define NO_ENTRY UINT64_MAX

/* A stored hash and what lies below it do not fit; which of them is wrong, the root will tell. */
struct suspect {
    uint64_t first, last; /* the entries it stands for */
};

struct verifier {
    int dirfd;
    struct checkpoint checkpoint;
    struct merkle plain; /* of the hashes at the bottom alone */
    struct merkle tree;  /* the same, but where a stored hash above differs, that one is taken */
    struct checkpoint remembered;
    bool has_remembered;
    bool unsound; /* hashes are missing, so that roots cannot be compared */
    struct suspect suspects[VERIFY_MAX_FINDINGS];
    size_t suspect_count;
    uint64_t lost_tile[MERKLE_LEVELS]; /* 1 + the index of the tile last said to be missing */
    int64_t last_time_ns;
    struct verify_report *report;
    struct buf bundle, tile, upper;        /* the files at hand; upper: of a level above the lowest */
    uint8_t leaves[TILE_WIDTH][HASH_SIZE]; /* of the bundle at hand */
    size_t leaf_count;
    bool content_bad[TILE_WIDTH];
    int64_t times[TILE_WIDTH];
};

const char *finding_name(enum finding_kind kind)
{
    static const char *const names[] = {"unknown", "changed",    "removed",  "missing", "hash",
                                        "tree",    "checkpoint", "rollback", "fork",    "key",
                                        "content", "clock",      "beyond"};
    return kind > 0 && kind < FINDING_KIND_COUNT ? names[kind] : names[0];
}

void verify_report_free(struct verify_report *report)
{
    if (!report)
        return;
    free(report->findings);
    report->findings = NULL;
    report->count = 0;
}

static void find(struct verify_report *report, enum finding_kind kind, uint64_t first, uint64_t last,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void find(struct verify_report *report, enum finding_kind kind, uint64_t first, uint64_t last,
                 const char *format, ...)
{
    struct finding finding = {kind, kind == FINDING_CLOCK || kind == FINDING_BEYOND, first, last, ""};
    va_list args;
    va_start(args, format);
    vsnprintf(finding.text, sizeof finding.text, format, args);
    va_end(args);
    report->damages += !finding.warning;
    if (report->count == VERIFY_MAX_FINDINGS) {
        report->more++;
        return;
    }
    report->findings = mem_resize(report->findings, report->count + 1, sizeof finding);
    report->findings[report->count++] = finding;
}

/* ---- one bundle ---- */

static int64_t time_of(const char *text, size_t length)
{
    json_t *root = json_loadb(text, length, 0, NULL);
    int64_t time_ns = json_is_object(root) ? field_get_time(root, "@timestamp") : 0;
    json_decref(root);
    return time_ns;
}

/* Reads the bundle and hashes its entries; how many were whole is leaf_count. */
static void read_leaves(struct verifier *v, uint64_t index, size_t width)
{
    v->leaf_count = 0;
    if (tile_read(v->dirfd, TILE_ENTRIES, index, width, &v->bundle) != 0)
        return;
    struct reader r;
    reader_init(&r, v->bundle.data, v->bundle.length);
    const char *text;
    size_t length;
    while (v->leaf_count < width && bundle_next(&r, &text, &length) == 1) {
        merkle_leaf(text, length, v->leaves[v->leaf_count]);
        v->times[v->leaf_count] = time_of(text, length);
        v->leaf_count++;
    }
}

static bool equal(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, HASH_SIZE) == 0;
}

static void check_content(struct verifier *v, uint64_t entry, size_t at)
{
    if (!v->times[at]) {
        find(v->report, FINDING_CONTENT, entry, entry,
             _("entry %llu is not a JSON object with an @timestamp, although its hash is right"),
             (unsigned long long)entry);
        return;
    }
    if (v->times[at] + VERIFY_CLOCK_SLACK_NS < v->last_time_ns) {
        char now[TIME_TEXT_SIZE], before[TIME_TEXT_SIZE];
        time_format_utc(v->times[at], now);
        time_format_utc(v->last_time_ns, before);
        find(v->report, FINDING_CLOCK, entry, entry,
             _("the clock went back at entry %llu: it says %s after %s"), (unsigned long long)entry, now,
             before);
    }
    v->last_time_ns = v->times[at];
}

/* The hash that the level above has for this full tile; false when it cannot be read. */
static bool read_parent(struct verifier *v, uint64_t index, uint8_t out[static HASH_SIZE])
{
    size_t at = (size_t)(index % TILE_WIDTH);
    uint64_t above = v->checkpoint.size >> 16;
    size_t width = index / TILE_WIDTH < above ? TILE_WIDTH : merkle_width(v->checkpoint.size, 1);
    struct buf tile BUF_AUTO;
    buf_init(&tile, TILE_WIDTH * HASH_SIZE);
    if (at >= width || tile_read(v->dirfd, 1, index / TILE_WIDTH, width, &tile) != 0)
        return false;
    memcpy(out, tile.data + at * HASH_SIZE, HASH_SIZE);
    return true;
}

/* Whether these hashes fit what is above them: 1 yes, 0 no, -1 nobody can tell. */
static int fits(struct verifier *v, uint64_t index, size_t width, const uint8_t (*hashes)[HASH_SIZE])
{
    uint8_t wanted[HASH_SIZE], made[HASH_SIZE];
    if (width == TILE_WIDTH) {
        if (!read_parent(v, index, wanted))
            return -1;
        merkle_perfect(hashes, TILE_WIDTH, made);
        return equal(made, wanted);
    }
    if (v->unsound)
        return -1;
    struct merkle *whole = mem_dup(&v->tree, sizeof v->tree);
    for (size_t i = 0; i < width; i++)
        merkle_push(whole, hashes[i]);
    merkle_root(whole, made);
    free(whole);
    return equal(made, v->checkpoint.root);
}

/* One entry was taken out at `at` if all behind it moved up by one. */
static bool was_removed(const struct verifier *v, const uint8_t (*hashes)[HASH_SIZE], size_t width, size_t at)
{
    if (v->leaf_count + 1 != width || at + 1 > width)
        return false;
    for (size_t i = at; i < v->leaf_count; i++)
        if (!equal(v->leaves[i], hashes[i + 1]))
            return false;
    return at < v->leaf_count;
}

/* The entries of a bundle differ from their hashes, which are right. */
static void blame_entries(struct verifier *v, uint64_t first, size_t width,
                          const uint8_t (*hashes)[HASH_SIZE])
{
    for (size_t i = 0; i < width; i++) {
        uint64_t entry = first + i;
        if (i >= v->leaf_count) {
            find(v->report, FINDING_MISSING, entry, first + width - 1,
                 _("entries %llu to %llu are missing: the bundle ends before them"),
                 (unsigned long long)entry, (unsigned long long)(first + width - 1));
            return;
        }
        if (equal(v->leaves[i], hashes[i])) {
            v->report->checked++;
            check_content(v, entry, i);
            continue;
        }
        if (was_removed(v, hashes, width, i)) {
            find(v->report, FINDING_REMOVED, entry, entry, _("entry %llu was removed"),
                 (unsigned long long)entry);
            return;
        }
        find(v->report, FINDING_CHANGED, entry, entry, _("entry %llu is not the one that was signed"),
             (unsigned long long)entry);
    }
}

static void blame_hashes(struct verifier *v, uint64_t first, size_t width, const uint8_t (*hashes)[HASH_SIZE])
{
    char path[TILE_PATH_SIZE];
    tile_path(0, first / TILE_WIDTH, width, path);
    for (size_t i = 0; i < width; i++) {
        v->report->checked++;
        check_content(v, first + i, i);
        if (!equal(v->leaves[i], hashes[i]))
            find(v->report, FINDING_HASH, first + i, first + i,
                 _("the stored hash of entry %llu is damaged (%s); the entry is the one that was signed"),
                 (unsigned long long)(first + i), path);
    }
}

/* No hashes to compare with. */
static void blame_lost_tile(struct verifier *v, uint64_t first, size_t width)
{
    char path[TILE_PATH_SIZE];
    tile_path(0, first / TILE_WIDTH, width, path);
    find(v->report, FINDING_HASH, first, first + width - 1,
         _("%s, with the hashes of entries %llu to %llu, is missing or cut short"), path,
         (unsigned long long)first, (unsigned long long)(first + width - 1));
    if (v->leaf_count < width)
        find(v->report, FINDING_MISSING, first + v->leaf_count, first + width - 1,
             _("entries %llu to %llu are missing"), (unsigned long long)(first + v->leaf_count),
             (unsigned long long)(first + width - 1));
    v->unsound = v->unsound || v->leaf_count < width;
}

static void push(struct verifier *v, const uint8_t *hash);

static void check_bundle(struct verifier *v, uint64_t index, size_t width)
{
    uint64_t first = index * TILE_WIDTH;
    read_leaves(v, index, width);
    const uint8_t(*right)[HASH_SIZE] = (const uint8_t(*)[HASH_SIZE])v->leaves;
    if (tile_read(v->dirfd, 0, index, width, &v->tile) != 0) {
        blame_lost_tile(v, first, width);
    } else {
        const uint8_t(*hashes)[HASH_SIZE] = (const uint8_t(*)[HASH_SIZE])v->tile.data;
        bool same = v->leaf_count == width && memcmp(v->leaves, hashes, width * HASH_SIZE) == 0;
        bool entries_fit = v->leaf_count == width && fits(v, index, width, right) == 1;
        if (!same && entries_fit) {
            blame_hashes(v, first, width, hashes);
        } else {
            right = hashes;
            blame_entries(v, first, width, hashes);
        }
    }
    static const uint8_t zero[HASH_SIZE];
    for (size_t i = 0; i < width; i++)
        push(v, right == (const uint8_t(*)[HASH_SIZE])v->leaves && i >= v->leaf_count ? zero : right[i]);
}

/* ---- the tree ---- */

/* The hash that is stored at `position` of a level above the lowest, or NULL, which is reported once a tile.
 */
static const uint8_t *stored_hash(struct verifier *v, unsigned level, uint64_t position)
{
    uint64_t size = v->checkpoint.size, index = position / TILE_WIDTH;
    size_t width = index < size >> (8 * level) >> 8 ? TILE_WIDTH : merkle_width(size, level);
    if (position % TILE_WIDTH < width && tile_read(v->dirfd, (int)level, index, width, &v->upper) == 0)
        return v->upper.data + position % TILE_WIDTH * HASH_SIZE;
    if (v->lost_tile[level] == index + 1)
        return NULL;
    v->lost_tile[level] = index + 1;
    char path[TILE_PATH_SIZE];
    tile_path((int)level, index, width, path);
    uint64_t first = (index * TILE_WIDTH) << (8 * level);
    uint64_t last = first + ((uint64_t)width << (8 * level)) - 1;
    find(v->report, FINDING_HASH, first, last,
         _("%s, with hashes that stand for entries %llu to %llu, is missing or cut short"), path,
         (unsigned long long)first, (unsigned long long)last);
    return NULL;
}

/* A tile of `level` has just become full: what the level above says of it must fit. */
static void check_parent(struct verifier *v, unsigned level)
{
    uint64_t position = (v->tree.size >> (8 * (level + 1))) - 1;
    uint8_t *made = v->tree.hashes[level + 1][position % TILE_WIDTH];
    merkle_perfect((const uint8_t(*)[HASH_SIZE])v->tree.hashes[level], TILE_WIDTH, made);
    const uint8_t *stored = stored_hash(v, level + 1, position);
    if (!stored || equal(stored, made))
        return;
    memcpy(made, stored, HASH_SIZE);
    uint64_t first = position << (8 * (level + 1));
    if (v->suspect_count < VERIFY_MAX_FINDINGS)
        v->suspects[v->suspect_count++] =
            (struct suspect){first, first + (UINT64_C(1) << (8 * (level + 1))) - 1};
}

static bool root_is(const struct merkle *tree, const uint8_t *wanted)
{
    uint8_t root[HASH_SIZE];
    merkle_root(tree, root);
    return equal(root, wanted);
}

static void check_remembered_root(struct verifier *v)
{
    uint64_t size = v->remembered.size;
    if (!v->has_remembered || v->tree.size != size || v->unsound || root_is(&v->tree, v->remembered.root) ||
        root_is(&v->plain, v->remembered.root))
        return;
    uint64_t last = size ? size - 1 : 0;
    find(v->report, FINDING_FORK, 0, last,
         _("this is another journal than the one seen before: its first %llu entries (0 to %llu) are not the "
           "ones that were signed then"),
         (unsigned long long)size, (unsigned long long)last);
}

static void push(struct verifier *v, const uint8_t *hash)
{
    merkle_push(&v->plain, hash);
    merkle_push(&v->tree, hash);
    unsigned full = merkle_full(&v->tree);
    for (unsigned level = 0; level < full && level + 1 < MERKLE_LEVELS && !v->unsound; level++)
        check_parent(v, level);
    check_remembered_root(v);
}

static void check_root(struct verifier *v)
{
    if (v->unsound)
        return;
    bool above = root_is(&v->tree, v->checkpoint.root), below = root_is(&v->plain, v->checkpoint.root);
    uint64_t last = v->checkpoint.size ? v->checkpoint.size - 1 : 0;
    if (!above && !below)
        find(v->report, FINDING_TREE, 0, last,
             _("among entries 0 to %llu one or more were rewritten together with their hashes: they do not "
               "fit "
               "the signed checkpoint"),
             (unsigned long long)last);
    for (size_t i = 0; i < v->suspect_count && above != below; i++) {
        const struct suspect *at = &v->suspects[i];
        find(v->report, above ? FINDING_TREE : FINDING_HASH, at->first, at->last,
             above ? _("among entries %llu to %llu one or more were rewritten together with their hashes: "
                       "they do "
                       "not fit the signed checkpoint")
                   : _("the stored hash that stands for entries %llu to %llu is damaged; the entries are the "
                       "ones that were signed"),
             (unsigned long long)at->first, (unsigned long long)at->last);
    }
}

/* ---- the checkpoint ---- */

static int take_checkpoint(struct verifier *v, const struct note_key *key)
{
    int err = journal_checkpoint(v->dirfd, key, &v->checkpoint, NULL);
    if (!err)
        return 0;
    char why[FINDING_TEXT_SIZE];
    snprintf(why, sizeof why, "%s", err_text());
    if (journal_checkpoint(v->dirfd, NULL, &v->checkpoint, NULL) == 0) {
        uint64_t last = v->checkpoint.size ? v->checkpoint.size - 1 : NO_ENTRY;
        find(v->report, FINDING_CHECKPOINT, v->checkpoint.size ? 0 : NO_ENTRY, last,
             _("%s; nothing vouches for its %llu entries"), why, (unsigned long long)v->checkpoint.size);
        return 0;
    }
    find(v->report, FINDING_CHECKPOINT, 0, NO_ENTRY, _("%s; nothing vouches for any entry from 0 on"), why);
    return ERR_CORRUPT;
}

static void take_remembered(struct verifier *v, const struct note_key *key, const char *text, size_t length)
{
    struct checkpoint remembered;
    v->report->compared = true;
    if (note_open(text, length, key, &remembered) != 0) {
        find(v->report, FINDING_KEY, NO_ENTRY, NO_ENTRY,
             _("the checkpoint seen before is not of the key %s+%08x: the journal's key was changed, or the "
               "remembered file is damaged"),
             key->name, key->id);
        return;
    }
    v->remembered = remembered;
    v->has_remembered = true;
    if (remembered.size > v->checkpoint.size)
        find(v->report, FINDING_ROLLBACK, v->checkpoint.size, remembered.size - 1,
             _("the journal was set back: entries %llu to %llu, which were signed before, are gone"),
             (unsigned long long)v->checkpoint.size, (unsigned long long)(remembered.size - 1));
    if (remembered.size == 0)
        check_remembered_root(v);
}

/* Entries that no checkpoint covers. A writer at work has some for milliseconds, so it is only said when the
 * checkpoint has not moved on meanwhile. */
static void check_beyond(struct verifier *v)
{
    struct checkpoint now;
    uint64_t size = v->checkpoint.size;
    size_t longest = tile_longest(v->dirfd, TILE_ENTRIES, size / TILE_WIDTH);
    if (longest <= merkle_width(size, 0) || journal_checkpoint(v->dirfd, NULL, &now, NULL) != 0 ||
        now.size != size)
        return;
    uint64_t last = size - merkle_width(size, 0) + longest - 1;
    find(v->report, FINDING_BEYOND, size, last,
         _("entries %llu to %llu lie beyond the checkpoint: a crash left them, or the checkpoint was set "
           "back"),
         (unsigned long long)size, (unsigned long long)last);
}

static void check_all(struct verifier *v)
{
    uint64_t size = v->checkpoint.size;
    for (uint64_t index = 0; index * TILE_WIDTH < size; index++) {
        uint64_t left = size - index * TILE_WIDTH;
        check_bundle(v, index, left < TILE_WIDTH ? (size_t)left : TILE_WIDTH);
        /* A size that somebody made up must not keep us here for ever. */
        if (v->report->more && v->leaf_count == 0)
            return;
    }
    check_root(v);
    check_beyond(v);
}

int journal_verify(int dirfd, const struct note_key *key, const char *remembered, size_t remembered_length,
                   struct verify_report *out)
{
    *out = (struct verify_report){0};
    struct note_key own;
    int err = key ? 0 : journal_public_key(dirfd, &own);
    if (err)
        return err_in(err, _("cannot check the journal"));
    struct verifier *v = mem_zalloc(1, sizeof *v);
    v->dirfd = dirfd;
    v->report = out;
    buf_init(&v->bundle, BUNDLE_MAX_BYTES);
    buf_init(&v->tile, TILE_WIDTH * HASH_SIZE);
    buf_init(&v->upper, TILE_WIDTH * HASH_SIZE);
    if (take_checkpoint(v, key ? key : &own) == 0) {
        memcpy(out->origin, v->checkpoint.origin, sizeof out->origin);
        out->size = v->checkpoint.size;
        if (remembered)
            take_remembered(v, key ? key : &own, remembered, remembered_length);
        check_all(v);
    }
    buf_free(&v->bundle);
    buf_free(&v->tile);
    buf_free(&v->upper);
    free(v);
    return 0;
}
