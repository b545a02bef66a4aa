// SPDX-License-Identifier: Apache-2.0
/*
 * event_table.c - the table `events`
 *
 * A query names the index it walks: a page of the newest refusals must not read a million permissions to find them.
 */
#include "event_table.h"

#include <stdalign.h>
#include <string.h>

#include "store/stmt.h"

#define COLUMNS "SELECT n, id, boot, time_ms, record, hash FROM events "
#define FILTER                                                                                                           \
	" WHERE (?3 = 0 OR time_ms >= ?3) AND (?4 = 0 OR time_ms <= ?4)"                                                 \
	" AND (?5 = 0 OR agent = ?5) AND (?6 = 0 OR verdict = ?6) AND (?7 IS NULL OR"                                    \
	" capability IN (SELECT value FROM json_each(?7)) OR"                                                            \
	" (capability = 0 AND op IN (SELECT value FROM json_each(?8)))) AND (?9 & (1 << kind)) "
#define END "ifnull(nullif(?4, 0), 1 << 62)"
#define ASC " AND n > ?1 AND (?2 = 0 OR n < ?2) ORDER BY n LIMIT ?10"
#define DESC " AND n > ?1 AND n < ifnull(nullif(?2, 0), 1 << 62) ORDER BY n DESC LIMIT ?10"
/* By time, then position: pages of a period end early. The cursor is the time (?11) and position of the last one. */
#define TIME_ASC                                                                                                    \
	" AND time_ms BETWEEN max(?3, ?11) AND " END " AND (time_ms > ?11 OR n > ?1) ORDER BY time_ms, n LIMIT ?10"
#define TIME_DESC                                                                                                   \
	" AND time_ms BETWEEN ?3 AND min(" END ", ifnull(nullif(?11, 0), 1 << 62))"                                 \
	" AND (?11 = 0 OR time_ms < ?11 OR n < ?2) ORDER BY time_ms DESC, n DESC LIMIT ?10"

enum way { WAY_ALL, WAY_AGENT, WAY_REFUSED, WAY_CAPABILITY, WAY_TIME, WAY_MAX };

static const char *const queries[WAY_MAX][2] = {
	[WAY_ALL] = { COLUMNS "NOT INDEXED" FILTER ASC, COLUMNS "NOT INDEXED" FILTER DESC },
	[WAY_AGENT] = { COLUMNS "INDEXED BY events_agent" FILTER "AND agent = ?5" ASC,
			COLUMNS "INDEXED BY events_agent" FILTER "AND agent = ?5" DESC },
	[WAY_REFUSED] = { COLUMNS "INDEXED BY events_refused" FILTER "AND verdict = ?6 AND verdict > 1" ASC,
			  COLUMNS "INDEXED BY events_refused" FILTER "AND verdict = ?6 AND verdict > 1" DESC },
	[WAY_CAPABILITY] = { COLUMNS "INDEXED BY events_capability" FILTER "AND capability = ?11 AND capability > 0" ASC,
			     COLUMNS "INDEXED BY events_capability" FILTER "AND capability = ?11 AND capability > 0" DESC },
	[WAY_TIME] = { COLUMNS "INDEXED BY events_time" FILTER TIME_ASC, COLUMNS "INDEXED BY events_time" FILTER TIME_DESC },
};

static void bind_record(struct stmt *q, const struct cvf_record *r, int effective_verdict)
{
	stmt_int(q, r->agent);
	stmt_int(q, r->op);
	stmt_int(q, effective_verdict);
	stmt_int(q, r->capability);
	stmt_int(q, (int64_t)r->hold_no);
	stmt_blob(q, r, r->size);
}

int event_table_add(struct store *s, const struct event_row *row, int effective_verdict)
{
	struct stmt *q = stmt(s, "INSERT INTO events (n, id, boot, cpu, ring, seq, kind, time_ms, agent, op, verdict, capability,"
				 " hold_no, record, hash, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
				 " ON CONFLICT (boot, cpu, ring, seq) DO NOTHING");
	const struct cvf_record *r = row->record;
	int64_t changes = 0;
	int result;

	stmt_int(q, row->n);
	stmt_text(q, row->id);
	stmt_int(q, row->boot);
	stmt_int(q, r->cpu);
	stmt_int(q, r->ring);
	stmt_int(q, (int64_t)r->seq);
	stmt_int(q, r->kind);
	stmt_int(q, row->time_ms);
	bind_record(q, r, effective_verdict);
	stmt_blob(q, row->hash, CHAIN_BYTES);
	if (row->seal)
		stmt_blob(q, row->seal, CHAIN_BYTES);
	else
		stmt_null(q);
	result = stmt_run_count(q, &changes);
	return result < 0 ? result : changes > 0;
}

