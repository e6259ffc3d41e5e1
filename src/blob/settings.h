/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person may set about remote stores, the same for all of a process: restic's options of the same
 * names. Set once, before the first store is opened and before a second thread is started; without that the
 * defaults hold, and the environment (RESTIC_CACERT, RESTIC_TLS_CLIENT_CERT) where an option is not given.
 */
#ifndef BLOB_SETTINGS_H
#define BLOB_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob_settings {
    const char *ca_file;            /* --cacert: PEM file of authorities; NULL: the system's */
    const char *client_certificate; /* --tls-client-cert: PEM file with certificate and key; NULL: none */
    bool insecure_tls;              /* --insecure-tls: the server's certificate is not checked */
    uint64_t upload_rate;           /* --limit-upload, bytes per second over all connections; 0: no limit */
    uint64_t download_rate;         /* --limit-download */
    int64_t stall_ns; /* --stuck-request-timeout: no byte for so long is an error; 0: 5 minutes */
    int64_t retry_ns; /* how long a failing request is tried again; 0: -o retry.time, or 15 minutes */
    /* Of a server whose address names no user; NULL: the environment's (RESTIC_REST_USERNAME and so on). */
    const char *user, *password;
    const char *cache_folder;   /* --cache-dir: see blob/cache.h; NULL: the usual place */
    bool no_cache;              /* --no-cache: none */
    bool clean_cache;           /* --cleanup-cache: those that were not used for a month go */
    const char *const *options; /* -o: "rest.connections=5" */
    size_t option_count;
};

/* The strings stay the caller's and must live as long as the process. ERR_INVALID for an option that is not
 * of the form KEY=VALUE. */
int blob_settings_set(const struct blob_settings *settings);
const struct blob_settings *blob_settings(void);
/* The value of an -o option, the last one if given several times; NULL without it. */
const char *blob_settings_option(const char *key);
/* ERR_INVALID when an option of the `space` ("rest.") is none of `keys` ("rest.connections"; ends with NULL):
 * what nobody reads must not be taken for granted. */
int blob_settings_known(const char *space, const char *const *keys);
/* A number of connections: "NAME.connections", 1 to 100; `usual` without it. ERR_INVALID. */
int blob_settings_connections(const char *key, unsigned usual, unsigned *out);

#endif
