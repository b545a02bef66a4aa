// SPDX-License-Identifier: Apache-2.0
/* consent_table.c - the table `consents` */
#include "consent_table.h"

#include "store/stmt.h"

int consent_table_add(struct store *s, const struct consent *c)
{
	struct stmt *q = stmt(s, "INSERT OR REPLACE INTO consents (hold, uid, name, note, at_ms, people, approvers)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, c->hold);
	stmt_int(q, c->uid);
	stmt_text(q, c->name);
	stmt_text(q, c->note);
	stmt_int(q, c->at_ms);
	stmt_int(q, c->people);
	stmt_text(q, c->approvers);
	return stmt_run(q);
}

int consent_table_each(struct store *s, const char *hold, consent_each each, void *ctx)
{
	struct stmt *q = stmt(s, "SELECT uid, name, note, at_ms, people, approvers FROM consents WHERE hold = ? ORDER BY at_ms, uid");
	int r;

	stmt_text(q, hold);
	while ((r = stmt_row(q)) > 0) {
		struct consent c = { .hold = hold, .uid = (uid_t)stmt_col_int(q) };

		c.name = stmt_col_text(q);
		c.note = stmt_col_text(q);
		c.at_ms = stmt_col_int(q);
		c.people = (unsigned int)stmt_col_int(q);
		c.approvers = stmt_col_text(q);
		if (each(ctx, &c)) {
			stmt_end(q);
			return 0;
		}
	}
	return r;
}
