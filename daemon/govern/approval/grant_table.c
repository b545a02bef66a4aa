// SPDX-License-Identifier: Apache-2.0
/* grant_table.c - the table `grants` */
#include "grant_table.h"

#include <string.h>

#include "store/stmt.h"

#define COLUMNS                                                                                                    \
	"SELECT id, boot, scope, digest, agent, session, capability, hold, covers, state, made_ms, made_by, note,"        \
	" expires_ms, expires_ns, IFNULL(uses_left, -1), last_use_ms, attached_ns, IFNULL(pattern, ''), op, protocol, is_over" \
	" FROM grants "

static void bind_optional(struct stmt *q, int64_t value, int64_t none)
{
	if (value == none)
		stmt_null(q);
	else
		stmt_int(q, value);
}

int grant_table_add(struct store *s, const struct grant *g)
{
	struct stmt *q = stmt(s, "INSERT INTO grants (id, boot, scope, digest, agent, session, capability, hold, covers, state,"
				 " made_ms, made_by, note, expires_ms, expires_ns, uses_left, attached_ns, pattern, op, protocol, is_over)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, g->id);
	stmt_int(q, g->boot);
	stmt_text(q, g->scope);
	stmt_int(q, (int64_t)g->digest);
	stmt_int(q, g->agent);
	stmt_int(q, g->session);
	stmt_int(q, g->capability);
	stmt_text(q, g->hold);
	stmt_text(q, g->covers);
	stmt_int(q, g->made_ms);
	stmt_text(q, g->made_by);
	stmt_text(q, *g->note ? g->note : NULL);
	bind_optional(q, g->expires_ms, 0);
	stmt_int(q, (int64_t)g->expires_ns);
	bind_optional(q, g->uses_left, -1);
	stmt_int(q, (int64_t)g->attached_ns);
	stmt_text(q, *g->pattern ? g->pattern : NULL);
	stmt_int(q, g->op);
	stmt_int(q, g->protocol);
	stmt_int(q, g->is_over);
	return stmt_run(q);
}

static void copy_text(struct stmt *q, char *to, size_t room)
{
	const char *text = stmt_col_text(q);

	snprintf(to, room, "%s", text ? text : "");
}

struct visit {
	grant_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct grant g = { 0 };
	int r;

	copy_text(q, g.id, sizeof(g.id));
	g.boot = stmt_col_int(q);
	copy_text(q, g.scope, sizeof(g.scope));
	g.digest = (uint64_t)stmt_col_int(q);
	g.agent = (uint32_t)stmt_col_int(q);
	g.session = (uint32_t)stmt_col_int(q);
	g.capability = (uint32_t)stmt_col_int(q);
	copy_text(q, g.hold, sizeof(g.hold));
	g.covers = strdup(stmt_col_text(q));
	g.state = (enum grant_state)stmt_col_int(q);
	g.made_ms = stmt_col_int(q);
	copy_text(q, g.made_by, sizeof(g.made_by));
	copy_text(q, g.note, sizeof(g.note));
	g.expires_ms = stmt_col_int(q);
	g.expires_ns = (uint64_t)stmt_col_int(q);
	g.uses_left = stmt_col_int(q);
	g.last_use_ms = stmt_col_int(q);
	g.attached_ns = (uint64_t)stmt_col_int(q);
	copy_text(q, g.pattern, sizeof(g.pattern));
	g.op = (uint16_t)stmt_col_int(q);
	g.protocol = (uint8_t)stmt_col_int(q);
	g.is_over = stmt_col_int(q);
	r = v->each(v->ctx, &g);
	free(g.covers);
	return r;
}

int grant_table_each(struct store *s, int64_t agent, grant_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE state = 0 AND (?1 = 0 OR agent = ?1) ORDER BY id DESC");

	stmt_int(q, agent);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int grant_table_find(struct store *s, const char *id, grant_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int grant_table_find_digest(struct store *s, int64_t boot, uint64_t digest, uint64_t other, grant_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE state = 0 AND boot = ? AND digest IN (?, ?) AND digest <> 0 LIMIT 1");

	stmt_int(q, boot);
	stmt_int(q, (int64_t)digest);
	stmt_int(q, (int64_t)other);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int grant_table_set_state(struct store *s, const char *id, enum grant_state state)
{
	struct stmt *q = stmt(s, "UPDATE grants SET state = ? WHERE id = ?");

	stmt_int(q, state);
	stmt_text(q, id);
	return stmt_run(q);
}

int grant_table_end_all(struct store *s)
{
	return stmt_run(stmt(s, "UPDATE grants SET state = 4 WHERE state = 0"));
}

int grant_table_set_attached(struct store *s, const char *id, uint64_t attached_ns)
{
	struct stmt *q = stmt(s, "UPDATE grants SET attached_ns = ? WHERE id = ?");

	stmt_int(q, (int64_t)attached_ns);
	stmt_text(q, id);
	return stmt_run(q);
}

int grant_table_use(struct store *s, int64_t boot, uint64_t digest, uint64_t other, int64_t time_ms)
{
	struct stmt *q = stmt(s, "UPDATE grants SET last_use_ms = ?, uses_left = MAX(uses_left - 1, 0),"
				 " state = CASE WHEN uses_left <= 1 THEN 3 ELSE state END"
				 " WHERE id = (SELECT id FROM grants WHERE state = 0 AND boot = ? AND digest IN (?, ?)"
				 " AND digest <> 0 LIMIT 1)");

	stmt_int(q, time_ms);
	stmt_int(q, boot);
	stmt_int(q, (int64_t)digest);
	stmt_int(q, (int64_t)other);
	return stmt_run(q);
}

int grant_table_use_id(struct store *s, const char *id, int64_t time_ms)
{
	struct stmt *q = stmt(s, "UPDATE grants SET last_use_ms = ?1, uses_left = MAX(uses_left - 1, 0),"
				 " state = CASE WHEN uses_left <= 1 THEN 3 ELSE state END WHERE id = ?2 AND state = 0");
	int64_t changes = 0;
	int r;

	stmt_int(q, time_ms);
	stmt_text(q, id);
	r = stmt_run_count(q, &changes);
	return r < 0 ? r : changes > 0;
}

int grant_table_expire(struct store *s, uint64_t now_ns)
{
	struct stmt *q = stmt(s, "UPDATE grants SET state = 2 WHERE state = 0 AND expires_ns <> 0 AND expires_ns <= ?");

	stmt_int(q, (int64_t)now_ns);
	return stmt_run(q);
}

int grant_table_end_session(struct store *s, int64_t boot, uint32_t session, grant_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE state = 0 AND boot = ? AND session = ? AND scope = 'session'");
	int r;

	stmt_int(q, boot);
	stmt_int(q, session);
	r = stmt_each(q, hand_over, &(struct visit){ each, ctx });
	if (r < 0)
		return r;
	q = stmt(s, "UPDATE grants SET state = 4 WHERE state = 0 AND boot = ? AND session = ? AND scope = 'session'");
	stmt_int(q, boot);
	stmt_int(q, session);
	return stmt_run(q);
}

int grant_table_end_others(struct store *s, int64_t boot)
{
	struct stmt *q = stmt(s, "UPDATE grants SET state = 4 WHERE state = 0 AND boot <> ?");

	stmt_int(q, boot);
	return stmt_run(q);
}
