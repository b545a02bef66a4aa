// SPDX-License-Identifier: Apache-2.0
/* decl_table.c - the tables `declarations`, `modes` and `states` */
#include "decl_table.h"

#include "store/stmt.h"

int decl_table_each(struct store *s, int (*each)(void *ctx, const struct decl_row *row), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT kind, id, source, text FROM declarations ORDER BY kind, id");
	int r;

	while ((r = stmt_row(q)) > 0) {
		struct decl_row row = { .kind = (enum decl_kind)stmt_col_int(q) };

		row.id = stmt_col_text(q);
		row.source = stmt_col_text(q);
		row.text = stmt_col_text(q);
		r = each(ctx, &row);
		if (r < 0) {
			stmt_end(q);
			break;
		}
	}
	return r;
}

int decl_table_has(struct store *s, enum decl_kind kind, const char *id)
{
	struct stmt *q = stmt(s, "SELECT 1 FROM declarations WHERE kind = ? AND id = ?");
	int r;

	stmt_int(q, kind);
	stmt_text(q, id);
	r = stmt_row(q);
	if (r > 0)
		stmt_end(q);
	return r;
}

int decl_table_put(struct store *s, const struct decl_row *row, int64_t now_ms, const char *by)
{
	struct stmt *q = stmt(s, "INSERT OR REPLACE INTO declarations (kind, id, source, text, made_ms, made_by)"
				 " VALUES (?, ?, ?, ?, ?, ?)");

	stmt_int(q, row->kind);
	stmt_text(q, row->id);
	stmt_text(q, row->source);
	stmt_text(q, row->text);
	stmt_int(q, now_ms);
	stmt_text(q, by);
	return stmt_run(q);
}

int decl_table_drop(struct store *s, enum decl_kind kind, const char *id)
{
	struct stmt *q = stmt(s, "DELETE FROM declarations WHERE kind = ? AND id = ?");

	stmt_int(q, kind);
	stmt_text(q, id);
	return stmt_run(q);
}

static const struct set_statements {
	const char *put, *drop, *each;
} set_statements[DECL_KIND_MAX] = {
	[DECL_AGENT] = { "INSERT OR REPLACE INTO modes (agent, mode) VALUES (?, ?)", "DELETE FROM modes WHERE agent = ?",
			 "SELECT agent, mode FROM modes" },
	[DECL_CAPABILITY] = { "INSERT OR REPLACE INTO states (capability, state) VALUES (?, ?)",
			      "DELETE FROM states WHERE capability = ?", "SELECT capability, state FROM states" },
};

int set_table_put(struct store *s, enum decl_kind kind, const char *id, const char *value)
{
	const struct set_statements *of = &set_statements[kind];
	struct stmt *q;

	if (!of->put)
		return 0;
	q = stmt(s, value ? of->put : of->drop);
	stmt_text(q, id);
	if (value)
		stmt_text(q, value);
	return stmt_run(q);
}

int set_table_each(struct store *s, enum decl_kind kind, set_each each, void *ctx)
{
	struct stmt *q;
	int r;

	if (!set_statements[kind].each)
		return 0;
	q = stmt(s, set_statements[kind].each);
	while ((r = stmt_row(q)) > 0) {
		const char *id = stmt_col_text(q);

		r = each(ctx, id, stmt_col_text(q));
		if (r < 0) {
			stmt_end(q);
			break;
		}
	}
	return r;
}
