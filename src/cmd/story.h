/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An incident in plain words, from the JSON that the guard gives: who did what to which files, when, what was
 * stopped, what came back, and what to do now. Nothing here asks the guard or the disk.
 */
#ifndef CMD_STORY_H
#define CMD_STORY_H

#include <jansson.h>
#include <stdio.h>

/* The state's word in the reader's language ("stopped" for contained); an unknown word is given back. */
const char *story_state(const char *state);
/* One line that names the culprit: program, user, client address, as far as they are known. The caller frees
 * it. */
char *story_who(const json_t *incident);
/* The whole story. */
void story_print(const json_t *incident, FILE *out);
/* One or two lines after `verb` (rollback, dismiss, release, close) was carried out. */
void story_result(const json_t *incident, const char *verb, FILE *out);

#endif
