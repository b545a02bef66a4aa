// SPDX-License-Identifier: Apache-2.0
/* gap_table.c - the tables `rings` and `gaps` */
#include "gap_table.h"

#include "store/stmt.h"

static void bind_key(struct stmt *q, const struct ring_row *row)
{
	stmt_int(q, row->boot);
	stmt_int(q, row->cpu);
	stmt_int(q, row->ring);
}

int ring_table_put(struct store *s, const struct ring_row *row)
{
	struct stmt *q = stmt(s, "INSERT OR REPLACE INTO rings (boot, cpu, ring, next) VALUES (?, ?, ?, ?)");

	bind_key(q, row);
	stmt_int(q, (int64_t)row->next);
	return stmt_run(q);
}

int ring_table_each(struct store *s, int64_t boot, int (*each)(void *ctx, const struct ring_row *row), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT cpu, ring, next FROM rings WHERE boot = ?");
	int r;

	stmt_int(q, boot);
	while ((r = stmt_row(q)) > 0) {
		struct ring_row row = { .boot = boot, .cpu = (uint32_t)stmt_col_int(q) };

		row.ring = (uint32_t)stmt_col_int(q);
		row.next = (uint64_t)stmt_col_int(q);
		r = each(ctx, &row);
		if (r < 0) {
			stmt_end(q);
			break;
		}
	}
	return r;
}

int ring_table_next(struct store *s, const struct ring_row *key, uint64_t *ret_next)
{
	struct stmt *q = stmt(s, "SELECT next FROM rings WHERE boot = ? AND cpu = ? AND ring = ?");
	int r;

	*ret_next = 0;
	bind_key(q, key);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	*ret_next = (uint64_t)stmt_col_int(q);
	stmt_end(q);
	return 0;
}

int gap_table_add(struct store *s, const char *id, const struct ring_row *ring, uint64_t first, uint64_t last, int64_t found_ms)
{
	struct stmt *q = stmt(s, "INSERT INTO gaps (id, boot, cpu, ring, first, last, missing, found_ms)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, id);
	bind_key(q, ring);
	stmt_int(q, (int64_t)first);
	stmt_int(q, (int64_t)last);
	stmt_int(q, (int64_t)(last - first + 1));
	stmt_int(q, found_ms);
	return stmt_run(q);
}

int gap_table_fill(struct store *s, const struct ring_row *ring, uint64_t seq, int64_t *ret_found_ms)
{
	struct stmt *q = stmt(s, "UPDATE gaps SET missing = missing - 1 WHERE boot = ?1 AND cpu = ?2 AND ring = ?3"
				 " AND first <= ?4 AND last >= ?4 AND missing > 0 RETURNING found_ms");
	int r;

	bind_key(q, ring);
	stmt_int(q, (int64_t)seq);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	*ret_found_ms = stmt_col_int(q);
	stmt_end(q);
	return 1;
}

static int read_sum(struct stmt *q, uint64_t *ret_sum)
{
	int r = stmt_row(q);

	if (r <= 0)
		return r < 0 ? r : -EIO;
	*ret_sum = (uint64_t)stmt_col_int(q);
	stmt_end(q);
	return 0;
}

int gap_table_declared(struct store *s, const struct ring_row *ring, uint64_t *ret_missing)
{
	struct stmt *q = stmt(s, "SELECT IFNULL(SUM(missing), 0) FROM gaps WHERE boot = ? AND cpu = ? AND ring = ?");

	bind_key(q, ring);
	return read_sum(q, ret_missing);
}

int gap_table_missing(struct store *s, uint64_t *ret_missing)
{
	return read_sum(stmt(s, "SELECT IFNULL(SUM(missing), 0) FROM gaps"), ret_missing);
}

int gap_table_each(struct store *s, const char *before, int64_t limit, void (*each)(void *ctx, const struct gap_row *row), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT id, boot, cpu, ring, first, last, missing, found_ms FROM gaps"
				 " WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2");
	int r;

	stmt_text(q, before);
	stmt_int(q, limit);
	while ((r = stmt_row(q)) > 0) {
		struct gap_row row = { .id = stmt_col_text(q) };

		row.boot = stmt_col_int(q);
		row.cpu = (uint32_t)stmt_col_int(q);
		row.ring = (uint32_t)stmt_col_int(q);
		row.first = (uint64_t)stmt_col_int(q);
		row.last = (uint64_t)stmt_col_int(q);
		row.missing = (uint64_t)stmt_col_int(q);
		row.found_ms = stmt_col_int(q);
		each(ctx, &row);
	}
	return r;
}
