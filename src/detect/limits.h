/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every number the detectors decide by, in one table, each with its reason. The rows make the struct, the
 * defaults and what `detect explain` prints; docs/detection.md shows them too.
 *
 * Evidence is counted in thousandths of a clearly spoiled file. LIMIT(name, default, reason).
 */
#ifndef DETECT_LIMITS_H
#define DETECT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define LIMITS_TABLE(LIMIT)                                                                                  \
    /* When to ring */                                                                                       \
    LIMIT(alert_process, 3000,                                                                               \
          "one process tree: the third clearly spoiled file; one or two happen in honest work")              \
    LIMIT(alert_client, 3000, "one remote client: the same; a file server's process is not to blame")        \
    LIMIT(alert_user, 4000,                                                                                  \
          "one user over several process trees: one file more, as unrelated programs are added up")          \
    LIMIT(alert_tree, 6000,                                                                                  \
          "one protected tree over several users: more again, for the same reason; still under 10 files")    \
    LIMIT(again_margin, 1000,                                                                                \
          "after an alert on a user or a tree, what a newcomer's harm must add to ring again")               \
    LIMIT(watch, 400, "from here an actor's opens are held until weighed: one clear file is enough")         \
    LIMIT(watch_user, 1500, "a user is watched when two process trees of his look wrong")                    \
    LIMIT(clear, 600, "from this strength one change is clear evidence, below it is weak")                   \
    LIMIT(harm, 300, "from this strength one change is counted as harm in an incident")                      \
    /* How evidence fades */                                                                                 \
    LIMIT(fade_clear_s, 14400,                                                                               \
          "half-life of clear evidence: ten files an hour still add up to 3 at the fourth file")             \
    LIMIT(fade_weak_s, 120, "half-life of weak evidence: it must come in a burst to mean anything")          \
    LIMIT(watch_off_s, 900, "no new evidence for so long: no longer watched")                                \
    /* Names */                                                                                              \
    LIMIT(pattern_cap, 1500, "names alone never ring: half an alert at most")                                \
    LIMIT(pattern_files, 3, "so many files with the same new extension make a pattern")                      \
    LIMIT(pattern_weight, 250, "each file of such a pattern")                                                \
    LIMIT(note_folders, 2, "the same small new text in so many folders may be a ransom note")                \
    LIMIT(note_weight, 250, "each further folder with it; package trees do this too, hence little")          \
    LIMIT(note_size, 65536, "ransom notes are short: larger texts are not looked at")                        \
    /* Decoys */                                                                                             \
    LIMIT(decoy_written, 2500, "nobody has a reason to write into a decoy: one more file rings")             \
    LIMIT(decoy_deleted, 700,                                                                                \
          "per top folder: deleting old folders takes their decoys along, so it takes five folders")         \
    LIMIT(decoy_renamed, 500, "per top folder: reorganizing folders moves decoys too")                       \
    /* Bytes */                                                                                              \
    LIMIT(random_chi, 340, "chi-square of random bytes is 255 +- 23: this is 3.7 deviations above")          \
    LIMIT(random_length, 64, "shorter pieces cannot be told from text by their counts")                      \
    LIMIT(random_ascii_low, 40, "random bytes are 39 % printable (100 of 255); 64 bytes vary by +- 16")      \
    LIMIT(random_ascii_high, 160, "as above; text lies far over it")                                         \
    LIMIT(plain_chi, 600, "over this a block was surely not random, so its turning random means something")  \
    LIMIT(empty_entropy, 6, "a block of hardly any information (zeros): filling it destroys nothing")        \
    LIMIT(rise_entropy, 25,                                                                                  \
          "0.8 bit more in a block: every other 16 bytes encrypted raises text by 2, 64 of 192 by 1.5")      \
    LIMIT(mixed_old_entropy, 62, "2 bits: a sparse database page that fills up is no encryption")            \
    LIMIT(mixed_new_entropy, 140, "4.5 bits: half random bytes between zeros have 5, between text 7")        \
    LIMIT(garbled_ascii, 40,                                                                                 \
          "of 255: a third of a text's bytes made random costs it 52 of its readable ones")                  \
    LIMIT(coded_entropy, 120, "3.9 bits: hex has 4, base32 5, base64 6")                                     \
    LIMIT(coded_ascii, 250, "coded text is printable throughout")                                            \
    LIMIT(coded_gap, 30,                                                                                     \
          "in 1/256 bit, what a block's chance adds; prose and source code have over 100 between the two "   \
          "entropies")                                                                                       \
    LIMIT(coded_length, 512, "shorter pieces of base64 cannot be told from text")                            \
    LIMIT(uniform_mean_chi, 275,                                                                             \
          "mean over the blocks: true archives and pictures lie above (deflated prose at 264 to 300, "       \
          "office documents over 400), random bytes at 255 +- 8")                                            \
    LIMIT(uniform_old_chi, 330, "the old blocks must have been that far from random for a comparison")       \
    LIMIT(uniform_blocks, 8, "fewer blocks have too uncertain a mean")                                       \
    LIMIT(baseline_s, 3600,                                                                                  \
          "a file's first version is remembered so long: many small writes are compared as one")             \
    /* Pairs: a new file for an old one */                                                                   \
    LIMIT(pair_window_s, 600, "a new file and the deletion of its original lie close together")              \
    LIMIT(pair_growth, 65536, "headers, footers and padding of a cipher; more is another file")              \
    LIMIT(pair_named, 1000, "random file, same name stem: as clear as encryption in place")                  \
    LIMIT(pair_sized_growth, 1024,                                                                           \
          "without a common name the sizes must fit closely: keys and padding alone")                        \
    LIMIT(pair_sized_least, 4096, "small files of about the same size are many")                             \
    LIMIT(pair_sized_first, 250,                                                                             \
          "a random file of that size, another name: chance does that too, in a browser's cache")            \
    LIMIT(pair_sized, 700,                                                                                   \
          "as above, and it grew by the same as the one before: a cipher's overhead is constant")            \
    LIMIT(pair_archive, 450, "one 7z or RAR per file (Qlocker): its password cannot be seen")                \
    LIMIT(pair_zip, 200, "one unlocked zip per file: everybody can open it; slow to add up")                 \
    LIMIT(pair_gzip, 30, "a compressor without a key, as in log rotation: hardly anything")                  \
    LIMIT(pair_no_gain, 700, "a compressed text that is not smaller: not compressed but encrypted")          \
    LIMIT(pair_blind, 450, "a random file was renamed over one that nobody could look at")                   \
    LIMIT(pair_coded, 800, "base64 file of a fitting size takes the place of a document")                    \
    LIMIT(pair_other_actor, 900, "thousandths: the two halves came from different programs of one user")     \
    /* Mass deletion, in percent of the tree's files */                                                      \
    LIMIT(delete_least, 40, "fewer files than this are never mass deletion")                                 \
    LIMIT(delete_wide_percent, 30, "over four or more top folders, less what was newly made")                \
    LIMIT(delete_narrow_percent, 60, "over two or three top folders: folders are thrown away whole")         \
    LIMIT(delete_single_percent, 95, "inside one top folder: only when hardly anything else is left")        \
    LIMIT(delete_noted_folders, 5,                                                                           \
          "a ransom note left in so many folders makes delete_least deletions enough")                       \
    LIMIT(delete_blind_files, 1000, "when the tree's size is not known: so many, over four top folders")     \
    LIMIT(delete_fade_s, 600, "half-life of the deletion count")

struct limits {
#define LIMITS_FIELD(name, value, reason) int64_t name;
    LIMITS_TABLE(LIMITS_FIELD)
#undef LIMITS_FIELD
};

extern const struct limits limits_default;

/* The rows for printing: name, reason, and where the value lies in struct limits. */
struct limits_row {
    const char *name;
    const char *reason;
    size_t offset;
};
extern const struct limits_row limits_rows[];
extern const size_t limits_row_count;

#endif
