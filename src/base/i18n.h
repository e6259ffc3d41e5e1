/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Texts for people go through gettext: `_("...")` where the text is used, `N_("...")` in a table whose
 * entries are passed through `_()` when they are shown. What programs read (JSON, the journal) is not
 * translated.
 */
#ifndef BASE_I18N_H
#define BASE_I18N_H

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) text
/* A text and its plural. */
#define P_(one, many, count) ngettext(one, many, count)

/* Chooses the language from the environment and binds the catalog. BEFFROI_LOCALEDIR names another
 * catalog directory (the build tree). Call once, first thing in main. */
void i18n_init(void);
/* Reads the catalogs at once, ours and the C library's (for strerror), which come from files at the first
 * text otherwise: for a program that will soon be able to open none. */
void i18n_load(void);

#endif
