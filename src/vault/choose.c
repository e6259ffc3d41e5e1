/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/choose.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

int snapshots_choose(const struct vault *vault, const struct snapshot_filter *filter,
                     const char *const *names, size_t count, struct snapshots *out)
{
    bool filtered = count == 0 || snapshot_filter_is_empty(filter);
    for (size_t i = 0; i < count; i++)
        filtered |= strcmp(names[i], "latest") == 0;
    if (!filtered)
        return err_set(ERR_INVALID,
                       _("a snapshot is named: there is nothing to choose by host, path or tag"));
    return snapshot_select(vault, names, count, filter, out);
}
