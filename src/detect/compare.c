/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The blocks are compared place by place and tallied; the rules below read the tally. The strengths are
 * in thousandths and say how surely honest programs do not do that.
 */
#include "detect/compare.h"

#include <string.h>

struct tally {
    unsigned both;                  /* places where both versions have bytes */
    unsigned same;                  /* of these, untouched */
    unsigned changed;               /* of these, changed, and there was something before */
    unsigned randomized;            /* of the changed: not random before, random now */
    unsigned mixed;                 /* of the changed: not yet random, but much closer to it */
    unsigned encoded;               /* of the changed: base64 or hex now, not before */
    unsigned blanked;               /* of the changed: one byte value now */
    unsigned partial;               /* of the both: shorter now, as the file was cut there */
    unsigned moved;                 /* of the changed: the bytes stood at another place before */
    unsigned plain_before;          /* of the both: surely not random before */
    unsigned long old_chi, new_chi; /* sums over the changed, whole blocks */
    unsigned whole;                 /* how many those were */
};

bool compare_is_random(const struct limits *limits, const struct sketch_block *block)
{
    return block->length >= limits->random_length && block->chi <= limits->random_chi &&
           block->ascii >= limits->random_ascii_low && block->ascii <= limits->random_ascii_high;
}

/* log2(value / 256) in 1/256, value >= 256: by squaring, a binary place a step. */
static unsigned log2_fixed(uint64_t value)
{
    unsigned whole = 0, result = 0;
    while (value >> (whole + 9))
        whole++;
    value = (value << 16) >> whole; /* now 1.0 is 1 << 24 */
    for (unsigned place = 8; place-- > 0;) {
        value = (value * value) >> 24;
        if (value >> 25) {
            value >>= 1;
            result |= 1U << place;
        }
    }
    return whole * 256 + result;
}

/* Coded bytes use each of their symbols (16, 32, 64, 85...) equally often; languages, whether of people or of
 * programs, never do. Then Shannon's entropy and that of order 2, which chi-square gives, are the same. */
bool compare_is_encoded(const struct limits *limits, const struct sketch_block *block)
{
    if (block->length < limits->coded_length || block->ascii < limits->coded_ascii ||
        block->entropy < limits->coded_entropy)
        return false;
    uint64_t symbols = (UINT64_C(256) * 256 * block->length) / ((uint64_t)block->chi + block->length);
    if (symbols < 256)
        return false;
    return (unsigned)block->entropy * 256 / 31 <= log2_fixed(symbols) + (unsigned)limits->coded_gap;
}

static bool is_blank(const struct limits *limits, const struct sketch_block *block)
{
    return block->length > 0 && block->entropy <= limits->empty_entropy;
}

static bool is_plain(const struct limits *limits, const struct sketch_block *block)
{
    return block->chi >= limits->plain_chi || block->ascii > limits->random_ascii_high;
}

/* Far more information than before, in a block that held some: text and tables with random bytes between. */
static bool is_mixed(const struct limits *limits, const struct sketch_block *old,
                     const struct sketch_block *new)
{
    return old->entropy >= limits->mixed_old_entropy &&
           new->entropy >= limits->mixed_new_entropy &&new->entropy >=
               old->entropy + limits->rise_entropy &&new->chi < old->chi;
}

static bool stood_elsewhere(const struct sketch *before, unsigned place, const struct sketch_block *block)
{
    for (unsigned i = 0; i < SKETCH_BLOCKS; i++)
        if (i != place && before->blocks[i].length == block->length && before->blocks[i].hash == block->hash)
            return true;
    return false;
}

static void tally_change(const struct limits *limits, const struct sketch *before,
                         const struct sketch_block *old, const struct sketch_block *new, unsigned place,
                         struct tally *t)
{
    t->changed++;
    if (is_blank(limits, new)) {
        t->blanked++;
        return;
    }
    if (old->length == SKETCH_BLOCK_SIZE && new->length == SKETCH_BLOCK_SIZE) {
        t->whole++;
        t->old_chi += old->chi;
        t->new_chi += new->chi;
    }
    if (is_plain(limits, old) && compare_is_random(limits, new))
        t->randomized++;
    else if (is_mixed(limits, old, new))
        t->mixed++;
    if (compare_is_encoded(limits, new) && !compare_is_encoded(limits, old))
        t->encoded++;
    t->moved += stood_elsewhere(before, place, new);
}

