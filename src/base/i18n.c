/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/i18n.h"

#include <locale.h>
#include <stdlib.h>

#ifndef BEFFROI_LOCALEDIR
#define BEFFROI_LOCALEDIR "/usr/share/locale"
#endif

void i18n_init(void)
{
    const char *directory = secure_getenv("BEFFROI_LOCALEDIR");
    setlocale(LC_ALL, "");
    /* Numbers in JSON and YAML keep their dot whatever the language. */
    setlocale(LC_NUMERIC, "C");
    bindtextdomain("beffroi", directory ? directory : BEFFROI_LOCALEDIR);
    bind_textdomain_codeset("beffroi", "UTF-8");
    textdomain("beffroi");
}
