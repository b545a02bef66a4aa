/* SPDX-License-Identifier: Apache-2.0 */
/* decl_table.h - declarations registered through the API, and what it set on declarations: agents' modes, capabilities' states */
#ifndef CVF_DECL_TABLE_H
#define CVF_DECL_TABLE_H

#include "policy/policy.h"
#include "store/store.h"

struct decl_row {
	enum decl_kind kind;
	const char *id, *source, *text;	/* source: file name the caller gave */
};

/* Calls each with every row, in order of kind and id; stops at its first negative result and returns that. */
int decl_table_each(struct store *s, int (*each)(void *ctx, const struct decl_row *row), void *ctx) must_check;
int decl_table_has(struct store *s, enum decl_kind kind, const char *id) must_check;	/* 1, 0, negative */
int decl_table_put(struct store *s, const struct decl_row *row, int64_t now_ms, const char *by) must_check;
int decl_table_drop(struct store *s, enum decl_kind kind, const char *id) must_check;

/* value NULL: back to what the declaration says. Kinds that nothing can be set on: no effect. */
int set_table_put(struct store *s, enum decl_kind kind, const char *id, const char *value) must_check;
typedef int (*set_each)(void *ctx, const char *id, const char *value);
int set_table_each(struct store *s, enum decl_kind kind, set_each each, void *ctx) must_check;

#endif
