/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/detector.h"

const struct detector *const detector_table[] = {
    &detector_ransomware,
    NULL,
};
