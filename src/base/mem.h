/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory. These never return NULL: on Linux a refused small allocation means the machine is lost, and a
 * role that aborts is restarted by the supervisor with the gate open. Sizes that come from hostile bytes
 * are checked against a limit *before* they get here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* `count * size` bytes, zeroed; aborts on overflow or exhaustion. free() releases them. */
void *mem_zalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Resizes to `count * size`; new bytes are not zeroed. */
void *mem_resize(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

char *mem_strdup(const char *string) __attribute__((malloc, returns_nonnull));
void *mem_dup(const void *bytes, size_t length) __attribute__((malloc, returns_nonnull));

/* A new string made from a format; the caller frees it. */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

/* `char *name MEM_AUTO = ...;` is freed at the end of its block. */
void mem_auto_free(void *pointer_to_pointer);
#define MEM_AUTO __attribute__((cleanup(mem_auto_free)))

/* Overwrites `length` bytes so that the compiler cannot leave it out: for secrets. */
void mem_wipe(void *bytes, size_t length);

/* Equality in a time that does not depend on the contents. */
int mem_equal_secret(const void *a, const void *b, size_t length);

#endif
