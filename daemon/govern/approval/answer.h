/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - decisions become durable, then reach cvfd */
#ifndef CVF_ANSWER_H
#define CVF_ANSWER_H

#include "approval.h"

/* Copies of holds, without their records. */
struct hold_list {
	struct hold *v;
	size_t n;
};
int hold_list_add(struct hold_list *l, const struct hold *h) must_check;
void hold_list_done(struct hold_list *l);

struct approvals {
	struct hold_list known;	/* pending before cvfd's list: who is not on it has gone */
	char news[ULID_SIZE];	/* the first hold that came since the last look; "": none did */
	unsigned int ticks;
	/* Numbers of holds whose answer met its task, until the next tick: the RESUME of each is to say so in its row, or else the tick does. */
	uint64_t *met;
	size_t met_count;
};

/* 1 found, 0 not. */
int hold_copy_no(struct governor *g, uint64_t hold_no, struct hold *ret_hold) must_check;

/* What the rules of now, or a grant, say: decides and answers, or leaves it pending. */
int answer_by_rule(struct governor *g, const struct hold *h) must_check;
/* Decides one pending hold and sends the answer. 0, or why it could not be stored; a link error is left to the next tick. */
int answer_one(struct governor *g, const struct hold *h, enum hold_state state, enum cvf_reason reason,
	       const struct decision *d) must_check;

/* Sends what is decided and has not reached cvfd. */
int answer_send_due(struct governor *g) must_check;

#endif
