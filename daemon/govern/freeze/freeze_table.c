// SPDX-License-Identifier: Apache-2.0
/* freeze_table.c - the table `frozen` */
#include "freeze_table.h"

#include "store/stmt.h"

int freeze_table_freeze(struct store *s, const struct frozen *f)
{
	struct stmt *q = stmt(s, "INSERT INTO frozen (agent, how, since_ms, frozen_by, note) VALUES (?, ?, ?, ?, ?)"
				 " ON CONFLICT (agent) DO UPDATE SET how = excluded.how, since_ms = excluded.since_ms,"
				 " frozen_by = excluded.frozen_by, note = excluded.note, thawed_ms = NULL, thawed_by = NULL,"
				 " thaw_note = NULL WHERE thawed_ms IS NOT NULL OR how < excluded.how");

	stmt_int(q, f->agent);
	stmt_int(q, f->how);
	stmt_int(q, f->since_ms);
	stmt_text(q, f->by);
	stmt_text(q, f->note);
	return stmt_run(q);
}

int freeze_table_thaw(struct store *s, uint32_t agent, const char *by, const char *note, int64_t now_ms, bool *ret_was)
{
	struct stmt *q = stmt(s, "UPDATE frozen SET thawed_ms = ?, thawed_by = ?, thaw_note = ? WHERE agent = ? AND thawed_ms IS NULL");
	int64_t changes = 0;
	int r;

	stmt_int(q, now_ms);
	stmt_text(q, by);
	stmt_text(q, note);
	stmt_int(q, agent);
	r = stmt_run_count(q, &changes);
	if (r == 0)
		*ret_was = changes > 0;
	return r;
}

#define COLUMNS "SELECT agent, how, since_ms, frozen_by, note, thawed_ms IS NOT NULL FROM frozen "

struct visit {
	frozen_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct frozen f = { .agent = (uint32_t)stmt_col_int(q) };

	f.how = (enum wire_freeze_how)stmt_col_int(q);
	f.since_ms = stmt_col_int(q);
	f.by = stmt_col_text(q);
	f.note = stmt_col_text(q);
	if (stmt_col_int(q))
		f.how = WIRE_THAW;
	v->each(v->ctx, &f);
	return 0;
}

int freeze_table_each(struct store *s, bool with_thawed, frozen_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE thawed_ms IS NULL OR ? ORDER BY agent");

	stmt_int(q, with_thawed);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int freeze_table_find(struct store *s, uint32_t agent, frozen_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE agent = ? AND thawed_ms IS NULL");

	stmt_int(q, agent);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}
