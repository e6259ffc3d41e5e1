/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One re-enactment from the empty stage to the clean one, and what it showed.
 */
#ifndef DRILL_RUN_H
#define DRILL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "drill/guard.h"
#include "drill/ledger.h"
#include "drill/manifest.h"
#include "drill/scenario.h"
#include "drill/smb_client.h"

struct run_options {
    uint64_t seed;
    bool village;        /* a small share; see town.h */
    const char *base;    /* as in yard_create */
    const char *beffroi; /* the guard's program; NULL: no guard */
    bool keep;           /* leave the yard on the disk */
    /* Told what goes on, in words for people; may be NULL. */
    void (*progress)(const char *text);
};

/* What was measured. A time or duration that there is none of is negative. */
struct run_figures {
    int64_t files, bytes;       /* of the town */
    int64_t spoiled;            /* files that the attacker harmed before it was stopped */
    int64_t notes;              /* that it dropped */
    int64_t lost;               /* files not back, byte for byte with all their metadata */
    int64_t extra;              /* names too many afterwards: spoiled versions, notes */
    int64_t third_to_frozen_us; /* from the third spoiled file to frozen */
    int64_t first_to_frozen_us; /* from the first one */
    int64_t frozen_to_back_us;  /* until every file was back */
    int64_t attack_us;          /* first harm to the attacker's last deed */
    int64_t colleague_done, colleague_failed;
    int64_t journal_entries; /* of a journal that verifies; negative otherwise */
};

struct run {
    const struct scenario *scenario;
    struct run_figures figures;
    struct guard_incident *incident; /* NULL without one */
    size_t incidents;
    struct ledger *ledger;       /* mapped; what the attacker did */
    struct colleague *colleague; /* shared memory; NULL without one */
    struct manifest_counts compared;
    char **differences; /* at most 50 lines: what is not as it was */
    size_t difference_count;
    char *yard_path; /* when it was kept */
};

/* Plays the scenario. Ends with ERR_CANCELED soon after run_cancel. */
int run_play(const struct scenario *scenario, const struct run_options *options, struct run **out);
void run_free(struct run *run);
/* Makes the running play stop and clean up; may be called from a signal handler. */
void run_cancel(void);

#endif
