/* SPDX-License-Identifier: Apache-2.0 */
/* review_table.h - approvals that broke the glass, until somebody else has looked at them */
#ifndef CVF_REVIEW_TABLE_H
#define CVF_REVIEW_TABLE_H

#include <sys/types.h>

#include "store/store.h"

struct review {
	const char *id, *hold, *name, *reason;
	uid_t uid;
	int64_t opened_ms, closed_ms;	/* 0: open */
	const char *closed_by, *note;	/* NULL: none */
};

int review_table_add(struct store *s, const struct review *r) must_check;
typedef int (*review_each)(void *ctx, const struct review *r);	/* non-zero ends the walk */
/* The newest first; those still open, or all of them. */
int review_table_each(struct store *s, bool open_only, int64_t limit, review_each each, void *ctx) must_check;
/* 1 found, 0 not. */
int review_table_find(struct store *s, const char *id, review_each each, void *ctx) must_check;
int review_table_find_hold(struct store *s, const char *hold, review_each each, void *ctx) must_check;
/* 1 closed, 0 it was not open. */
int review_table_close(struct store *s, const struct review *r) must_check;

#endif
