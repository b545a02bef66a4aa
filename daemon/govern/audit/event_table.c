// SPDX-License-Identifier: Apache-2.0
/*
 * event_table.c - the table `events`
 *
 * A walk follows the index that fits its filter, looks at each row here, and stops after EVENT_SCAN_ROWS of them: the loop
 * that waits for it has other things to do, and how rare a match is nobody knows before.
 */
#include "event_table.h"

#include <stdalign.h>
#include <string.h>

#include "store/stmt.h"

#define COLUMNS "SELECT n, time_ms, kind, agent, op, verdict, capability, id, boot, record, hash FROM events "
#define RANGE "n > ?1 AND n < ?2"
#define ASC " ORDER BY n"
#define DESC " ORDER BY n DESC"
/* By time, then position: ?1 and ?2 as above, from ?3 to ?4, beside the time ?5 at which the last walk ended. */
#define TIME_ASC "INDEXED BY events_time WHERE time_ms BETWEEN max(?3, ?5) AND ?4 AND (time_ms > ?5 OR n > ?1) AND n < ?2 ORDER BY time_ms, n"
#define TIME_DESC                                                                                                       \
	"INDEXED BY events_time WHERE time_ms BETWEEN ?3 AND min(?4, ifnull(nullif(?5, 0), ?4)) AND (?5 = 0 OR time_ms < ?5 OR n < ?2)" \
	" AND n > ?1 ORDER BY time_ms DESC, n DESC"

enum way { WAY_ALL, WAY_AGENT, WAY_REFUSED, WAY_CAPABILITY, WAY_TIME, WAY_MAX };

