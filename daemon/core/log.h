/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - lines for people and for the journal on standard error
 *
 * Libraries do not log: whoever owns the request or the loop iteration logs once. What deceives a reader is escaped, because
 * paths and arguments of agents end up in it. errno is kept.
 */
#ifndef CVF_LOG_H
#define CVF_LOG_H

#include <syslog.h>

#include "own.h"

/* program: borrowed for ever, put before each line on a terminal. Lines of a level above max_level (LOG_INFO) are dropped. */
void log_open(const char *program, int max_level);
void log_at(int level, const char *format, ...) printf_like(2, 3);

#define log_error(...) log_at(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

#endif
