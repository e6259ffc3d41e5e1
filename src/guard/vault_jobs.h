/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a worker of the vault role does, in a process of its own.
 */
#ifndef GUARD_VAULT_JOBS_H
#define GUARD_VAULT_JOBS_H

#include <stddef.h>

#include "guard/config.h"
#include "model/order.h"
#include "model/step.h"
#include "vault/vault.h"

struct vault_job {
    struct order order; /* ORDER_SNAPSHOT, or ORDER_RESTAGE with the steps whose versions are to be fetched */
    struct step *steps;
    size_t count;
};

/* Opens the repository with the password of the configuration, making it on the first start, and keeps its
 * key. */
int vault_job_open(const struct config *config, struct vault_key **key);
/* Carries the order out and says so on `fd` (channel_write): MSG_SNAPSHOT or MSG_STEP_RESULT, then
 * MSG_ACTION. Returns the exit status. */
int vault_job_run(const struct vault_job *job, const struct config *config, const struct vault_key *key,
                  int state_fd, int fd);
/* The action of a job that failed for the reason in err_text(). */
void vault_job_failed(const struct vault_job *job, struct action *action);

#endif