static const char *const queries[WAY_MAX][2] = {
	[WAY_ALL] = { COLUMNS "NOT INDEXED WHERE " RANGE ASC, COLUMNS "NOT INDEXED WHERE " RANGE DESC },
	[WAY_AGENT] = { COLUMNS "INDEXED BY events_agent WHERE agent = ?3 AND " RANGE ASC,
			COLUMNS "INDEXED BY events_agent WHERE agent = ?3 AND " RANGE DESC },
	[WAY_REFUSED] = { COLUMNS "INDEXED BY events_refused WHERE verdict = ?3 AND verdict > 1 AND " RANGE ASC,
			  COLUMNS "INDEXED BY events_refused WHERE verdict = ?3 AND verdict > 1 AND " RANGE DESC },
	[WAY_CAPABILITY] = { "SELECT n FROM events INDEXED BY events_capability WHERE capability = ?3 AND capability > 0 AND " RANGE ASC " LIMIT 1",
			     "SELECT n FROM events INDEXED BY events_capability WHERE capability = ?3 AND capability > 0 AND " RANGE DESC " LIMIT 1" },
	[WAY_TIME] = { COLUMNS TIME_ASC, COLUMNS TIME_DESC },
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

/* ---- walks ---- */

/* What a row says before its record is read. */
struct columns {
	int64_t n, time_ms, kind, agent, op, verdict, capability;
};

struct walk {
	struct store *store;
	const struct event_filter *f;
	int (*each)(void *ctx, const struct event_row *row);
	void *ctx;
	struct event_scan *scan;
	int64_t found;
};

static void read_columns(struct stmt *q, struct columns *to)
{
	*to = (struct columns){ .n = stmt_col_int(q) };
	to->time_ms = stmt_col_int(q);
	to->kind = stmt_col_int(q);
	to->agent = stmt_col_int(q);
	to->op = stmt_col_int(q);
	to->verdict = stmt_col_int(q);
	to->capability = stmt_col_int(q);
}

static bool is_in_set(const struct event_set *set, const struct columns *c)
{
	size_t low = 0, high = set->count;

	if (c->capability == 0)
		return c->op >= 0 && c->op < 64 && set->unregistered >> c->op & 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->capabilities[middle] == c->capability)
			return true;
		if (set->capabilities[middle] < c->capability)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool is_wanted(const struct event_filter *f, const struct columns *c)
{
	return (!f->since_ms || c->time_ms >= f->since_ms) && (!f->until_ms || c->time_ms <= f->until_ms) &&
	       (!f->agent || c->agent == f->agent) && (!f->verdict || c->verdict == f->verdict) &&
	       c->kind >= 0 && c->kind < 64 && f->kinds >> c->kind & 1 && (!f->set || is_in_set(f->set, c));
}

/* After the columns. The record is copied to where the compiler may assume it to be aligned. */
static int hand_over(struct stmt *q, const struct columns *c, int (*each)(void *ctx, const struct event_row *row), void *ctx)
{
	static alignas(8) char record[sizeof(struct cvf_record)];
	struct event_row row = { .n = c->n, .time_ms = c->time_ms, .id = stmt_col_text(q) };
	struct blob blob;

	row.boot = stmt_col_int(q);
	blob = stmt_col_blob(q);
	if (blob.n < CVF_RECORD_HEAD || blob.n > sizeof(record))
		return 0;
	memcpy(record, blob.p, blob.n);
	row.record = (const void *)record;
	blob = stmt_col_blob(q);
	row.hash = blob.p;
	return blob.n == CHAIN_BYTES ? each(ctx, &row) : 0;
}

/* One row of a walk: 1 when the walk ends with it. */
static int look(struct walk *w, struct stmt *q)
{
	struct columns c;
	int ended = 0;

	read_columns(q, &c);
	w->scan->stepped++;
	w->scan->last_n = c.n;
	if (is_wanted(w->f, &c)) {
		w->found++;
		ended = hand_over(q, &c, w->each, w->ctx) != 0;
	}
	if (ended || w->found >= w->f->limit)
		return 1;
	w->scan->is_cut = w->scan->stepped >= EVENT_SCAN_ROWS;
	return w->scan->is_cut;
}

static enum way choose(const struct event_filter *f)
{
	if (f->verdict > CVF_VERDICT_ALLOW)
		return WAY_REFUSED;
	if (f->agent)
		return WAY_AGENT;
	if (f->set && !f->set->unregistered && f->set->count <= EVENT_MERGED_MAX)
		return WAY_CAPABILITY;
	return f->by_time ? WAY_TIME : WAY_ALL;
}

static void bind_range(struct stmt *q, int64_t after_n, int64_t before_n)
{
	stmt_int(q, after_n);
	stmt_int(q, before_n ? before_n : INT64_MAX);
}

static int walk_one(struct walk *w, enum way way)
{
	const struct event_filter *f = w->f;
	struct stmt *q = stmt(w->store, queries[way][f->order]);
	int r;

	bind_range(q, f->after_n, f->before_n);
	if (way == WAY_AGENT || way == WAY_REFUSED)
		stmt_int(q, way == WAY_AGENT ? f->agent : f->verdict);
	if (way == WAY_TIME) {
		stmt_int(q, f->since_ms);
		stmt_int(q, f->until_ms ? f->until_ms : INT64_MAX);
		stmt_int(q, f->cursor_ms);
	}
	while ((r = stmt_row(q)) > 0) {
		if (look(w, q)) {
			stmt_end(q);
			return 0;
		}
	}
	return r;
}

/* ---- several capabilities: their walks side by side, always the one that comes next ---- */

/* Where the walk of a capability is: 1, 0 at its end. */
static int next_of(struct walk *w, size_t i, int64_t after_n, int64_t before_n, int64_t *ret_n)
{
	struct stmt *q = stmt(w->store, queries[WAY_CAPABILITY][w->f->order]);
	int r;

	bind_range(q, after_n, before_n);
	stmt_int(q, w->f->set->capabilities[i]);
	w->scan->stepped++;
	*ret_n = 0;
	r = stmt_row(q);
	if (r <= 0)
		return r;
	*ret_n = stmt_col_int(q);
	stmt_end(q);
	return 1;
}

/* Index of the head that comes next; the number of heads: none does. */
static size_t choose_head(const struct event_filter *f, const int64_t *heads)
{
	size_t best = f->set->count;

	for (size_t i = 0; i < f->set->count; i++)
		if (heads[i] && (best == f->set->count || (f->order == EVENT_ASC ? heads[i] < heads[best] : heads[i] > heads[best])))
			best = i;
	return best;
}

static int look_at(struct walk *w, int64_t n)
{
	struct stmt *q = stmt(w->store, COLUMNS "WHERE n = ?");
	int r, ended;

	stmt_int(q, n);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	ended = look(w, q);
	stmt_end(q);
	return ended;
}

static int walk_merged(struct walk *w)
{
	const struct event_filter *f = w->f;
	int64_t heads[EVENT_MERGED_MAX], n;
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < f->set->count; i++)
		r = next_of(w, i, f->after_n, f->before_n, &heads[i]);
	while (r >= 0 && (i = choose_head(f, heads)) < f->set->count) {
		n = heads[i];
		r = look_at(w, n);
		if (r != 0)
			return r < 0 ? r : 0;
		r = f->order == EVENT_ASC ? next_of(w, i, n, f->before_n, &heads[i]) : next_of(w, i, f->after_n, n, &heads[i]);
	}
	return r < 0 ? r : 0;
}

static int copy_id(struct stmt *q, void *ctx)
{
	snprintf(ctx, ULID_SIZE, "%s", stmt_col_text(q));
	return 0;
}

int event_table_each(struct store *s, const struct event_filter *f, int (*each)(void *ctx, const struct event_row *row),
		     void *ctx, struct event_scan *ret_scan)
{
	struct walk w = { .store = s, .f = f, .each = each, .ctx = ctx, .scan = ret_scan };
	enum way way = choose(f);
	struct stmt *q;
	int r;

	*ret_scan = (struct event_scan){ 0 };
	r = way == WAY_CAPABILITY ? walk_merged(&w) : walk_one(&w, way);
	if (r == -EINTR && ret_scan->stepped && ret_scan->last_n) { /* its time was up */
		ret_scan->is_cut = true;
		r = 0;
	}
	if (r < 0 || !ret_scan->is_cut)
		return r;
	q = stmt(s, "SELECT id FROM events WHERE n = ?");
	stmt_int(q, ret_scan->last_n);
	r = stmt_one(q, copy_id, ret_scan->last_id);
	return r < 0 ? r : 0;
}

int event_table_find(struct store *s, const char *id, int (*each)(void *ctx, const struct event_row *row), void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");
	struct columns c;
	int r;

	stmt_text(q, id);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	read_columns(q, &c);
	hand_over(q, &c, each, ctx);
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
