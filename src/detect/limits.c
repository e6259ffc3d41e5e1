/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/limits.h"

const struct limits limits_default = {
#define VALUE(name, value, reason) .name = value,
    LIMITS_TABLE(VALUE)
#undef VALUE
};

const struct limits_row limits_rows[] = {
#define ROW(name, value, reason) {#name, reason, offsetof(struct limits, name)},
    LIMITS_TABLE(ROW)
#undef ROW
};
const size_t limits_row_count = sizeof(limits_rows) / sizeof(limits_rows[0]);
