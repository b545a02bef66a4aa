// SPDX-License-Identifier: Apache-2.0
/* rollup_table.c - the tables `rollups`, `marks` and `skill_numbers` */
#include "rollup_table.h"

#include <stdio.h>
#include <string.h>

#include "store/stmt.h"

int rollup_table_add(struct store *s, const struct rollup_row *row)
{
	struct stmt *q = stmt(s, "INSERT INTO rollups (metric, subject, span, at, key, n, sum) VALUES (?, ?, ?, ?, ?, ?, ?)"
				 " ON CONFLICT DO UPDATE SET n = n + excluded.n, sum = sum + excluded.sum");

	stmt_int(q, row->metric);
	stmt_int(q, row->subject);
	stmt_int(q, row->span);
	stmt_int(q, row->at);
	stmt_int(q, row->key);
	stmt_int(q, row->n);
	stmt_int(q, row->sum);
	return stmt_run(q);
}

static int walk(struct stmt *q, const struct rollup_row *of, int64_t to, rollup_each_fn each, void *ctx)
{
	struct rollup_row row = *of;
	int r;

	stmt_int(q, of->metric);
	stmt_int(q, of->subject);
	stmt_int(q, of->span);
	stmt_int(q, of->at);
	stmt_int(q, to);
	while ((r = stmt_row(q)) > 0) {
		row.at = stmt_col_int(q);
		row.key = stmt_col_int(q);
		row.n = stmt_col_int(q);
		row.sum = stmt_col_int(q);
		each(ctx, &row);
	}
	return r;
}

#define OF " FROM rollups WHERE metric = ? AND subject = ? AND span = ? AND at >= ? AND at < ?"

int rollup_table_each(struct store *s, const struct rollup_row *of, int64_t to, rollup_each_fn each, void *ctx)
{
	return walk(stmt(s, "SELECT MIN(at), key, SUM(n), SUM(sum)" OF " GROUP BY key ORDER BY key"), of, to, each, ctx);
}

int rollup_table_each_bucket(struct store *s, const struct rollup_row *of, int64_t to, rollup_each_fn each, void *ctx)
{
	return walk(stmt(s, "SELECT at, key, n, sum" OF " ORDER BY at, key"), of, to, each, ctx);
}

/* From one subject to the next by the primary key: as many steps as there are subjects. */
int rollup_table_subjects(struct store *s, int64_t metric, void (*each)(void *ctx, int64_t subject), void *ctx)
{
	int64_t last = 0;

	for (;;) {
		struct stmt *q = stmt(s, "SELECT subject FROM rollups WHERE metric = ? AND subject > ? ORDER BY subject LIMIT 1");
		int r;

		stmt_int(q, metric);
		stmt_int(q, last);
		r = stmt_row(q);
		if (r <= 0)
			return r;
		last = stmt_col_int(q);
		stmt_end(q);
		each(ctx, last);
	}
}

int rollup_table_prune(struct store *s, int64_t span, int64_t before)
{
	struct stmt *q = stmt(s, "DELETE FROM rollups WHERE (metric, subject, span, at, key) IN (SELECT metric, subject, span, at,"
				 " key FROM rollups INDEXED BY rollups_age WHERE span = ? AND at < ? LIMIT 4000)");

	stmt_int(q, span);
	stmt_int(q, before);
	return stmt_run(q);
}

int mark_table_get(struct store *s, const char *name, char ret_value[MARK_SIZE])
{
	struct stmt *q = stmt(s, "SELECT value FROM marks WHERE name = ?");
	int r;

	ret_value[0] = 0;
	stmt_text(q, name);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	snprintf(ret_value, MARK_SIZE, "%s", stmt_col_text(q));
	stmt_end(q);
	return 0;
}

int mark_table_put(struct store *s, const char *name, const char *value)
{
	struct stmt *q = stmt(s, "INSERT OR REPLACE INTO marks (name, value) VALUES (?, ?)");

	stmt_text(q, name);
	stmt_text(q, value);
	return stmt_run(q);
}

static int find_skill(struct store *s, const char *name, int64_t *ret_number)
{
	struct stmt *q = stmt(s, "SELECT number FROM skill_numbers WHERE name = ?");
	int r;

	*ret_number = 0;
	stmt_text(q, name);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	*ret_number = stmt_col_int(q);
	stmt_end(q);
	return 1;
}

int skill_table_number(struct store *s, const char *name, int64_t *ret_number)
{
	int r = find_skill(s, name, ret_number);
	struct stmt *q;

	if (r)
		return r < 0 ? r : 0;
	q = stmt(s, "INSERT INTO skill_numbers (name) SELECT ?1 WHERE (SELECT COUNT(*) FROM skill_numbers) < ?2");
	stmt_text(q, name);
	stmt_int(q, SKILLS_MAX);
	r = stmt_run(q);
	if (r == 0)
		r = find_skill(s, name, ret_number);
	return r < 0 ? r : 0;
}

int skill_table_name(struct store *s, int64_t number, char *ret_name, size_t size)
{
	struct stmt *q = stmt(s, "SELECT name FROM skill_numbers WHERE number = ?");
	int r;

	ret_name[0] = 0;
	stmt_int(q, number);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	snprintf(ret_name, size, "%s", stmt_col_text(q));
	stmt_end(q);
	return 0;
}
