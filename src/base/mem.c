/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void exhausted(void)
{
    static const char words[] = "beffroi: out of memory\n";
    fwrite(words, 1, sizeof words - 1, stderr);
    abort();
}

void *mem_zalloc(size_t count, size_t size)
{
    void *bytes = calloc(count ? count : 1, size ? size : 1);
    if (!bytes)
        exhausted();
    return bytes;
}

void *mem_resize(void *old, size_t count, size_t size)
{
    void *bytes = reallocarray(old, count ? count : 1, size ? size : 1);
    if (!bytes)
        exhausted();
    return bytes;
}

char *mem_strdup(const char *string)
{
    char *copy = strdup(string);
    if (!copy)
        exhausted();
    return copy;
}

void *mem_dup(const void *bytes, size_t length)
{
    void *copy = malloc(length ? length : 1);
    if (!copy)
        exhausted();
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

char *mem_printf(const char *format, ...)
{
    char *made = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&made, format, args);
    va_end(args);
    if (length < 0)
        exhausted();
    return made;
}

void mem_auto_free(void *pointer_to_pointer)
{
    void *pointer;
    memcpy(&pointer, pointer_to_pointer, sizeof pointer);
    free(pointer);
}

void mem_wipe(void *bytes, size_t length)
{
    explicit_bzero(bytes, length);
}

int mem_equal_secret(const void *a, const void *b, size_t length)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= (uint8_t)(x[i] ^ y[i]);
    return difference == 0;
}
