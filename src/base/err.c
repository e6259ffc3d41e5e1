/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 1024

static _Thread_local char text[TEXT_SIZE];
static _Thread_local char hint[TEXT_SIZE];

static int code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case EEXIST:
    case ENOTEMPTY:
        return ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return ERR_NO_SPACE;
    case EROFS:
        return ERR_READ_ONLY;
    case EPIPE:
    case ECONNRESET:
        return ERR_CLOSED;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_SYSTEM;
    }
}

int err_set(enum err code, const char *format, ...)
{
    /* The new text may quote the old one, so it is built apart. */
    char made[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(made, sizeof made, format, args);
    va_end(args);
    memcpy(text, made, sizeof text);
    hint[0] = '\0';
    return (int)code;
}

int err_sys(const char *format, ...)
{
    int number = errno;
    char made[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(made, sizeof made, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof made)
        snprintf(made + length, sizeof made - (size_t)length, ": %s", strerror(number));
    memcpy(text, made, sizeof text);
    hint[0] = '\0';
    return code_of_errno(number);
}

int err_in(int code, const char *format, ...)
{
    char made[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(made, sizeof made, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof made)
        snprintf(made + length, sizeof made - (size_t)length, ": %.*s", TEXT_SIZE / 2, text);
    memcpy(text, made, sizeof text);
    return code;
}

int err_hint(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(hint, sizeof hint, format, args);
    va_end(args);
    return code;
}

const char *err_text(void)
{
    return text;
}

const char *err_hint_text(void)
{
    return hint;
}

void err_line(char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", text, hint[0] ? "; " : "", hint);
}

void err_clear(void)
{
    text[0] = '\0';
    hint[0] = '\0';
}

const char *err_name(int code)
{
    static const char *const names[] = {
        "ok",        "system",  "not-found",   "permission", "exists",        "no-space",  "invalid",
        "corrupt",   "locked",  "unsupported", "timeout",    "closed",        "read-only", "wrong-secret",
        "too-large", "partial", "canceled",    "changed",    "no-repository",
    };
    size_t index = code <= 0 ? (size_t)-code : 0;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}
