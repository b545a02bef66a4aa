// SPDX-License-Identifier: Apache-2.0
/* hold_table.c - the table `holds` */
#include "hold_table.h"

#include <stdalign.h>
#include <string.h>

#include "store/stmt.h"

#define COLUMNS_OF                                                                                                  \
	"SELECT id, boot, hold_no, digest, grant_session, grant_agent, question, agent, session, cell_flags, state,"       \
	" requested_ms,"                                                                                            \
	" expires_ms, decided_ms, expires_ns, answer, reason, is_answered, decided_by, note, scope, record "
#define COLUMNS COLUMNS_OF "FROM holds "

static void bind_optional(struct stmt *q, int64_t value)
{
	if (value)
		stmt_int(q, value);
	else
		stmt_null(q);
}

int hold_table_add(struct store *s, const struct hold *h)
{
	struct stmt *q = stmt(s, "INSERT OR IGNORE INTO holds (id, boot, hold_no, digest, grant_session, grant_agent, question,"
				 " agent, session, cell_flags, state, requested_ms, expires_ms, expires_ns, answer, reason,"
				 " is_answered, record, capability) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 0, 0, 1, ?, ?)");
	int64_t changes = 0;
	int r;

	stmt_text(q, h->id);
	stmt_int(q, h->boot);
	stmt_int(q, (int64_t)h->hold_no);
	stmt_int(q, (int64_t)h->digest);
	stmt_int(q, (int64_t)h->grant_session);
	stmt_int(q, (int64_t)h->grant_agent);
	stmt_int(q, (int64_t)h->question);
	stmt_int(q, h->agent);
	stmt_int(q, h->session);
	stmt_int(q, h->cell_flags);
	stmt_int(q, h->requested_ms);
	bind_optional(q, h->expires_ms);
	stmt_int(q, (int64_t)h->expires_ns);
	stmt_blob(q, h->record, h->record->size);
	stmt_int(q, h->record->capability);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}

int hold_table_id(struct store *s, int64_t boot, uint64_t hold_no, char ret_id[ULID_SIZE])
{
	struct stmt *q = stmt(s, "SELECT id FROM holds WHERE boot = ? AND hold_no = ?");
	int r;

	ret_id[0] = 0;
	stmt_int(q, boot);
	stmt_int(q, (int64_t)hold_no);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	snprintf(ret_id, ULID_SIZE, "%s", stmt_col_text(q));
	stmt_end(q);
	return 0;
}

static void copy_text(struct stmt *q, char *to, size_t room)
{
	const char *text = stmt_col_text(q);

	snprintf(to, room, "%s", text ? text : "");
}

struct visit {
	hold_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	static alignas(8) char record[sizeof(struct cvf_record)];
	struct hold h = { 0 };
	struct blob blob;

	copy_text(q, h.id, sizeof(h.id));
	h.boot = stmt_col_int(q);
	h.hold_no = (uint64_t)stmt_col_int(q);
	h.digest = (uint64_t)stmt_col_int(q);
	h.grant_session = (uint64_t)stmt_col_int(q);
	h.grant_agent = (uint64_t)stmt_col_int(q);
	h.question = (uint64_t)stmt_col_int(q);
	h.agent = (uint32_t)stmt_col_int(q);
	h.session = (uint32_t)stmt_col_int(q);
	h.cell_flags = (uint8_t)stmt_col_int(q);
	h.state = (enum hold_state)stmt_col_int(q);
	h.requested_ms = stmt_col_int(q);
	h.expires_ms = stmt_col_int(q);
	h.decided_ms = stmt_col_int(q);
	h.expires_ns = (uint64_t)stmt_col_int(q);
	h.answer = (enum cvf_verdict)stmt_col_int(q);
	h.reason = (enum cvf_reason)stmt_col_int(q);
	h.is_answered = stmt_col_int(q);
	copy_text(q, h.decided_by, sizeof(h.decided_by));
	copy_text(q, h.note, sizeof(h.note));
	copy_text(q, h.scope, sizeof(h.scope));
	blob = stmt_col_blob(q);
	if (blob.n < CVF_RECORD_HEAD || blob.n > sizeof(record) || h.state >= HOLD_STATE_MAX)
		return 0;
	memcpy(record, blob.p, blob.n);
	h.record = (const void *)record;
	return v->each(v->ctx, &h);
}

static int read_count(struct stmt *q, void *ctx)
{
	*(int64_t *)ctx = stmt_col_int(q);
	return 0;
}

