/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking Samba: its own tools, run without a shell, with a bare environment, bounded in time and output.
 * Inside of respond/ only.
 */
#ifndef RESPOND_SAMBA_H
#define RESPOND_SAMBA_H

#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

struct samba_session {
    int32_t pid;
    char username[64];
    char machine[ACTOR_CLIENT_SIZE];
};

struct samba_sessions {
    struct samba_session *items;
    size_t count;
};

#define SAMBA_SESSIONS_MAX 65536

/* The sessions of the running server with this configuration (NULL: the default), from smbstatus --json. */
int samba_sessions(const char *config, int timeout_ms, struct samba_sessions *out);
void samba_sessions_free(struct samba_sessions *s);
/* Takes smbstatus's answer apart: for samba_sessions and the fuzzer. ERR_CORRUPT. */
int samba_parse(const char *json, size_t length, struct samba_sessions *out);
/* Tells all smbd of this server to end the sessions of an address (one that wall_address wrote). */
int samba_kill_client(const char *config, const char *address, int timeout_ms);

#endif
