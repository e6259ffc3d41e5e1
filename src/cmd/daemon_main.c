/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi-guard, what `beffroi guard` becomes.
 */
#include "base/i18n.h"
#include "cmd/commands.h"

int main(int argc, char **argv)
{
    i18n_init();
    return cmd_daemon(argc, argv);
}