static void tally_blocks(const struct limits *limits, const struct sketch *before, const struct sketch *after,
                         struct tally *t)
{
    *t = (struct tally){0};
    for (unsigned i = 0; i < SKETCH_BLOCKS; i++) {
        const struct sketch_block *old = &before->blocks[i], *new = &after->blocks[i];
        if (old->length == 0 || new->length == 0)
            continue;
        t->both++;
        t->plain_before += is_plain(limits, old);
        if (old->length == new->length && old->hash == new->hash)
            t->same++;
        else if (new->length < old->length && i > 0 && after->size < before->size)
            t->partial++;
        else if (!is_blank(limits, old)) /* filling an empty place destroys nothing */
            tally_change(limits, before, old, new, i, t);
    }
}

/* Types that a signature told: text and unknown bytes have none. */
static bool is_typed(uint8_t type)
{
    return type > FILETYPE_TEXT && type < FILETYPE_COUNT;
}

/* Types whose bytes look nearly random by nature. */
static bool is_dense(uint8_t type)
{
    switch (type) {
    case FILETYPE_ZIP:
    case FILETYPE_PDF:
    case FILETYPE_JPEG:
    case FILETYPE_PNG:
    case FILETYPE_GIF:
    case FILETYPE_GZIP:
    case FILETYPE_XZ:
    case FILETYPE_BZIP2:
    case FILETYPE_ZSTD:
    case FILETYPE_7Z:
    case FILETYPE_RAR:
    case FILETYPE_MEDIA:
    case FILETYPE_RIFF:
    case FILETYPE_PACKED:
    case FILETYPE_GPG:
        return true;
    default:
        return false;
    }
}

static struct verdict spoiled(enum spoil spoil, int32_t strength)
{
    return (struct verdict){VERDICT_SPOILED, spoil, strength};
}

static struct verdict edited(void)
{
    return (struct verdict){VERDICT_EDITED, SPOIL_NONE, 0};
}

/* A known type became bytes without one. */
static struct verdict judge_type_lost(const struct limits *limits, const struct sketch *after,
                                      const struct tally *t)
{
    const struct sketch_block *head = &after->blocks[0];
    if (compare_is_random(limits, head))
        return t->same > 0 ? spoiled(SPOIL_PARTLY, 1000) : spoiled(SPOIL_TYPE_LOST, 1000);
    if (is_blank(limits, head))
        return spoiled(SPOIL_BLANKED, 1000);
    if (t->randomized > 0 || t->mixed > 0)
        return spoiled(SPOIL_PARTLY, 1000);
    return spoiled(SPOIL_TYPE_LOST, 800);
}

/* A known type became text: a document converted by hand, or base64 of its encrypted bytes. */
static struct verdict judge_became_text(const struct limits *limits, const struct sketch *after)
{
    return compare_is_encoded(limits, &after->blocks[0]) ? spoiled(SPOIL_ENCODED, 1000) : edited();
}

/* An archive's or picture's file keeps its signature. Programs write it anew as a whole, or touch its
 * head (tags); nobody swaps the inside and leaves head and size as they are. */
static struct verdict judge_dense(const struct limits *limits, const struct sketch *before,
                                  const struct sketch *after, const struct tally *t)
{
    bool head_same = before->blocks[0].hash == after->blocks[0].hash;
    if (head_same && after->size == before->size && t->changed >= 2 && t->same + t->changed == t->both)
        return spoiled(SPOIL_REPLACED, 700);
    if (t->whole >= limits->uniform_blocks &&
        t->new_chi / t->whole <= (unsigned long)limits->uniform_mean_chi &&
        t->old_chi / t->whole >= (unsigned long)limits->uniform_old_chi)
        return spoiled(SPOIL_SHELL, 300);
    if (after->size < before->size / 2 && t->same > 0 && t->same + t->partial == t->both)
        return spoiled(SPOIL_CUT, 700);
    return edited();
}

