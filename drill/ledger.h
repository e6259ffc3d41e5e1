/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a simulator did, file by file, with times: a table in a file of the yard, mapped and shared by all
 * that take part, so that it can be read while its writer is frozen and after it was killed. The simulator
 * writes each row before and after it touches the file; undo reads it.
 */
#ifndef DRILL_LEDGER_H
#define DRILL_LEDGER_H

#include <stdatomic.h>
#include <stdint.h>

#define LEDGER_ROWS  16384
#define LEDGER_NAMES 480

enum ledger_stage {
    LEDGER_NONE,    /* nothing happened to the file */
    LEDGER_OPENED,  /* about to be touched, perhaps in part */
    LEDGER_SPOILED, /* its contents are gone under its name */
    LEDGER_RENAMED, /* and it has another name (also: the new file stands and the old is deleted) */
    LEDGER_REFUSED, /* could not be touched; `error` says why */
};

struct ledger_row {
    char path[LEDGER_NAMES]; /* relative to the share */
    _Atomic int stage;       /* enum ledger_stage */
    int error;               /* errno */
    int note;                /* 1: a ransom note that was dropped, not a file that was there */
    int worker;
    int64_t opened_ns, spoiled_ns, renamed_ns; /* wall clock; 0: did not happen */
    _Atomic uint64_t bytes;                    /* encrypted so far */
};

struct ledger {
    char attack[32];        /* the simulator's name, for undo */
    char extension[32];     /* put behind names, or "" */
    _Atomic uint32_t count; /* rows taken */
    _Atomic uint32_t next;  /* target to take next, for the workers */
    _Atomic int ready;      /* the simulator has made sure of its bounds and is listing the share */
    _Atomic int finished;   /* it is through, or gave up */
    _Atomic int failed;     /* it gave up before touching anything; `reason` says why */
    char reason[512];
    struct ledger_row rows[LEDGER_ROWS];
};

/* Makes the file `name` in the folder `dirfd`, or opens it (`create` false), and maps it. */
int ledger_map(int dirfd, const char *name, int create, struct ledger **out);
void ledger_unmap(struct ledger *ledger);
/* A new row for `path`, marked OPENED with the time; NULL when the table is full or the path too long. */
struct ledger_row *ledger_begin(struct ledger *ledger, const char *path, int worker);
/* The wall clock in nanoseconds. */
int64_t ledger_now(void);

#endif
