// SPDX-License-Identifier: Apache-2.0
/* consent_table.c - the table `consents` */
#include "consent_table.h"

#include "store/stmt.h"

int consent_table_add(struct store *s, const struct consent *c)
{
	struct stmt *q = stmt(s, "INSERT OR REPLACE INTO consents (hold, uid, name, note, at_ms, people, approvers, duties)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, c->hold);
	stmt_int(q, c->uid);
	stmt_text(q, c->name);
	stmt_text(q, c->note);
	stmt_int(q, c->at_ms);
	stmt_int(q, c->people);
	stmt_text(q, c->approvers);
	stmt_int(q, c->duties);
	return stmt_run(q);
}

#define COLUMNS                                                                                                     \
	"SELECT uid, name, consents.note, at_ms, requested_ms, people, approvers, duties, hold FROM consents JOIN holds ON id = hold "

struct visit {
	consent_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct consent c = { .uid = (uid_t)stmt_col_int(q) };

	c.name = stmt_col_text(q);
	c.note = stmt_col_text(q);
	c.at_ms = stmt_col_int(q);
	c.asked_ms = stmt_col_int(q);
	c.people = (unsigned int)stmt_col_int(q);
	c.approvers = stmt_col_text(q);
	c.duties = (unsigned int)stmt_col_int(q);
	c.hold = stmt_col_text(q);
	return v->each(v->ctx, &c);
}

int consent_table_each(struct store *s, const char *hold, consent_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE hold = ? ORDER BY at_ms, uid");

	stmt_text(q, hold);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int consent_table_each_since(struct store *s, int64_t since_ms, consent_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE requested_ms >= ? AND NOT (state = 1 AND name = IFNULL(decided_by, ''))");

	stmt_int(q, since_ms);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}