/* Bytes that were readable (text, tables, programs, plain data) and keep their type, or never had one. */
static struct verdict judge_plain(const struct limits *limits, const struct sketch *before,
                                  const struct sketch *after, const struct tally *t)
{
    const struct sketch_block *old = &before->blocks[0], *new = &after->blocks[0];
    bool same_type = before->filetype == after->filetype;
    if (t->changed == 0)
        return edited();
    if (t->blanked == t->changed && t->blanked * 2 >= t->both)
        return spoiled(SPOIL_BLANKED, same_type ? 500 : 900);
    if (t->randomized * 2 >= t->plain_before && t->randomized > 0)
        return spoiled(t->same > 0 ? SPOIL_PARTLY : SPOIL_RANDOM, 1000);
    if (t->randomized > 0 && !same_type)
        return spoiled(SPOIL_PARTLY, 1000);
    if (!is_typed(after->filetype) && is_plain(limits, old) && compare_is_random(limits, new))
        return spoiled(SPOIL_PARTLY, 800); /* the head, where every format has its own marks */
    if (t->randomized >= 2)
        return spoiled(SPOIL_PARTLY, is_typed(after->filetype) ? 500 : 700);
    if (t->mixed * 2 >= t->both && t->mixed > 0 && after->filetype != FILETYPE_TEXT)
        return spoiled(SPOIL_PARTLY, same_type ? 450 : 900);
    if (t->encoded == t->both) /* all of it: a mailbox shifts its coded attachments about */
        return spoiled(SPOIL_ENCODED, 450);
    if (before->filetype == FILETYPE_TEXT && !same_type &&
        new->ascii + limits->garbled_ascii <= old->ascii &&new->entropy > old->entropy)
        return spoiled(SPOIL_PARTLY, 450);
    if (t->moved >= 2 && t->moved == t->changed && before->size == after->size)
        return spoiled(SPOIL_SHUFFLED, 600);
    return edited();
}

static struct verdict judge_emptied(const struct sketch *before)
{
    /* Logs are emptied by their rotation; nobody empties documents. */
    return spoiled(SPOIL_EMPTIED, is_typed(before->filetype) ? 700 : 200);
}

struct verdict compare_sketches(const struct limits *limits, const struct sketch *before,
                                const struct sketch *after)
{
    struct tally t;
    if (!before->valid || !after->valid)
        return (struct verdict){0};
    if (before->size == 0)
        return (struct verdict){VERDICT_FILLED, SPOIL_NONE, 0};
    if (after->size == 0)
        return judge_emptied(before);
    tally_blocks(limits, before, after, &t);
    if (before->size == after->size && t.same == t.both)
        return (struct verdict){VERDICT_UNCHANGED, SPOIL_NONE, 0};
    if (after->filetype == FILETYPE_GPG && before->filetype != FILETYPE_GPG)
        return spoiled(SPOIL_ENCRYPTED, 1000);
    if (is_typed(before->filetype) && after->filetype == FILETYPE_UNKNOWN)
        return judge_type_lost(limits, after, &t);
    if (is_typed(before->filetype) && after->filetype == FILETYPE_TEXT)
        return judge_became_text(limits, after);
    if (is_typed(after->filetype) && before->filetype != after->filetype)
        return edited(); /* another kind of file under the same name: a build, a conversion */
    if (is_dense(after->filetype))
        return judge_dense(limits, before, after, &t);
    return judge_plain(limits, before, after, &t);
}

enum look compare_look(const struct limits *limits, const struct sketch *sketch)
{
    const struct sketch_block *head = &sketch->blocks[0];
    if (!sketch->valid || sketch->size == 0)
        return LOOK_ORDINARY;
    switch (sketch->filetype) {
    case FILETYPE_GPG:
        return LOOK_ENCRYPTED;
    case FILETYPE_7Z:
    case FILETYPE_RAR:
        return LOOK_ARCHIVE;
    case FILETYPE_ZIP:
        return LOOK_ZIP;
    case FILETYPE_GZIP:
    case FILETYPE_XZ:
    case FILETYPE_BZIP2:
    case FILETYPE_ZSTD:
    case FILETYPE_PACKED:
        return LOOK_COMPRESSED;
    case FILETYPE_TEXT:
        return compare_is_encoded(limits, head) ? LOOK_ENCODED : LOOK_ORDINARY;
    case FILETYPE_UNKNOWN:
        /* A head of the cipher's own (magic, wrapped key) may come before the random bytes. */
        return compare_is_random(limits, head) || compare_is_random(limits, &sketch->blocks[1])
                   ? LOOK_RANDOM
                   : LOOK_ORDINARY;
    default:
        return LOOK_ORDINARY;
    }
}

bool compare_is_valuable(const struct limits *limits, const struct sketch *sketch)
{
    if (!sketch->valid || sketch->size == 0)
        return false;
    if (sketch->filetype == FILETYPE_UNKNOWN)
        return !is_blank(limits, &sketch->blocks[0]) && is_plain(limits, &sketch->blocks[0]);
    return sketch->filetype != FILETYPE_NONE;
}
