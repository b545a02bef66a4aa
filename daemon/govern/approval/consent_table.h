/* SPDX-License-Identifier: Apache-2.0 */
/* consent_table.h - approvals of single people of holds that need certain or several of them; one of each person */
#ifndef CVF_CONSENT_TABLE_H
#define CVF_CONSENT_TABLE_H

#include <sys/types.h>

#include "store/store.h"

struct consent {
	const char *hold;	/* id */
	uid_t uid;
	const char *name;
	const char *note;	/* NULL: none */
	int64_t at_ms;
	int64_t asked_ms;	/* when the hold began to wait */
	unsigned int people;	/* how many were needed then */
	const char *approvers;	/* of whom, as a JSON array of names */
	unsigned int duties;	/* ROLE_DUTIES that the person had */
};

/* In the place of an earlier one of the same person. */
int consent_table_add(struct store *s, const struct consent *c) must_check;
/* The oldest first; non-zero of each ends the walk. */
typedef int (*consent_each)(void *ctx, const struct consent *c);
int consent_table_each(struct store *s, const char *hold, consent_each each, void *ctx) must_check;
/* Of holds that were asked since then; not those that were the decision, which the hold itself tells of. */
int consent_table_each_since(struct store *s, int64_t since_ms, consent_each each, void *ctx) must_check;

#endif
