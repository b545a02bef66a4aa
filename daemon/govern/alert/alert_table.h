/* SPDX-License-Identifier: Apache-2.0 */
/* alert_table.h - what was noticed, since when, and who has seen it */
#ifndef CVF_ALERT_TABLE_H
#define CVF_ALERT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct alert {
	const char *id, *kind, *subject, *severity, *reason;
	const char *acked_by, *note;				/* NULL: nobody has */
	int64_t opened_ms, seen_ms, ended_ms, acked_ms;		/* 0: not yet */
};

/* Inside a transaction. 1: there is an open one, whose reason and time are now these; 0: there is none. */
int alert_table_see(struct store *s, const struct alert *a) must_check;
int alert_table_add(struct store *s, const struct alert *a) must_check;
/* Ends open ones that were not seen since then. */
int alert_table_end(struct store *s, int64_t seen_before_ms, int64_t now_ms, int64_t *ret_count) must_check;
/* 1 done, 0 there is none such, or somebody was first. */
int alert_table_ack(struct store *s, const struct alert *a) must_check;
int alert_table_prune(struct store *s, int64_t ended_before_ms) must_check;
/* The newest first: open ones, or all before an id (NULL: from the newest). */
int alert_table_each(struct store *s, bool all, const char *before, int64_t limit, void (*each)(void *ctx, const struct alert *a),
		     void *ctx) must_check;

#endif
