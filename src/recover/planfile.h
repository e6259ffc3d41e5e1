/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The two files of a recovery, in incidents/N of the state folder. Inside of recover/ only.
 *
 *   plan:  "BEFPLAN1" records        done:  "BEFDONE1" records
 *   record: u32 length | u32 crc32 of the payload (as zlib's) | payload            (all little-endian)
 *   step:   u32 number | u8 kind | u32 tree | string path | string from | version | filestate expected
 *   done:   u32 number | u8 result | u8 flags | filestate placed | string beside
 *   version: u8 kind | u64 id | u64 inode | u64 size | u64 mtime_ns | u64 ctime_ns
 *   filestate: u64 inode | u64 size | u64 ctime_ns
 *
 * `plan` is written whole and synced before it gets its name; any damage is ERR_CORRUPT. `done` grows record
 * by record, each written after what it tells of is on the disk; a torn record ends the file, and the step it
 * told of is done once more, which does no harm.
 */
#ifndef RECOVER_PLANFILE_H
#define RECOVER_PLANFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/step.h"

#define PLANFILE_MAX_BYTES (1u << 30)
#define PLANFILE_RECORD    16384 /* largest payload */

struct planfile {
    struct buf bytes;
    size_t *offsets; /* of each step's payload */
    uint32_t *lengths;
    size_t count;
};

/* The numbers of a plan's steps are 1, 2, 3... without a gap. ERR_NOT_FOUND: there is no plan. */
int planfile_read(int incident_dirfd, struct planfile *out);
void planfile_free(struct planfile *plan);
/* Takes a whole file's bytes apart (for planfile_read and the fuzzer); takes the buffer over on success. */
int planfile_parse(struct buf *bytes, struct planfile *out);
/* Step `index` from 0; the encoding was checked when it was read. */
void planfile_step(const struct planfile *plan, size_t index, struct step *out);
/* Writes the file, durable, unless just this plan is there. ERR_EXISTS: another one is. */
int planfile_write(int incident_dirfd, const struct step *steps, size_t count);

enum done_flag {
    DONE_IN_PLACE = 1,  /* the bytes were put into the spoiled inode; its copy is in quarantine */
    DONE_EXCHANGED = 2, /* a rename exchanged two files */
    DONE_MADE = 4,      /* a folder that was made, or a file where there was none */
    DONE_TAKEN = 8,     /* quarantine holds what was taken away */
    DONE_UNDONE = 16,   /* taken back again */
};

/* The result of a record about the whole plan. */
enum { DONE_UNDOING = 1, DONE_ALL_UNDONE = 2 };

struct done {
    uint32_t number; /* 0: about the whole plan */
    uint8_t result;  /* enum step_result; 0: not done */
    uint8_t flags;
    struct filestate placed; /* what recovery left there, to tell later whether somebody changed it */
    char *beside;            /* the name it got when both were kept; NULL none; owned */
};

struct donefile {
    int fd;             /* open for appending */
    struct done *steps; /* by number - 1 */
    size_t count;
    bool undoing; /* taking back has begun */
    bool undone;  /* and has ended */
};

/* Opens or makes the file and reads it; a torn tail is cut off. `count` is the plan's number of steps;
 * records about other steps are passed over. */
int donefile_open(int incident_dirfd, size_t count, struct donefile *out);
void donefile_close(struct donefile *file);
/* Reads records into file->steps; returns how many bytes of `bytes` were whole (for the fuzzer too). */
size_t donefile_parse(const void *bytes, size_t length, struct donefile *file);
/* Adds a record (taking `beside` over in file->steps) without syncing; donefile_sync makes all last. */
int donefile_add(struct donefile *file, const struct done *record);
int donefile_sync(struct donefile *file);

#endif
