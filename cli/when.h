/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when.h - durations and moments as people write them: 90s, 10m, 2h, 1d, 1h30m; RFC 3339, or a date
 */
#ifndef CVF_CLI_WHEN_H
#define CVF_CLI_WHEN_H

#include <stdint.h>
#include <time.h>

#include "core/own.h"

#define WHEN_MAX 32	/* of a printed moment or duration */

/*
 * Seconds from "90s", "10m", "1h30m", "2d", "1w"; a bare number is seconds. -EINVAL; -ERANGE: more than ten
 * years, or nothing.
 */
int when_duration(const char *text, int64_t *ret_seconds) must_check;
/*
 * A moment: RFC 3339, "YYYY-MM-DD" or "YYYY-MM-DD HH:MM[:SS]" (UTC), or a duration: that long before now.
 * -EINVAL.
 */
int when_moment(const char *text, time_t now, time_t *ret) must_check;
/* "2025-01-02T03:04:05Z" */
void when_print(time_t moment, char text[static WHEN_MAX]);
/* "4m12s", "2h", "3d4h": the two largest units. */
void when_print_duration(int64_t seconds, char text[static WHEN_MAX]);

#endif
