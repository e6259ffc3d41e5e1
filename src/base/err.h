/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Errors. A function that can fail returns 0 or a negative `enum err`, and the text for people is made
 * once, where the context is known: what failed, on what, why. A hint says what to do next.
 *
 *     if (fd < 0)
 *         return err_sys(_("cannot open %s"), path);          // adds ": No such file or directory"
 *     if (version != 2)
 *         return err_set(ERR_UNSUPPORTED, _("%s: repository version %u is not supported"), path, version);
 *
 * The text belongs to the calling thread and lives until its next err_set, err_sys or err_clear.
 * Nothing in a library room prints; only cmd/ and the roles do.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

enum err {
    ERR_SYSTEM = -1,         /* a system call failed for a reason that has no code of its own below */
    ERR_NOT_FOUND = -2,      /* the named thing does not exist */
    ERR_PERMISSION = -3,     /* not allowed to */
    ERR_EXISTS = -4,         /* it is already there */
    ERR_NO_SPACE = -5,       /* disk or quota full */
    ERR_INVALID = -6,        /* what a person wrote (option, configuration) is wrong */
    ERR_CORRUPT = -7,        /* stored or received bytes fail their check */
    ERR_LOCKED = -8,         /* somebody else holds it */
    ERR_UNSUPPORTED = -9,    /* this kernel, build or format version cannot */
    ERR_TIMEOUT = -10,       /* not in the time allowed */
    ERR_CLOSED = -11,        /* the other side is gone */
    ERR_READ_ONLY = -12,     /* the place refuses writes */
    ERR_WRONG_SECRET = -13,  /* wrong password or key */
    ERR_TOO_LARGE = -14,     /* over a stated limit */
    ERR_PARTIAL = -15,       /* done in part; what was not is named in the text or reported before */
    ERR_CANCELED = -16,      /* stopped on request */
    ERR_CHANGED = -17,       /* the thing is no longer what the caller described */
    ERR_NO_REPOSITORY = -18, /* there is no repository where one was named */
};

/* Sets the thread's error text (truncated at 1023 bytes) and returns `code`. Clears the hint. */
int err_set(enum err code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Like err_set, with ": " and strerror(errno) appended and the code taken from errno
 * (ENOENT, EACCES/EPERM, EEXIST, ENOSPC/EDQUOT, EROFS; anything else is ERR_SYSTEM). */
int err_sys(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Puts "context: " before the current text and returns `code` unchanged: for a caller that knows more. */
int err_in(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says what to do next; returns `code` unchanged, so it can close a function:
 *     return err_hint(err_sys(...), _("start it with: systemctl start beffroi"));
 */
int err_hint(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The current text and hint of this thread; "" when there is none. */
const char *err_text(void);
const char *err_hint_text(void);
/* Both as one line, "text; hint", for those who are told no more than that. */
void err_line(char *out, size_t size);
void err_clear(void);

/* A stable English word for a code ("no-space"), for JSON and the journal. */
const char *err_name(int code);

#endif
