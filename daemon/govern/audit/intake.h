/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h - records from cvfd into the store: checked one by one, stored in batches, acknowledged only when committed
 *
 * While the store cannot write, batches stay here unacknowledged (and with cvfd), and storing is tried again.
 */
#ifndef CVF_INTAKE_H
#define CVF_INTAKE_H

#include "govern/govern.h"

#define INTAKE_RECORDS 1000	/* records in one transaction, about */
#define INTAKE_BYTES_MAX (128u << 20)	/* batches waiting for a store that fails; beyond: give up, cvfd sends them again */

int intake_open(struct governor *g, struct intake **ret_intake) must_check;
void intake_free(struct intake *i);

/* Takes a RECORDS packet. */
void intake_push(struct intake *i, struct packet *take);
/* Stores and acknowledges what was pushed. 0, or why the store (or the link) failed; then it is kept for the next time. */
int intake_flush(struct governor *g) must_check;
/* -ENOBUFS: too much waits for a store that fails. */
int intake_is_full(const struct intake *i) must_check;

/* Of the records that the kernel has numbered in this boot, those neither stored nor declared missing: on their way, or lost last. */
uint64_t intake_unseen(const struct intake *i, const struct wire_status *status);
uint64_t intake_recorded(const struct intake *i);	/* events in the store */
int64_t intake_head(const struct intake *i);		/* position of the newest */
/* Declares holes that have stood long enough; called every second. */
int intake_tick(struct governor *g) must_check;

#endif
