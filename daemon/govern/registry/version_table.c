// SPDX-License-Identifier: Apache-2.0
/* version_table.c - the table `versions` */
#include "version_table.h"

#include "store/stmt.h"

int version_table_add(struct store *s, const struct version_row *row)
{
	struct stmt *q = stmt(s, "INSERT INTO versions (kind, id, revision, digest, text, generation, made_ms, made_by, note)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");

	stmt_int(q, row->kind);
	stmt_text(q, row->id);
	stmt_int(q, row->revision);
	stmt_blob(q, row->digest, VERSION_DIGEST_BYTES);
	stmt_text(q, row->text);
	stmt_int(q, (int64_t)row->generation);
	stmt_int(q, row->made_ms);
	stmt_text(q, row->made_by);
	stmt_text(q, row->note);
	return stmt_run(q);
}

struct visit {
	enum decl_kind kind;
	version_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	static const uint8_t unknown[VERSION_DIGEST_BYTES];
	const struct visit *v = ctx;
	struct version_row row = { .kind = v->kind, .id = stmt_col_text(q) };
	struct blob digest;

	row.revision = stmt_col_int(q);
	digest = stmt_col_blob(q);
	row.digest = digest.n == VERSION_DIGEST_BYTES ? digest.p : unknown;
	row.text = stmt_col_text(q);
	row.generation = (uint64_t)stmt_col_int(q);
	row.made_ms = stmt_col_int(q);
	row.made_by = stmt_col_text(q);
	row.note = stmt_col_text(q);
	return v->each(v->ctx, &row);
}

int version_table_each_last(struct store *s, enum decl_kind kind, version_each each, void *ctx)
{
	/* Of a group with one MAX() SQLite takes the other columns from the row that has it. */
	struct stmt *q = stmt(s, "SELECT id, MAX(revision), digest, text, generation, made_ms, '', NULL FROM versions"
				 " WHERE kind = ? GROUP BY id ORDER BY id");

	stmt_int(q, kind);
	return stmt_each(q, hand_over, &(struct visit){ kind, each, ctx });
}

int version_table_each(struct store *s, const struct version_filter *f, version_each each, void *ctx)
{
	struct stmt *q = stmt(s, "SELECT id, revision, digest, text, generation, made_ms, made_by, note FROM versions"
				 " WHERE kind = ? AND id = ? AND revision < ? ORDER BY revision DESC LIMIT ?");

	stmt_int(q, f->kind);
	stmt_text(q, f->id);
	stmt_int(q, f->before ? f->before : INT64_MAX);
	stmt_int(q, f->limit ? f->limit : -1);
	return stmt_each(q, hand_over, &(struct visit){ f->kind, each, ctx });
}
