/* SPDX-License-Identifier: Apache-2.0 */
/* rate.h - a bucket for each credential: so many requests a minute, saved up to a minute's worth */
#ifndef CVF_RATE_H
#define CVF_RATE_H

#include <stdint.h>

#include "core/own.h"

#define RATE_KEY_SIZE 64

/* 0, or the seconds until there is one again. who: a token, an address. */
unsigned int rate_take(const char *who, int64_t per_minute, uint64_t now_ns);
void rate_forget(void);	/* everything; for tests */

#endif
