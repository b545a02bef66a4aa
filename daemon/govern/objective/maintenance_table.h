/* SPDX-License-Identifier: Apache-2.0 */
/* maintenance_table.h - times that objectives leave out */
#ifndef CVF_MAINTENANCE_TABLE_H
#define CVF_MAINTENANCE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct maintenance {
	const char *id, *note, *made_by;	/* of a row: as long as the call */
	int64_t from_ms, to_ms, made_ms;
};

/* Inside a transaction. */
int maintenance_table_add(struct store *s, const struct maintenance *m) must_check;
/* Ends one that has not ended. 1 done, 0 there is none such. */
int maintenance_table_end(struct store *s, const char *id, int64_t now_ms) must_check;
/* 1: the moment lies in one. */
int maintenance_table_covers(struct store *s, int64_t at_ms) must_check;
/* The newest first; before: only ids less than this, NULL: all. */
int maintenance_table_each(struct store *s, const char *before, int64_t limit, void (*each)(void *ctx, const struct maintenance *m), void *ctx)
	must_check;

#endif
