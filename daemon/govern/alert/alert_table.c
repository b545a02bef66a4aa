// SPDX-License-Identifier: Apache-2.0
/* alert_table.c - the table `alerts` */
#include "alert_table.h"

#include "store/stmt.h"

int alert_table_see(struct store *s, const struct alert *a)
{
	struct stmt *q = stmt(s, "UPDATE alerts SET seen_ms = ?, reason = ?, severity = ? WHERE kind = ? AND subject = ? AND"
				 " ended_ms IS NULL");
	int64_t changes = 0;
	int r;

	stmt_int(q, a->seen_ms);
	stmt_text(q, a->reason);
	stmt_text(q, a->severity);
	stmt_text(q, a->kind);
	stmt_text(q, a->subject);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}

int alert_table_add(struct store *s, const struct alert *a)
{
	struct stmt *q = stmt(s, "INSERT INTO alerts (id, kind, subject, severity, reason, opened_ms, seen_ms)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, a->id);
	stmt_text(q, a->kind);
	stmt_text(q, a->subject);
	stmt_text(q, a->severity);
	stmt_text(q, a->reason);
	stmt_int(q, a->opened_ms);
	stmt_int(q, a->seen_ms);
	return stmt_run(q);
}

int alert_table_end(struct store *s, int64_t seen_before_ms, int64_t now_ms, int64_t *ret_count)
{
	struct stmt *q = stmt(s, "UPDATE alerts SET ended_ms = ? WHERE ended_ms IS NULL AND seen_ms < ?");

	*ret_count = 0;
	stmt_int(q, now_ms);
	stmt_int(q, seen_before_ms);
	return stmt_run_count(q, ret_count);
}

int alert_table_ack(struct store *s, const struct alert *a)
{
	struct stmt *q = stmt(s, "UPDATE alerts SET acked_ms = ?, acked_by = ?, note = ? WHERE id = ? AND acked_ms IS NULL");
	int64_t changes = 0;
	int r;

	stmt_int(q, a->acked_ms);
	stmt_text(q, a->acked_by);
	stmt_text(q, a->note);
	stmt_text(q, a->id);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}

int alert_table_prune(struct store *s, int64_t ended_before_ms)
{
	struct stmt *q = stmt(s, "DELETE FROM alerts WHERE ended_ms < ?");

	stmt_int(q, ended_before_ms);
	return stmt_run(q);
}

int alert_table_each(struct store *s, bool all, const char *before, int64_t limit, void (*each)(void *ctx, const struct alert *a),
		     void *ctx)
{
	struct stmt *q = stmt(s, "SELECT id, kind, subject, severity, reason, opened_ms, seen_ms, IFNULL(ended_ms, 0),"
				 " IFNULL(acked_ms, 0), acked_by, note FROM alerts WHERE (?1 OR ended_ms IS NULL)"
				 " AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3");
	int r;

	stmt_int(q, all);
	stmt_text(q, before);
	stmt_int(q, limit);
	while ((r = stmt_row(q)) > 0) {
		struct alert a = { .id = stmt_col_text(q) };

		a.kind = stmt_col_text(q);
		a.subject = stmt_col_text(q);
		a.severity = stmt_col_text(q);
		a.reason = stmt_col_text(q);
		a.opened_ms = stmt_col_int(q);
		a.seen_ms = stmt_col_int(q);
		a.ended_ms = stmt_col_int(q);
		a.acked_ms = stmt_col_int(q);
		a.acked_by = stmt_col_text(q);
		a.note = stmt_col_text(q);
		each(ctx, &a);
	}
	return r;
}
