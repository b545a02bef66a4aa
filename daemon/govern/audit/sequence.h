/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sequence.h - which numbers of a ring have arrived: finds holes in what should have none; pure, takes a clock
 *
 * Two hooks on one CPU may take numbers in one order and reach the ring in the other, so a hole is declared only when it has
 * stood for a while.
 */
#ifndef CVF_SEQUENCE_H
#define CVF_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/own.h"

#define SEQUENCE_GRACE_MS 2000
#define SEQUENCE_SPANS_MAX 1024	/* numbers that arrived beyond a hole; more: the first hole is declared at once */

struct sequence_span {
	uint64_t first, last;
	int64_t since_ms;	/* when the hole before it was noticed */
};

struct sequence {
	uint64_t next;		/* lowest number neither seen nor declared missing; starts at 1 */
	struct sequence_span *ahead;	/* seen beyond next, in order, never touching */
	size_t ahead_count;
	uint64_t settled;	/* what has not arrived up to here never will: its holes need not stand for a while */
};

void sequence_done(struct sequence *s);
/* A number was seen. 1: it fills what next waited for or is ahead; 0: it was accounted for before; -ENOMEM. */
int sequence_take(struct sequence *s, uint64_t seq, int64_t now_ms) must_check;
/* Of the numbers up to last: those neither seen nor declared missing. */
uint64_t sequence_open(const struct sequence *s, uint64_t last);
/* The oldest hole if it has stood long enough: true, and it counts as accounted for. Call until false. */
bool sequence_hole(struct sequence *s, int64_t now_ms, uint64_t *ret_first, uint64_t *ret_last);

#endif
