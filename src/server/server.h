/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The vault server: restic's REST protocol, versions 1 and 2, over HTTP, on a folder of repositories as
 * blob/local.h lays them out. Clients can add; they can take nothing away but their own locks. The state
 * folder, ".beffroi" in the served one unless it is named, holds the journal, the seal and whose lock is
 * whose.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/quota.h"

#define SERVER_STATE    ".beffroi"
#define SERVER_HTPASSWD ".htpasswd"

struct server_options {
    const char *path;     /* of the served folder, which is made if it is missing */
    const char *state;    /* NULL: path/SERVER_STATE */
    const char *listen;   /* "HOST:PORT", "[IPV6]:PORT", ":PORT"; port 0: any that is free */
    const char *htpasswd; /* NULL: path/SERVER_HTPASSWD */
    bool no_auth;
    bool private_repositories;      /* the first part of a repository's path is its user */
    bool removing;                  /* not append-only: whoever may write may remove */
    const char *tls_cert, *tls_key; /* PEM files; NULL: no TLS */
    const char *user;               /* NULL: stay who we are */
    const char *log;                /* a file for a line per request, "-": standard output; NULL: none */
    bool metrics, metrics_for_all;  /* /metrics, and without a password */
    uint64_t limit;                 /* bytes of each account; 0: none */
    const struct quota_limit *limits;
    size_t limit_count;
    unsigned connections, connections_per_address;
    unsigned timeout_s; /* see server/peers.h */
};

/* Serves until SIGTERM or SIGINT; `ready` is told the URL once it answers. */
int server_run(const struct server_options *options, void (*ready)(const char *url));

/* Seals, or breaks the seal of, the server with this folder, whether it runs or not. *changed: whether that
 * changed anything. */
int server_seal(const struct server_options *options, bool seal, bool *changed);

#endif
