/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approval.h - operations that wait: durable from the moment they are heard of, decided once, answered until cvfd has it
 *
 * Order: the decision is on disk, then cvfd gets the answer, then the row says so. Whoever dies in between, the answer is
 * sent again; nothing is released whose decision could not be written.
 *
 * The same question (equal grant digest) asked by several processes that an approver could not tell apart is one entry: one
 * decision answers them all, each with an answer of its own. R3 operations are never put together.
 */
#ifndef CVF_APPROVAL_H
#define CVF_APPROVAL_H

#include "govern/govern.h"
#include "hold_table.h"

struct routes;
extern const struct routes approval_routes;

int approvals_open(struct governor *g, struct approvals **ret_approvals) must_check;
void approvals_free(struct approvals *a);

/* From intake, inside its transaction. */
int approval_on_hold(struct governor *g, const struct cvf_record *r) must_check;
int approval_on_resume(struct governor *g, const struct cvf_record *r, int64_t time_ms) must_check;
int approval_on_granted(struct governor *g, const struct cvf_record *r, int64_t time_ms) must_check;
int approval_on_session_end(struct governor *g, uint32_t session) must_check;
/* After a commit: answers what the policy or a grant now decides. */
void approval_after_commit(struct governor *g);

/* At start: asks cvfd what waits, then compares (packets HOLD and HOLDS_END), and sends grants that the kernel lost. */
int approval_start(struct governor *g) must_check;
void approval_on_listed(struct governor *g, const struct packet *p);
void approval_on_listed_end(struct governor *g);

/* New policy: what waits is judged again. Every second: expiry, answers not sent yet, conditions of time. */
void approval_on_policy(struct governor *g);
void approval_tick(struct governor *g);

struct decision {
	enum cvf_verdict answer;
	const char *by;
	const char *note;	/* NULL: none */
	const char *scope;	/* "once", "session", "agent" */
	const char *pattern;	/* of the grant; NULL: it covers the same question only */
	int64_t for_s;		/* of the grant; 0: until its session or its default lifetime ends */
	int64_t time_ms;	/* of the decision; 0: now */
	const char *glass;	/* why others were not asked; NULL: they need not be, or were. With uid, who is reviewed */
	uid_t uid;
	int64_t uses;		/* of the grant, beyond the operations that wait now; 0: unlimited */
};
/*
 * Decides a hold and whatever asks the same. 0 with the number of tasks resumed; -EALREADY: not pending; -ENOENT; -EIO: the
 * store cannot keep it (nothing was released); -ESRCH: every process that asked is gone; -EREMOTEIO: what it would take away
 * could not be kept first, so it was refused; or the link's error (the decision
 * stands and is sent as soon as cvfd is back).
 */
int approval_decide(struct governor *g, const char *id, const struct decision *d, unsigned int *ret_resumed) must_check;

/* Whether two holds are one question; what makes it so. */
uint64_t approval_question(const struct cvf_record *r);
bool approval_same_question(const struct hold *a, const struct hold *b);
bool approval_needs_human(const struct hold *h);	/* CRITICAL */
/* CRITICAL, or a condition that must be looked at each time. */
bool approval_leaves_no_grant(const struct hold *h);

#endif
