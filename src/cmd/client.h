/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking the running guard: HTTP over its Unix socket. Answers are JSON; an error of the guard comes back as
 * the thread's error, with its text and hint.
 *
 *   GET  /v1/status   /v1/incidents   /v1/incidents/N
 *   POST /v1/incidents/N/rollback   .../dismiss   .../release   .../close
 *   an error: {"error": {"code": WORD of err_name, "text": ..., "hint": ...}}
 */
#ifndef CMD_CLIENT_H
#define CMD_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENT_SOCKET                                                                                        \
    "/run/beffroi/api.sock"           /* where the guard listens unless its configuration says otherwise */
#define CLIENT_ANSWER_MAX (64u << 20) /* bytes; a longer answer is ERR_TOO_LARGE */

/* Which socket: `socket` if given, else the `socket:` key of the configuration `config` if given, else
 * CLIENT_SOCKET. A relative path is taken as it is. The caller frees *path. */
int client_choose(const char *socket, const char *config, char **path);

/* Asks for `resource` ("/v1/status"), with POST when `post`. *answer is set on success and belongs to the
 * caller. ERR_NOT_FOUND with a hint how to start it when no guard listens there; ERR_PERMISSION with a hint
 * to use sudo. */
int client_ask(const char *socket, const char *resource, bool post, json_t **answer);

/* Takes apart an answer: the HTTP `status` and the body. Exported for tests. */
int client_answer(long status, const char *body, size_t length, json_t **answer);

/* A member of a JSON object in the form the printing wants; what is absent or of another type gives "", 0,
 * false. */
const char *client_text(const json_t *object, const char *key);
int64_t client_number(const json_t *object, const char *key);
bool client_flag(const json_t *object, const char *key);
/* An RFC 3339 time; 0 when absent, null or not a time. */
int64_t client_time(const json_t *object, const char *key);

/* Prints JSON for programs: indented, a line feed at the end. Returns the exit code. */
int client_print(const json_t *json);

#endif
