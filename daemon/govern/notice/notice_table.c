// SPDX-License-Identifier: Apache-2.0
/* notice_table.c - the tables `notices` and `noticed` */
#include "notice_table.h"

#include "store/stmt.h"

#define COLUMNS "SELECT id, type, hold, target, data, made_ms, due_ms, attempts, state, error FROM notices "

int notice_table_add(struct store *s, const struct notice *n)
{
	struct stmt *q = stmt(s, "INSERT INTO notices (id, type, hold, target, data, made_ms, due_ms) VALUES (?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, n->id);
	stmt_text(q, n->type);
	stmt_text(q, n->hold);
	stmt_text(q, n->target);
	stmt_text(q, n->data);
	stmt_int(q, n->made_ms);
	stmt_int(q, n->due_ms);
	return stmt_run(q);
}

struct visit {
	notice_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct notice n = { 0 };

	n.id = stmt_col_text(q);
	n.type = stmt_col_text(q);
	n.hold = stmt_col_text(q);
	n.target = stmt_col_text(q);
	n.data = stmt_col_text(q);
	n.made_ms = stmt_col_int(q);
	n.due_ms = stmt_col_int(q);
	n.attempts = stmt_col_int(q);
	n.state = (enum notice_state)stmt_col_int(q);
	n.error = stmt_col_text(q);
	return v->each(v->ctx, &n);
}

int notice_table_each_due(struct store *s, int64_t now_ms, int64_t limit, notice_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE state = 0 AND due_ms <= ? ORDER BY due_ms, id LIMIT ?");

	stmt_int(q, now_ms);
	stmt_int(q, limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int notice_table_each(struct store *s, int64_t limit, notice_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "ORDER BY id DESC LIMIT ?");

	stmt_int(q, limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int notice_table_find(struct store *s, const char *id, notice_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int notice_table_set(struct store *s, const struct notice *n, int64_t now_ms)
{
	struct stmt *q = stmt(s, "UPDATE notices SET attempts = ?, state = ?, due_ms = ?, error = ?, ended_ms = ? WHERE id = ? AND state = 0");
	int64_t changes = 0;
	int r;

	stmt_int(q, n->attempts);
	stmt_int(q, n->state);
	stmt_int(q, n->due_ms);
	stmt_text(q, n->error);
	if (n->state == NOTICE_DUE)
		stmt_null(q);
	else
		stmt_int(q, now_ms);
	stmt_text(q, n->id);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}

int notice_table_count_due(struct store *s, int64_t *ret_count)
{
	struct stmt *q = stmt(s, "SELECT COUNT(*) FROM notices WHERE state = 0");
	int r = stmt_row(q);

	if (r <= 0)
		return r < 0 ? r : -EIO;
	*ret_count = stmt_col_int(q);
	stmt_end(q);
	return 0;
}

int notice_table_purge(struct store *s, int64_t before_ms)
{
	struct stmt *q = stmt(s, "DELETE FROM notices WHERE state <> 0 AND ended_ms < ?");

	stmt_int(q, before_ms);
	return stmt_run(q);
}

struct noticed_visit {
	noticed_each each;
	void *ctx;
};

static int hand_over_hold(struct stmt *q, void *ctx)
{
	const struct noticed_visit *v = ctx;
	const char *hold = stmt_col_text(q);

	return v->each(v->ctx, hold, stmt_col_int(q));
}

int noticed_table_each_new(struct store *s, int64_t boot, noticed_each each, void *ctx)
{
	struct stmt *q = stmt(s, "SELECT id, 0 FROM holds WHERE boot = ? AND state = 0 AND id NOT IN (SELECT hold FROM noticed)"
				 " ORDER BY id LIMIT 1000");

	stmt_int(q, boot);
	return stmt_each(q, hand_over_hold, &(struct noticed_visit){ each, ctx });
}

int noticed_table_each_open(struct store *s, noticed_each each, void *ctx)
{
	struct stmt *q = stmt(s, "SELECT hold, level FROM noticed ORDER BY hold LIMIT 10000");

	return stmt_each(q, hand_over_hold, &(struct noticed_visit){ each, ctx });
}

int noticed_table_put(struct store *s, const char *hold, int64_t level, bool is_ended)
{
	struct stmt *q;

	if (is_ended) {
		q = stmt(s, "DELETE FROM noticed WHERE hold = ?");
		stmt_text(q, hold);
		return stmt_run(q);
	}
	q = stmt(s, "INSERT OR REPLACE INTO noticed (hold, level) VALUES (?, ?)");
	stmt_text(q, hold);
	stmt_int(q, level);
	return stmt_run(q);
}
