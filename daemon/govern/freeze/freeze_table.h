/* SPDX-License-Identifier: Apache-2.0 */
/* freeze_table.h - agents that are frozen; one row for each that ever was */
#ifndef CVF_FREEZE_TABLE_H
#define CVF_FREEZE_TABLE_H

#include <stdint.h>

#include "cvf/wire.h"
#include "store/store.h"

struct frozen {
	uint32_t agent;
	enum wire_freeze_how how;	/* WIRE_THAW: it is not frozen any more */
	int64_t since_ms;
	const char *by, *note;		/* note: NULL, none */
};

/* What is frozen already stays as it is noted, but what was frozen only becomes killed. */
int freeze_table_freeze(struct store *s, const struct frozen *f) must_check;
/* *ret_was: it was frozen. */
int freeze_table_thaw(struct store *s, uint32_t agent, const char *by, const char *note, int64_t now_ms, bool *ret_was) must_check;
/* Calls each; the row lives as long as the call. with_thawed: those that were frozen once, too. */
typedef void (*frozen_each)(void *ctx, const struct frozen *f);
int freeze_table_each(struct store *s, bool with_thawed, frozen_each each, void *ctx) must_check;
/* 1 found and frozen, 0 not. */
int freeze_table_find(struct store *s, uint32_t agent, frozen_each each, void *ctx) must_check;

#endif
