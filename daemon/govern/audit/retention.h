/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention.h - the oldest entries go when they are too old, or the database too large, and the rest stays provable
 *
 * In steps of a few milliseconds, with pauses, in the loop that owns the store: the intake waits for one step at most.
 */
#ifndef CVF_RETENTION_H
#define CVF_RETENTION_H

#include "govern/govern.h"

int retention_open(struct governor *g) must_check;
void retention_close(void);

#endif
