// SPDX-License-Identifier: Apache-2.0
/* delegation_table.c - the table `delegations` */
#include "delegation_table.h"

#include "store/stmt.h"

#define COLUMNS "SELECT id, from_name, to_name, from_uid, to_uid, made_ms, until_ms, note FROM delegations "

int delegation_table_add(struct store *s, const struct delegation *d)
{
	struct stmt *q = stmt(s, "INSERT INTO delegations (id, from_name, to_name, from_uid, to_uid, made_ms, until_ms, note)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, d->id);
	stmt_text(q, d->from);
	stmt_text(q, d->to);
	stmt_int(q, d->from_uid);
	stmt_int(q, d->to_uid);
	stmt_int(q, d->made_ms);
	stmt_int(q, d->until_ms);
	stmt_text(q, d->note);
	return stmt_run(q);
}

struct visit {
	delegation_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct delegation d = { 0 };

	d.id = stmt_col_text(q);
	d.from = stmt_col_text(q);
	d.to = stmt_col_text(q);
	d.from_uid = (uid_t)stmt_col_int(q);
	d.to_uid = (uid_t)stmt_col_int(q);
	d.made_ms = stmt_col_int(q);
	d.until_ms = stmt_col_int(q);
	d.note = stmt_col_text(q);
	return v->each(v->ctx, &d);
}

int delegation_table_each(struct store *s, int64_t now_ms, uid_t to_uid, delegation_each each, void *ctx)
{
	struct stmt *q;

	if (to_uid == (uid_t)-1) {
		q = stmt(s, COLUMNS "WHERE ended_ms IS NULL AND until_ms > ? ORDER BY id DESC");
		stmt_int(q, now_ms);
	} else {
		q = stmt(s, COLUMNS "WHERE ended_ms IS NULL AND until_ms > ? AND to_uid = ? ORDER BY id DESC");
		stmt_int(q, now_ms);
		stmt_int(q, to_uid);
	}
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int delegation_table_find(struct store *s, const char *id, delegation_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int delegation_table_end(struct store *s, const char *id, int64_t now_ms, const char *by)
{
	struct stmt *q = stmt(s, "UPDATE delegations SET ended_ms = ?1, ended_by = ?2 WHERE id = ?3 AND ended_ms IS NULL"
				 " AND until_ms > ?1");
	int64_t changes = 0;
	int r;

	stmt_int(q, now_ms);
	stmt_text(q, by);
	stmt_text(q, id);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}
