/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small world of files in memory for the detector's tests: programs write, rename and delete, and the world
 * makes the events that the sensor would make, with sketches drawn from the real bytes.
 */
#ifndef TESTS_DETECT_TRACES_H
#define TESTS_DETECT_TRACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/detect.h"

struct world;

/* Events go into a detector of the world's own; `tree_files` as in detect_set_tree_files. */
struct world *world_new(uint32_t tree_files);
void world_free(struct world *w);
struct detect *world_detect(struct world *w);
/* With BEFFROI_TRACES set to a folder, world_free writes its first events to NAME.trace there: this is
 * how tests/golden/detect is made. */
void world_record(struct world *w, const char *name);

/* What came out. */
size_t world_alerts(const struct world *w);
const struct alert *world_alert(const struct world *w, size_t index); /* the first 64 */
size_t world_watches(const struct world *w);                          /* on, so far */
size_t world_unwatches(const struct world *w);
uint64_t world_events(const struct world *w);
size_t world_harmed_at_alert(const struct world *w); /* harmful events up to the first alert */

/* Time: each event takes `step_ns` (1 ms at first). */
void world_step(struct world *w, int64_t step_ns);
void world_wait(struct world *w, int64_t ns); /* with a tick a second, at most 1000 of them */

/* Programs. */
struct actor world_actor(int32_t root_pid, uint32_t uid, const char *exe);

/* Puts a file there without an event: it was there before. */
void world_place(struct world *w, const char *path, const uint8_t *bytes, size_t length);
bool world_has(const struct world *w, const char *path);
const uint8_t *world_bytes(const struct world *w, const char *path, size_t *length);
/* The path of the `index`th living file, in the order of their making; NULL behind the last. */
const char *world_path(const struct world *w, size_t index);

void world_write(struct world *w, const struct actor *who, const char *path, const uint8_t *bytes,
                 size_t length);
void world_rename(struct world *w, const struct actor *who, const char *from, const char *to);
void world_delete(struct world *w, const struct actor *who, const char *path);
void world_decoy(struct world *w, const char *path); /* this file is a decoy */

/* Contents, made from a seed. Each returns new bytes, which the caller frees. */
enum content {
    TEXT,
    DOCUMENT,
    PICTURE,
    PDF,
    TABLE,
    PROGRAM,
    LOOSE_OBJECT,
    OBJECT_FILE,
    GZIP,
    DATABASE,
    OLD_DOC
};
uint8_t *content_make(enum content kind, uint64_t seed, size_t length);
void content_random(uint8_t *bytes, size_t length, uint64_t seed);
uint8_t *content_base64(const uint8_t *bytes, size_t length, size_t *out_length);

/* A share: `files` files of the usual kinds in `folders` top folders. */
void world_share(struct world *w, size_t folders, size_t files);

#endif