int event_table_each_seq(struct store *s, int64_t boot, uint32_t cpu, uint32_t ring, uint64_t from,
			 int (*each)(void *ctx, uint64_t seq), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT seq FROM events WHERE boot = ? AND cpu = ? AND ring = ? AND seq >= ? ORDER BY seq");
	int r;

	stmt_int(q, boot);
	stmt_int(q, cpu);
	stmt_int(q, ring);
	stmt_int(q, (int64_t)from);
	while ((r = stmt_row(q)) > 0) {
		r = each(ctx, (uint64_t)stmt_col_int(q));
		if (r < 0) {
			stmt_end(q);
			break;
		}
	}
	return r;
}

/* The record is copied to where the compiler may assume it to be aligned. */
static int hand_over(struct stmt *q, int (*each)(void *ctx, const struct event_row *row), void *ctx)
{
	static alignas(8) char record[sizeof(struct cvf_record)];
	struct event_row row = { .n = stmt_col_int(q) };
	struct blob blob;

	row.id = stmt_col_text(q);
	row.boot = stmt_col_int(q);
	row.time_ms = stmt_col_int(q);
	blob = stmt_col_blob(q);
	if (blob.n < CVF_RECORD_HEAD || blob.n > sizeof(record))
		return 0;
	memcpy(record, blob.p, blob.n);
	row.record = (const void *)record;
	blob = stmt_col_blob(q);
	row.hash = blob.p;
	return blob.n == CHAIN_BYTES ? each(ctx, &row) : 0;
}

static enum way choose(const struct event_filter *f)
{
	if (f->verdict > CVF_VERDICT_ALLOW)
		return WAY_REFUSED;
	if (f->agent)
		return WAY_AGENT;
	if (f->capability)
		return WAY_CAPABILITY;
	return f->by_time ? WAY_TIME : WAY_ALL;
}

int event_table_each(struct store *s, const struct event_filter *f, int (*each)(void *ctx, const struct event_row *row),
		     void *ctx)
{
	struct stmt *q = stmt(s, queries[choose(f)][f->order]);
	int r;

	stmt_int(q, f->after_n);
	stmt_int(q, f->before_n);
	stmt_int(q, f->since_ms);
	stmt_int(q, f->until_ms);
	stmt_int(q, f->agent);
	stmt_int(q, f->verdict);
	stmt_text(q, f->capabilities);
	stmt_text(q, f->unregistered_ops ? f->unregistered_ops : "[]");
	stmt_int(q, f->kinds);
	stmt_int(q, f->limit);
	if (choose(f) == WAY_TIME)
		stmt_int(q, f->cursor_ms);
	if (choose(f) == WAY_CAPABILITY)
		stmt_int(q, f->capability);
	while ((r = stmt_row(q)) > 0) {
		if (hand_over(q, each, ctx)) {
			stmt_end(q);
			return 0;
		}
	}
	return r;
}

int event_table_find(struct store *s, const char *id, int (*each)(void *ctx, const struct event_row *row), void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");
	int r;

	stmt_text(q, id);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	hand_over(q, each, ctx);
	stmt_end(q);
	return 1;
}

int event_table_position(struct store *s, const char *id, int64_t *ret_n, int64_t *ret_time_ms)
{
	struct stmt *q = stmt(s, "SELECT n, time_ms FROM events WHERE id = ?");
	int r;

	*ret_n = 0;
	stmt_text(q, id);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	*ret_n = stmt_col_int(q);
	*ret_time_ms = stmt_col_int(q);
	stmt_end(q);
	return 0;
}

int event_table_before(struct store *s, const char *id, int64_t *ret_n)
{
	struct stmt *q = stmt(s, "SELECT n FROM events WHERE id < ? ORDER BY id DESC LIMIT 1");
	int r;

	*ret_n = 0;
	stmt_text(q, id);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	*ret_n = stmt_col_int(q);
	stmt_end(q);
	return 0;
}
