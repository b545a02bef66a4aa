/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repeat.h - Idempotency-Key: a POST that is sent again is answered as it was, and done once
 *
 * Kept for a day, so many for each caller; the oldest go first. What failed with 5xx was not done and is not kept.
 */
#ifndef CVF_REPEAT_H
#define CVF_REPEAT_H

#include "api/route.h"

#define REPEAT_KEY_MAX 128

/* Runs the handler of the route, or answers for it. */
unsigned int repeat_run(struct request *q, const struct route *route);

#endif
