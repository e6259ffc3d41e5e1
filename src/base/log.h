/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The daemon's own log: one line per message on standard error, for the system journal or a terminal.
 * Not for what an investigator needs (that is the journal room), never for secrets, and never from the
 * decision path of the sensor: whoever reads the log may be the program whose open() is waiting.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* `name` (kept, not copied) stands in front of every line: the role. Lines above `level` are dropped. */
void log_init(const char *name, enum log_level level);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