int hold_table_find(struct store *s, const char *id, hold_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int hold_table_find_no(struct store *s, int64_t boot, uint64_t hold_no, hold_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE boot = ? AND hold_no = ?");

	stmt_int(q, boot);
	stmt_int(q, (int64_t)hold_no);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int hold_table_find_prefix(struct store *s, const char *prefix, char ret_id[ULID_SIZE])
{
	struct stmt *q = stmt(s, "SELECT id FROM holds WHERE id >= ?1 AND id < ?1 || 'a' LIMIT 2"); /* 'a' is past Z */

	stmt_text(q, prefix);
	return stmt_count_texts(q, ret_id, ULID_SIZE);
}

int hold_table_each(struct store *s, const struct hold_filter *f, hold_each each, void *ctx)
{
	struct stmt *q;

	if (f->all_states) {
		q = stmt(s, COLUMNS "WHERE id < ?1 AND (?2 = 0 OR agent = ?2) ORDER BY id DESC LIMIT ?3");
		stmt_text(q, f->before ? f->before : "~");
		stmt_int(q, f->agent);
	} else {
		/* What is asked for from an id on is new and little: by the id, past none of those that wait longer. */
		q = stmt(s, f->from ? COLUMNS "WHERE +boot = ?1 AND +state = 0 AND (?2 = 0 OR agent = ?2) AND id >= ?4 ORDER BY id LIMIT ?3"
				    : COLUMNS "WHERE boot = ?1 AND state = 0 AND (?2 = 0 OR agent = ?2) AND id >= ?4 ORDER BY id LIMIT ?3");
		stmt_int(q, f->boot);
		stmt_int(q, f->agent);
	}
	stmt_int(q, f->limit);
	if (!f->all_states)
		stmt_text(q, f->from ? f->from : "");
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

#define SAME "FROM holds INDEXED BY holds_open WHERE boot = ? AND state = 0 AND question = ?"

int hold_table_each_same(struct store *s, const struct hold *h, hold_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS_OF SAME " ORDER BY id");

	stmt_int(q, h->boot);
	stmt_int(q, (int64_t)h->question);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int hold_table_count_same(struct store *s, const struct hold *h, int64_t *ret_count)
{
	struct stmt *q = stmt(s, "SELECT COUNT(*) " SAME);

	stmt_int(q, h->boot);
	stmt_int(q, (int64_t)h->question);
	return stmt_one(q, read_count, ret_count) < 0 ? -EIO : 0;
}

int hold_table_each_like(struct store *s, const struct hold *h, int64_t limit, hold_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE agent = ? AND capability = ? AND id <> ? ORDER BY requested_ms DESC LIMIT ?");

	stmt_int(q, h->agent);
	stmt_int(q, h->record->capability);
	stmt_text(q, h->id);
	stmt_int(q, limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int hold_table_each_unanswered(struct store *s, int64_t boot, hold_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE boot = ? AND is_answered = 0");

	stmt_int(q, boot);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int hold_table_decide(struct store *s, const struct hold *h)
{
	struct stmt *q = stmt(s, "UPDATE holds SET state = ?, answer = ?, reason = ?, is_answered = ?, decided_ms = ?,"
				 " decided_by = ?, note = ?, scope = ? WHERE id = ? AND state = 0");
	int64_t changes = 0;
	int r;

	stmt_int(q, h->state);
	stmt_int(q, h->answer);
	stmt_int(q, h->reason);
	stmt_int(q, h->is_answered);
	stmt_int(q, h->decided_ms);
	stmt_text(q, h->decided_by);
	stmt_text(q, *h->note ? h->note : NULL);
	stmt_text(q, *h->scope ? h->scope : NULL);
	stmt_text(q, h->id);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}

int hold_table_set_answered(struct store *s, const char *id)
{
	struct stmt *q = stmt(s, "UPDATE holds SET is_answered = 1 WHERE id = ?");

	stmt_text(q, id);
	return stmt_run(q);
}

int hold_table_set_due(struct store *s, const char *id)
{
	struct stmt *q = stmt(s, "UPDATE holds SET is_answered = 0 WHERE id = ?");

	stmt_text(q, id);
	return stmt_run(q);
}

int hold_table_overrule(struct store *s, const struct hold *h)
{
	struct stmt *q = stmt(s, "UPDATE holds SET state = ?, answer = ?, reason = ? WHERE id = ?");

	stmt_int(q, h->state);
	stmt_int(q, h->answer);
	stmt_int(q, h->reason);
	stmt_text(q, h->id);
	return stmt_run(q);
}

int hold_table_set_state(struct store *s, const char *id, enum hold_state state)
{
	struct stmt *q = stmt(s, "UPDATE holds SET state = ?, is_answered = 1 WHERE id = ?");

	stmt_int(q, state);
	stmt_text(q, id);
	return stmt_run(q);
}

int hold_table_each_approved(struct store *s, int (*each)(void *ctx, uint32_t agent, uint32_t capability), void *ctx)
{
	struct stmt *q = stmt(s, "SELECT DISTINCT agent, capability FROM holds WHERE state = 1 AND capability <> 0");
	int r;

	while ((r = stmt_row(q)) > 0) {
		uint32_t agent = (uint32_t)stmt_col_int(q);

		if (each(ctx, agent, (uint32_t)stmt_col_int(q))) {
			stmt_end(q);
			return 0;
		}
	}
	return r;
}

int hold_table_pending(struct store *s, int64_t boot, int64_t *ret_count, uint64_t *ret_next_expiry)
{
	struct stmt *q = stmt(s, "SELECT COUNT(*), IFNULL(MIN(NULLIF(expires_ns, 0)), 0) FROM holds WHERE boot = ? AND state = 0");
	int r;

	stmt_int(q, boot);
	r = stmt_row(q);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	*ret_count = stmt_col_int(q);
	*ret_next_expiry = (uint64_t)stmt_col_int(q);
	stmt_end(q);
	return 0;
}

int hold_table_abandon_others(struct store *s, int64_t boot, int64_t now_ms)
{
	struct stmt *q = stmt(s, "UPDATE holds SET state = 4, decided_ms = ?, decided_by = 'reboot', is_answered = 1"
				 " WHERE boot <> ? AND (state = 0 OR is_answered = 0)");

	stmt_int(q, now_ms);
	stmt_int(q, boot);
	return stmt_run(q);
}

int hold_table_count_questions(struct store *s, const struct hold *h, int64_t since_ms, int64_t *ret_count)
{
	/* Reasons: not decided, approved, denied, timed out, abandoned; not those that a rule or a grant answered. */
	struct stmt *q = stmt(s, "SELECT COUNT(DISTINCT question), IFNULL(MAX(question = ?1), 0) FROM holds WHERE agent = ?2"
				 " AND capability = ?3 AND requested_ms >= ?4 AND id < ?5 AND reason IN (0, 22, 23, 24, 26)"
				 " AND (question <> ?1 OR state = 0)");
	bool is_asked;
	int r;

	stmt_int(q, (int64_t)h->question);
	stmt_int(q, h->agent);
	stmt_int(q, h->record->capability);
	stmt_int(q, since_ms);
	stmt_text(q, h->id);
	r = stmt_row(q);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	*ret_count = stmt_col_int(q);
	is_asked = stmt_col_int(q);
	stmt_end(q);
	if (is_asked)
		*ret_count = 0;
	return 0;
}

int hold_table_each_answer(struct store *s, int64_t since_ms, hold_answer_each each, void *ctx)
{
	struct stmt *q = stmt(s, "SELECT MIN(requested_ms), IFNULL(decided_ms, 0), IFNULL(decided_by, ''), state, reason, agent,"
				 " capability, COUNT(*) FROM holds WHERE requested_ms >= ?"
				 " GROUP BY question, decided_ms ORDER BY id DESC LIMIT ?");
	int r;

	stmt_int(q, since_ms);
	stmt_int(q, HOLD_ANSWERS_MAX);
	while ((r = stmt_row(q)) > 0) {
		struct hold_answer a = { .requested_ms = stmt_col_int(q) };

		a.decided_ms = stmt_col_int(q);
		a.by = stmt_col_text(q);
		a.state = (enum hold_state)stmt_col_int(q);
		a.reason = (enum cvf_reason)stmt_col_int(q);
		a.agent = (uint32_t)stmt_col_int(q);
		a.capability = (uint32_t)stmt_col_int(q);
		a.processes = stmt_col_int(q);
		if (each(ctx, &a)) {
			stmt_end(q);
			return -ENOMEM;
		}
	}
	return r;
}

#define OUTCOME                                                                                                      \
	"SELECT id, agent, requested_ms, IFNULL(decided_ms, 0), state, reason, IFNULL(decided_by, '') FROM holds "

struct outcomes {
	hold_outcome_each each;
	void *ctx;
};

static int read_outcome(struct stmt *q, void *ctx)
{
	const struct outcomes *to = ctx;
	struct hold_outcome o = { .id = stmt_col_text(q) };

	o.agent = (uint32_t)stmt_col_int(q);
	o.requested_ms = stmt_col_int(q);
	o.decided_ms = stmt_col_int(q);
	o.state = (enum hold_state)stmt_col_int(q);
	o.reason = (enum cvf_reason)stmt_col_int(q);
	o.by = stmt_col_text(q);
	return to->each(to->ctx, &o);
}

int hold_table_each_after(struct store *s, const char *id, int64_t limit, hold_outcome_each each, void *ctx)
{
	struct stmt *q = stmt(s, OUTCOME "WHERE id > ? ORDER BY id LIMIT ?");

	stmt_text(q, id);
	stmt_int(q, limit);
	return stmt_each(q, read_outcome, &(struct outcomes){ each, ctx });
}

int hold_table_outcome(struct store *s, const char *id, hold_outcome_each each, void *ctx)
{
	struct stmt *q = stmt(s, OUTCOME "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, read_outcome, &(struct outcomes){ each, ctx });
}
