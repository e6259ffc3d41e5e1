/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/i18n.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#ifndef BEFFROI_LOCALEDIR
#define BEFFROI_LOCALEDIR "/usr/share/locale"
#endif

/* The language asked for is not installed, as on a small server reached over ssh with LANG=fr_FR.UTF-8. Our
 * catalog needs no installed locale: C.UTF-8 is always there, and LANGUAGE names the catalog. */
static void speak_without_locale(void)
{
    const char *wanted = getenv("LC_ALL");
    if (!wanted || !*wanted)
        wanted = getenv("LC_MESSAGES");
    if (!wanted || !*wanted)
        wanted = getenv("LANG");
    const char *catalogs = getenv("LANGUAGE");
    if (setlocale(LC_ALL, "C.UTF-8") && wanted && *wanted && !(catalogs && *catalogs))
        setenv("LANGUAGE", wanted, 1);
}

void i18n_init(void)
{
    const char *directory = secure_getenv("BEFFROI_LOCALEDIR");
    if (!setlocale(LC_ALL, ""))
        speak_without_locale();
    /* File names are UTF-8 whatever the language, also under cron, where the locale is "C". */
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    /* Numbers in JSON and YAML keep their dot whatever the language. */
    setlocale(LC_NUMERIC, "C");
    bindtextdomain("beffroi", directory ? directory : BEFFROI_LOCALEDIR);
    bind_textdomain_codeset("beffroi", "UTF-8");
    textdomain("beffroi");
}

void i18n_load(void)
{
    (void)_("cannot open %s");
    (void)strerror(EIO);
}
