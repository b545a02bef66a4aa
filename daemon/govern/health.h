/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h - is anything enforced: asked of the kernel by an operation that must be refused, never concluded from settings
 */
#ifndef CVF_HEALTH_H
#define CVF_HEALTH_H

#include "govern.h"

struct routes;
extern const struct routes health_routes;

/* Runs the canary unless it ran within max_age_ms. */
bool health_canary(struct governor *g, int64_t max_age_ms);
/* Asks cvfd for its numbers. */
int health_status(struct governor *g) must_check;

#endif
