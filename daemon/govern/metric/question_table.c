// SPDX-License-Identifier: Apache-2.0
/* question_table.c - the table `uncounted` */
#include "question_table.h"

#include <stdio.h>

#include "store/stmt.h"

int question_table_add(struct store *s, const char *hold)
{
	struct stmt *q = stmt(s, "INSERT OR IGNORE INTO uncounted (hold) VALUES (?)");

	stmt_text(q, hold);
	return stmt_run(q);
}

int question_table_drop(struct store *s, const char *hold)
{
	struct stmt *q = stmt(s, "DELETE FROM uncounted WHERE hold = ?");

	stmt_text(q, hold);
	return stmt_run(q);
}

int question_table_next(struct store *s, const char *after, char ret_hold[ULID_SIZE])
{
	struct stmt *q = stmt(s, "SELECT hold FROM uncounted WHERE hold > ? ORDER BY hold LIMIT 1");
	int r;

	ret_hold[0] = 0;
	stmt_text(q, after);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	snprintf(ret_hold, ULID_SIZE, "%s", stmt_col_text(q));
	stmt_end(q);
	return 0;
}
