// SPDX-License-Identifier: Apache-2.0
/* session_table.c - the table `sessions` */
#include "session_table.h"

#include <string.h>

#include "store/stmt.h"

int session_table_find(struct store *s, int64_t boot, uint32_t number, char ret_id[ULID_SIZE])
{
	struct stmt *q;
	int r;

	ret_id[0] = 0;
	if (!number)
		return 0;
	q = stmt(s, "SELECT id FROM sessions WHERE boot = ? AND number = ?");
	stmt_int(q, boot);
	stmt_int(q, number);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	snprintf(ret_id, ULID_SIZE, "%s", stmt_col_text(q));
	stmt_end(q);
	return 0;
}

int session_table_skill(struct store *s, int64_t boot, uint32_t number, char ret_skill[SKILL_SIZE])
{
	struct stmt *q;
	int r;

	ret_skill[0] = 0;
	if (!number)
		return 0;
	q = stmt(s, "SELECT skill FROM sessions WHERE boot = ? AND number = ? AND skill IS NOT NULL");
	stmt_int(q, boot);
	stmt_int(q, number);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	snprintf(ret_skill, SKILL_SIZE, "%s", stmt_col_text(q));
	stmt_end(q);
	return 0;
}

/* A record of the session may have come before the answer to its enrolment, and made the row. */
static int set_skill(struct store *s, const char *id, const char *skill)
{
	struct stmt *q = stmt(s, "UPDATE sessions SET skill = ? WHERE id = ?");

	stmt_text(q, skill);
	stmt_text(q, id);
	return stmt_run(q);
}

int session_table_get(struct store *s, struct ulids *ids, const struct session_new *session, char ret_id[ULID_SIZE])
{
	struct stmt *q;
	int r = session_table_find(s, session->boot, session->number, ret_id);

	if (r < 0 || !session->number)
		return r;
	if (ret_id[0])
		return session->skill ? set_skill(s, ret_id, session->skill) : 0;
	ulid_next(ids, (uint64_t)session->began_ms, ret_id);
	q = stmt(s, "INSERT INTO sessions (id, boot, number, agent, began_ms, skill) VALUES (?, ?, ?, ?, ?, ?)");
	stmt_text(q, ret_id);
	stmt_int(q, session->boot);
	stmt_int(q, session->number);
	stmt_int(q, session->agent);
	stmt_int(q, session->began_ms);
	stmt_text(q, session->skill);
	return stmt_run(q);
}

int session_table_end(struct store *s, int64_t boot, uint32_t number, int64_t ended_ms)
{
	struct stmt *q = stmt(s, "UPDATE sessions SET ended_ms = ? WHERE boot = ? AND number = ? AND ended_ms IS NULL");

	stmt_int(q, ended_ms);
	stmt_int(q, boot);
	stmt_int(q, number);
	return stmt_run(q);
}

int session_table_end_others(struct store *s, int64_t boot, int64_t ended_ms)
{
	struct stmt *q = stmt(s, "UPDATE sessions SET ended_ms = ? WHERE boot <> ? AND ended_ms IS NULL");

	stmt_int(q, ended_ms);
	stmt_int(q, boot);
	return stmt_run(q);
}
