// SPDX-License-Identifier: Apache-2.0
/* review_table.c - the table `reviews` */
#include "review_table.h"

#include "store/stmt.h"

#define COLUMNS "SELECT id, hold, uid, name, reason, opened_ms, IFNULL(closed_ms, 0), closed_by, note FROM reviews "

int review_table_add(struct store *s, const struct review *r)
{
	struct stmt *q = stmt(s, "INSERT INTO reviews (id, hold, uid, name, reason, opened_ms) VALUES (?, ?, ?, ?, ?, ?)");

	stmt_text(q, r->id);
	stmt_text(q, r->hold);
	stmt_int(q, r->uid);
	stmt_text(q, r->name);
	stmt_text(q, r->reason);
	stmt_int(q, r->opened_ms);
	return stmt_run(q);
}

struct visit {
	review_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct review r = { 0 };

	r.id = stmt_col_text(q);
	r.hold = stmt_col_text(q);
	r.uid = (uid_t)stmt_col_int(q);
	r.name = stmt_col_text(q);
	r.reason = stmt_col_text(q);
	r.opened_ms = stmt_col_int(q);
	r.closed_ms = stmt_col_int(q);
	r.closed_by = stmt_col_text(q);
	r.note = stmt_col_text(q);
	return v->each(v->ctx, &r);
}

int review_table_each(struct store *s, bool open_only, int64_t limit, review_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE ?1 = 0 OR closed_ms IS NULL ORDER BY id DESC LIMIT ?2");

	stmt_int(q, open_only);
	stmt_int(q, limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int review_table_find(struct store *s, const char *id, review_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int review_table_find_hold(struct store *s, const char *hold, review_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE hold = ?");

	stmt_text(q, hold);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int review_table_close(struct store *s, const struct review *r)
{
	struct stmt *q = stmt(s, "UPDATE reviews SET closed_ms = ?, closed_by = ?, note = ? WHERE id = ? AND closed_ms IS NULL");
	int64_t changes = 0;
	int result;

	stmt_int(q, r->closed_ms);
	stmt_text(q, r->closed_by);
	stmt_text(q, r->note);
	stmt_text(q, r->id);
	result = stmt_run_count(q, &changes);
	return result < 0 ? result : changes > 0;
}
