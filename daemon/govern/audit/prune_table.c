// SPDX-License-Identifier: Apache-2.0
/* prune_table.c - see prune_table.h: `anchors`, `pruned`, and the oldest rows of what they stand for */
#include "prune_table.h"

#include <string.h>

#include "store/stmt.h"
#include "trail/trail_table.h"

static int first_number(struct stmt *q, void *ctx)
{
	*(int64_t *)ctx = stmt_col_int(q);
	return 0;
}

int prune_table_time(struct store *s, int64_t n, int64_t *ret_time_ms)
{
	struct stmt *q = stmt(s, "SELECT time_ms FROM events WHERE n = ?1 UNION ALL SELECT time_ms FROM acts WHERE n = ?1");

	stmt_int(q, n);
	return stmt_one(q, first_number, ret_time_ms);
}

int prune_table_used(struct store *s, int64_t *ret_bytes)
{
	static const char sql[] = "SELECT (page_count - freelist_count) * page_size"
				  " FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
	int r = stmt_one(stmt(s, sql), first_number, ret_bytes);

	return r < 0 ? r : 0;
}

static int run_with(struct store *s, struct stmt *q, int64_t value)
{
	(void)s;
	stmt_int(q, value);
	return stmt_run(q);
}

static int put_anchor(struct store *s, int64_t n, int64_t now_ms, const uint8_t hash[CHAIN_BYTES], int64_t acts)
{
	struct stmt *q = stmt(s, "INSERT INTO anchors (n, made_ms, hash, acts) VALUES (?, ?, ?, ?)");

	stmt_int(q, n);
	stmt_int(q, now_ms);
	stmt_blob(q, hash, CHAIN_BYTES);
	stmt_int(q, acts);
	return stmt_run(q);
}

int prune_table_through(struct store *s, int64_t n, int64_t now_ms)
{
	struct anchor anchor;
	uint8_t hash[CHAIN_BYTES];
	int64_t acts = 0;
	struct stmt *q = stmt(s, "SELECT count(*) FROM acts WHERE n <= ?");
	int r = anchor_table_get(s, &anchor);

	stmt_int(q, n);
	if (r == 0)
		r = stmt_one(q, first_number, &acts);
	if (r >= 0)
		r = trail_table_hash(s, n, hash);
	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	r = run_with(s, stmt(s, "INSERT INTO pruned (boot, cpu, ring, count) SELECT boot, cpu, ring, count(*) FROM events NOT INDEXED"
				" WHERE n <= ? GROUP BY boot, cpu, ring"
				" ON CONFLICT (boot, cpu, ring) DO UPDATE SET count = count + excluded.count"), n);
	if (r == 0)
		r = run_with(s, stmt(s, "DELETE FROM events WHERE n <= ?"), n);
	if (r == 0)
		r = run_with(s, stmt(s, "DELETE FROM acts WHERE n <= ?"), n);
	if (r == 0)
		r = run_with(s, stmt(s, "DELETE FROM heads WHERE size < (SELECT max(size) FROM heads WHERE size <= ?)"), n);
	if (r == 0)
		r = stmt_run(stmt(s, "DELETE FROM anchors"));
	return r < 0 ? r : put_anchor(s, n, now_ms, hash, anchor.acts + acts);
}

#define OLD_HOLDS                                                                                                          \
	" WHERE rowid < (SELECT min(rowid) FROM holds) + 200 AND state <> 0 AND is_answered = 1 AND requested_ms < ?"      \
	" AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.hold = h.id)"

/* Only among the oldest few: a step must not read all of a table to find that nothing is due. */
int prune_table_others(struct store *s, int64_t before_ms)
{
	static const char *const sql[] = {
		"DELETE FROM images WHERE rowid < (SELECT min(rowid) FROM images) + 500 AND ended_ns IS NOT NULL AND began_ms < ?",
		"DELETE FROM consents WHERE hold IN (SELECT id FROM holds h" OLD_HOLDS ")",
		"DELETE FROM holds WHERE id IN (SELECT id FROM holds h" OLD_HOLDS ")",
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sql); i++)
		r = run_with(s, stmt(s, sql[i]), before_ms);
	return r;
}
