// SPDX-License-Identifier: Apache-2.0
/* maintenance_table.c - the table `maintenance` */
#include "maintenance_table.h"

#include "store/stmt.h"

int maintenance_table_add(struct store *s, const struct maintenance *m)
{
	struct stmt *q = stmt(s, "INSERT INTO maintenance (id, from_ms, to_ms, note, made_ms, made_by) VALUES (?, ?, ?, ?, ?, ?)");

	stmt_text(q, m->id);
	stmt_int(q, m->from_ms);
	stmt_int(q, m->to_ms);
	stmt_text(q, m->note);
	stmt_int(q, m->made_ms);
	stmt_text(q, m->made_by);
	return stmt_run(q);
}

int maintenance_table_end(struct store *s, const char *id, int64_t now_ms)
{
	struct stmt *q = stmt(s, "UPDATE maintenance SET to_ms = MAX(from_ms, ?1) WHERE id = ?2 AND to_ms > ?1");
	int64_t changes = 0;
	int r;

	stmt_int(q, now_ms);
	stmt_text(q, id);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}

int maintenance_table_covers(struct store *s, int64_t at_ms)
{
	struct stmt *q = stmt(s, "SELECT 1 FROM maintenance WHERE to_ms > ?1 AND from_ms <= ?1 LIMIT 1");
	int r;

	stmt_int(q, at_ms);
	r = stmt_row(q);
	if (r > 0)
		stmt_end(q);
	return r;
}

int maintenance_table_each(struct store *s, const char *before, int64_t limit, void (*each)(void *ctx, const struct maintenance *m), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT id, from_ms, to_ms, note, made_ms, made_by FROM maintenance"
				 " WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2");
	int r;

	stmt_text(q, before);
	stmt_int(q, limit);
	while ((r = stmt_row(q)) > 0) {
		struct maintenance m = { .id = stmt_col_text(q) };

		m.from_ms = stmt_col_int(q);
		m.to_ms = stmt_col_int(q);
		m.note = stmt_col_text(q);
		m.made_ms = stmt_col_int(q);
		m.made_by = stmt_col_text(q);
		each(ctx, &m);
	}
	return r;
}
