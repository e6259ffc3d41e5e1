/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A scenario: what is attacked, how, and what the press told of the real case. One YAML file each, read
 * strictly:
 *
 *     name, title, story                          texts; the name is the file's
 *     press: { date, place, back-after, cost }    of the real case; optional
 *     attack:
 *       over: smb | local
 *       simulator: a name of attack_kinds         (over smb: in-place)
 *       extension: text put behind names          (optional, "")
 *       notes: whether ransom notes are dropped   (optional, true)
 *       workers: processes, 1 to 64               (optional, 1)
 *       per-minute: files; 0 as many as it can    (optional, 0)
 *     colleague: whether an honest one works on over SMB
 */
#ifndef DRILL_SCENARIO_H
#define DRILL_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/yml.h"
#include "drill/attack.h"

struct scenario {
    struct yml *document; /* owns the strings */
    const char *name, *title, *story;
    struct {
        const char *date, *place, *back_after, *cost; /* all NULL when there is no press */
    } press;
    bool over_smb;
    bool colleague;
    struct attack_options attack;
};

/* The folder of the scenarios: `wanted`, else $BEFFROI_SCENARIOS, else beside the program, else where it was
 * installed to. The caller frees it. */
char *scenario_folder(const char *wanted);
int scenario_load(const char *folder, const char *name, struct scenario **out);
void scenario_free(struct scenario *scenario);
/* The names of all scenarios of the folder, sorted; the caller frees each and the array. */
int scenario_names(const char *folder, char ***names, size_t *count);

#endif
