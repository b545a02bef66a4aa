// SPDX-License-Identifier: Apache-2.0
/* counter_table.c - the tables `counters` and `cells` */
#include "counter_table.h"

#include "store/stmt.h"

int counter_table_add(struct store *s, const struct counter_row *row)
{
	struct stmt *q = stmt(s, "INSERT INTO counters (agent, capability, op, verdict, count) VALUES (?, ?, ?, ?, ?)"
				 " ON CONFLICT DO UPDATE SET count = count + excluded.count");

	stmt_int(q, row->agent);
	stmt_int(q, row->capability);
	stmt_int(q, row->op);
	stmt_int(q, row->verdict);
	stmt_int(q, (int64_t)row->count);
	return stmt_run(q);
}

int counter_table_each(struct store *s, const struct counter_filter *f, void (*each)(void *ctx, const struct counter_row *row), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT agent, capability, op, verdict, count FROM counters WHERE (?1 = 0 OR agent = ?1)"
				 " AND (agent, capability, op, verdict) > (?2, ?3, ?4, ?5)"
				 " ORDER BY agent, capability, op, verdict LIMIT ?6");
	int r;

	stmt_int(q, f->agent);
	stmt_int(q, f->after.agent);
	stmt_int(q, f->after.capability);
	stmt_int(q, f->after.op);
	stmt_int(q, f->after.verdict);
	stmt_int(q, f->limit ? f->limit : -1);
	while ((r = stmt_row(q)) > 0) {
		struct counter_row row = { .agent = (uint32_t)stmt_col_int(q) };

		row.capability = (uint32_t)stmt_col_int(q);
		row.op = (uint16_t)stmt_col_int(q);
		row.verdict = (uint8_t)stmt_col_int(q);
		row.count = (uint64_t)stmt_col_int(q);
		each(ctx, &row);
	}
	return r;
}

int cell_table_put(struct store *s, uint64_t generation, const struct cell_count *seen)
{
	struct stmt *q = stmt(s, "INSERT OR REPLACE INTO cells (generation, agent, cell, seen) VALUES (?, ?, ?, ?)");

	stmt_int(q, (int64_t)generation);
	stmt_int(q, seen->agent);
	stmt_int(q, seen->cell);
	stmt_int(q, (int64_t)seen->value);
	return stmt_run(q);
}

int cell_table_each(struct store *s, uint64_t generation, void (*each)(void *ctx, const struct cell_count *seen), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT agent, cell, seen FROM cells WHERE generation = ? ORDER BY agent, cell");
	int r;

	stmt_int(q, (int64_t)generation);
	while ((r = stmt_row(q)) > 0) {
		struct cell_count seen = { .agent = (uint32_t)stmt_col_int(q) };

		seen.cell = (uint32_t)stmt_col_int(q);
		seen.value = (uint64_t)stmt_col_int(q);
		each(ctx, &seen);
	}
	return r;
}

int cell_table_drop_before(struct store *s, uint64_t generation)
{
	struct stmt *q = stmt(s, "DELETE FROM cells WHERE generation < ?");

	stmt_int(q, (int64_t)generation);
	return stmt_run(q);
}
