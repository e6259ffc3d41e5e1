/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON for people: a line for each member, two spaces for each depth, as Go indents it.
 */
#ifndef VAULT_INDENT_H
#define VAULT_INDENT_H

#include "base/buf.h"

/* Appends the JSON text with other white space; strings stay byte for byte. What is not JSON comes out
 * somehow. */
void indent_json(const void *bytes, size_t length, struct buf *out);

#endif
