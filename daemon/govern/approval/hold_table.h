/* SPDX-License-Identifier: Apache-2.0 */
/* hold_table.h - operations that waited or wait for a decision */
#ifndef CVF_HOLD_TABLE_H
#define CVF_HOLD_TABLE_H

#include <stdint.h>

#include "cvf/wire.h"
#include "store/store.h"
#include "store/ulid.h"

enum hold_state { HOLD_PENDING, HOLD_APPROVED, HOLD_DENIED, HOLD_EXPIRED, HOLD_ABANDONED, HOLD_STATE_MAX };

struct hold {
	char id[ULID_SIZE];
	int64_t boot;
	uint64_t hold_no, digest, grant_session, grant_agent;
	uint64_t question;	/* equal: an approver would see the same question */
	uint32_t agent, session;	/* numbers */
	uint8_t cell_flags;
	enum hold_state state;
	int64_t requested_ms, expires_ms, decided_ms;	/* 0: never, not yet */
	uint64_t expires_ns;
	enum cvf_verdict answer;	/* NONE: undecided */
	enum cvf_reason reason;		/* of the answer */
	bool is_answered;		/* cvfd has the answer, or needs none */
	char decided_by[64], note[512], scope[16];
	const struct cvf_record *record;	/* only inside a callback */
};

/* 1 added, 0 known already. */
int hold_table_add(struct store *s, const struct hold *h) must_check;
/* Empty id: none such. */
int hold_table_id(struct store *s, int64_t boot, uint64_t hold_no, char ret_id[ULID_SIZE]) must_check;

typedef int (*hold_each)(void *ctx, const struct hold *h);	/* non-zero ends the walk */

/* 1 found and handed over, 0 not. */
int hold_table_find(struct store *s, const char *id, hold_each each, void *ctx) must_check;
int hold_table_find_no(struct store *s, int64_t boot, uint64_t hold_no, hold_each each, void *ctx) must_check;
/* Ids that start so: how many (0, 1, 2 for more), the first in ret_id. */
int hold_table_find_prefix(struct store *s, const char *prefix, char ret_id[ULID_SIZE]) must_check;

struct hold_filter {
	int64_t agent;		/* number; 0: all */
	bool all_states;	/* else pending only */
	int64_t boot;		/* of pending ones */
	const char *from;	/* of pending ones: no ids less than this; NULL: all */
	const char *capability;	/* pattern of an id; NULL: all. Not for hold_table_each(), which knows no names */
	const char *before;	/* of all states: only ids less than this; NULL: all */
	int64_t limit;
};
/* Pending ones oldest first, all newest first. */
int hold_table_each(struct store *s, const struct hold_filter *f, hold_each each, void *ctx) must_check;
/* Pending ones that ask the same as the one given, it included; the oldest first. */
int hold_table_each_same(struct store *s, const struct hold *h, hold_each each, void *ctx) must_check;
int hold_table_count_same(struct store *s, const struct hold *h, int64_t *ret_count) must_check;
/* The newest others of the same agent and capability, whatever became of them. */
int hold_table_each_like(struct store *s, const struct hold *h, int64_t limit, hold_each each, void *ctx) must_check;
/* Decided in this boot, and cvfd does not have the answer yet. */
int hold_table_each_unanswered(struct store *s, int64_t boot, hold_each each, void *ctx) must_check;

/* State, answer, reason, decided_*, note, scope and is_answered of a pending hold. 1 changed, 0 it was not pending. */
int hold_table_decide(struct store *s, const struct hold *h) must_check;
int hold_table_set_answered(struct store *s, const char *id) must_check;
/* The answer has to be sent again. */
int hold_table_set_due(struct store *s, const char *id) must_check;
/* What became of it after all: for records that contradict the row. */
int hold_table_set_state(struct store *s, const char *id, enum hold_state state) must_check;

/* An approval that could not be carried out: state, answer and reason become those of the hold given. */
int hold_table_overrule(struct store *s, const struct hold *h) must_check;

/*
 * Other questions that the hold's agent had people asked for its capability since then and before it; 0 when the hold joins
 * one that waits.
 */
int hold_table_count_questions(struct store *s, const struct hold *h, int64_t since_ms, int64_t *ret_count) must_check;

/* One question and what came of it, however many processes asked it. */
struct hold_answer {
	int64_t requested_ms, decided_ms;	/* of the first that asked; 0: not decided */
	const char *by;
	enum hold_state state;
	enum cvf_reason reason;
	uint32_t agent, capability;	/* numbers */
	int64_t processes;
};
#define HOLD_ANSWERS_MAX 200000	/* the newest are read */
typedef int (*hold_answer_each)(void *ctx, const struct hold_answer *a);	/* non-zero ends the walk with -ENOMEM */
int hold_table_each_answer(struct store *s, int64_t since_ms, hold_answer_each each, void *ctx) must_check;

/* One hold and what became of it. */
struct hold_outcome {
	const char *id, *by;
	uint32_t agent;
	int64_t requested_ms, decided_ms;	/* 0: not decided */
	enum hold_state state;
	enum cvf_reason reason;
};
typedef int (*hold_outcome_each)(void *ctx, const struct hold_outcome *o);	/* negative ends the walk with it */
/* Those with a greater id, in order, at most limit. */
int hold_table_each_after(struct store *s, const char *id, int64_t limit, hold_outcome_each each, void *ctx) must_check;
/* 1 found and handed over, 0 not. */
int hold_table_outcome(struct store *s, const char *id, hold_outcome_each each, void *ctx) must_check;

/* What was ever approved, each once. */
int hold_table_each_approved(struct store *s, int (*each)(void *ctx, uint32_t agent, uint32_t capability), void *ctx) must_check;

int hold_table_pending(struct store *s, int64_t boot, int64_t *ret_count, uint64_t *ret_next_expiry) must_check;
/* Pending holds of other boots died with their processes. */
int hold_table_abandon_others(struct store *s, int64_t boot, int64_t now_ms) must_check;

#endif
