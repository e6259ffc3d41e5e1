/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/roles.h"

#include <string.h>

const enum role roles_start_order[] = {ROLE_SCRIBE, ROLE_JUDGE,  ROLE_ACTOR,     ROLE_VAULT,
                                       ROLE_API,    ROLE_SENSOR, ROLE_SUPERVISOR};
const enum role roles_stop_order[] = {ROLE_API,   ROLE_VAULT,  ROLE_ACTOR,     ROLE_SENSOR,
                                      ROLE_JUDGE, ROLE_SCRIBE, ROLE_SUPERVISOR};

enum role roles_find(const char *name)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (strcmp(role_name((enum role)i), name) == 0)
            return (enum role)i;
    return ROLE_COUNT;
}

bool roles_talk(enum role a, enum role b)
{
    /* Everybody talks with the judge, and nobody with anybody else. */
    return a != b && (a == ROLE_JUDGE || b == ROLE_JUDGE) && a != ROLE_SUPERVISOR && b != ROLE_SUPERVISOR;
}
