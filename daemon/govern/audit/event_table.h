/* SPDX-License-Identifier: Apache-2.0 */
/* event_table.h - the audit trail: one row per record of the kernel, in the order of storing */
#ifndef CVF_EVENT_TABLE_H
#define CVF_EVENT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cvf/wire.h"
#include "store/store.h"
#include "store/ulid.h"
#include "trail/chain.h"

struct event_row {
	int64_t n;		/* position: 1, 2, ... */
	const char *id;
	int64_t boot, time_ms;
	const struct cvf_record *record;	/* checked when it was stored */
	const uint8_t *hash;
	const uint8_t *seal;	/* NULL: nothing was left out; not read back */
};

/* 1 stored, 0 it was there already. */
int event_table_add(struct store *s, const struct event_row *row, int effective_verdict) must_check;
/* Numbers from `from` on that are stored for a ring, in order. */
int event_table_each_seq(struct store *s, int64_t boot, uint32_t cpu, uint32_t ring, uint64_t from,
			 int (*each)(void *ctx, uint64_t seq), void *ctx) must_check;

enum event_order { EVENT_ASC, EVENT_DESC };

#define EVENT_SCAN_ROWS 20000	/* that one walk looks at: some 50 ms */
#define EVENT_MERGED_MAX 64	/* capabilities that are walked by their index, side by side */

struct event_set {
	uint32_t *capabilities;	/* ascending */
	size_t count;
	uint64_t unregistered;	/* bits 1 << enum cvf_op: what no capability covers */
};

struct event_filter {
	int64_t after_n, before_n;	/* positions, exclusive; 0: open */
	bool by_time;			/* order and cursor by time, then position (not with agent, a refusal or a few capabilities) */
	int64_t cursor_ms;		/* time of the event at after_n or before_n; 0: from the beginning */
	int64_t since_ms, until_ms;	/* inclusive; 0: open */
	int64_t agent;			/* number; 0: all */
	int64_t verdict;		/* enum cvf_verdict, as enforced; 0: all */
	const struct event_set *set;	/* NULL: all */
	int64_t kinds;			/* bit mask 1 << enum cvf_kind */
	enum event_order order;
	int64_t limit;
};

/* How far a walk came. */
struct event_scan {
	int64_t stepped;	/* rows that it looked at: EVENT_SCAN_ROWS and EVENT_MERGED_MAX at most */
	bool is_cut;		/* there may be more behind: */
	int64_t last_n;		/* the row it looked at last, whether it matched or not */
	char last_id[ULID_SIZE];	/* when it is cut */
};

/* Calls each with every match, to the limit; stops when it returns non-zero. Rows live as long as the call. */
int event_table_each(struct store *s, const struct event_filter *f, int (*each)(void *ctx, const struct event_row *row),
		     void *ctx, struct event_scan *ret_scan) must_check;
/* 1 and the row handed to each; 0: none such. */
int event_table_find(struct store *s, const char *id, int (*each)(void *ctx, const struct event_row *row), void *ctx)
	must_check;
/* Position and time of an event; 0: none such. */
int event_table_position(struct store *s, const char *id, int64_t *ret_n, int64_t *ret_time_ms) must_check;
/* Position of the last event with a lesser id; 0: none. */
int event_table_before(struct store *s, const char *id, int64_t *ret_n) must_check;

#endif
