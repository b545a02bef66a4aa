// SPDX-License-Identifier: Apache-2.0
/* execution_table.c - the table `executions` */
#include "execution_table.h"

#include <stdio.h>

#include "store/stmt.h"

const char *const execution_status_words[EXECUTION_STATUS_MAX] = {
	"running", "success", "failure", "refused", "killed", "unknown",
};

#define COLUMNS                                                                                                       \
	"SELECT id, boot, pid, start_ns, exec_id, agent, session, capability, IFNULL(skill, ''), risk, was_refused, " \
	"status, began_ms, began_ns, IFNULL(ended_ms, 0), IFNULL(latency_us, -1) FROM executions "

static void put_known(struct stmt *q, int64_t value, bool is_known)
{
	if (is_known)
		stmt_int(q, value);
	else
		stmt_null(q);
}

int execution_table_add(struct store *s, const struct execution *e)
{
	struct stmt *q = stmt(s, "INSERT INTO executions (id, boot, pid, start_ns, exec_id, agent, session, capability, skill,"
				 " risk, was_refused, status, began_ms, began_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, e->id);
	stmt_int(q, e->boot);
	stmt_int(q, e->pid);
	stmt_int(q, (int64_t)e->start_ns);
	stmt_int(q, (int64_t)e->exec_id);
	stmt_int(q, e->agent);
	stmt_int(q, e->session);
	stmt_int(q, e->capability);
	stmt_text(q, *e->skill ? e->skill : NULL);
	stmt_int(q, e->risk);
	stmt_int(q, e->was_refused);
	stmt_int(q, e->status);
	stmt_int(q, e->began_ms);
	stmt_int(q, (int64_t)e->began_ns);
	return stmt_run(q);
}

int execution_table_put(struct store *s, const struct execution *e)
{
	struct stmt *q = stmt(s, "UPDATE executions SET exec_id = ?, capability = ?, risk = ?, was_refused = ?, status = ?,"
				 " ended_ms = ?, latency_us = ? WHERE id = ?");

	stmt_int(q, (int64_t)e->exec_id);
	stmt_int(q, e->capability);
	stmt_int(q, e->risk);
	stmt_int(q, e->was_refused);
	stmt_int(q, e->status);
	put_known(q, e->ended_ms, e->ended_ms);
	put_known(q, e->latency_us, e->latency_us >= 0);
	stmt_text(q, e->id);
	return stmt_run(q);
}

static void read_row(struct stmt *q, struct execution *e)
{
	*e = (struct execution){ 0 };
	snprintf(e->id, sizeof(e->id), "%s", stmt_col_text(q));
	e->boot = stmt_col_int(q);
	e->pid = (uint32_t)stmt_col_int(q);
	e->start_ns = (uint64_t)stmt_col_int(q);
	e->exec_id = (uint64_t)stmt_col_int(q);
	e->agent = (uint32_t)stmt_col_int(q);
	e->session = (uint32_t)stmt_col_int(q);
	e->capability = (uint32_t)stmt_col_int(q);
	snprintf(e->skill, sizeof(e->skill), "%s", stmt_col_text(q));
	e->risk = (unsigned int)stmt_col_int(q) & 3;
	e->was_refused = stmt_col_int(q);
	e->status = (enum execution_status)stmt_col_int(q);
	e->began_ms = stmt_col_int(q);
	e->began_ns = (uint64_t)stmt_col_int(q);
	e->ended_ms = stmt_col_int(q);
	e->latency_us = stmt_col_int(q);
	if (e->status >= EXECUTION_STATUS_MAX)
		e->status = EXECUTION_UNKNOWN;
}

static int find(struct stmt *q, struct execution *ret_e)
{
	int r = stmt_row(q);

	if (r <= 0)
		return r;
	read_row(q, ret_e);
	stmt_end(q);
	return 1;
}

int execution_table_process(struct store *s, int64_t boot, uint32_t pid, uint64_t start_ns, struct execution *ret_e)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE boot = ? AND pid = ? AND start_ns = ?");

	stmt_int(q, boot);
	stmt_int(q, pid);
	stmt_int(q, (int64_t)start_ns);
	return find(q, ret_e);
}

int execution_table_image(struct store *s, int64_t boot, uint64_t exec_id, struct execution *ret_e)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE boot = ? AND exec_id = ?");

	stmt_int(q, boot);
	stmt_int(q, (int64_t)exec_id);
	return find(q, ret_e);
}

int execution_table_running(struct store *s, int64_t boot, uint32_t session, struct execution *ret_e)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE status = 0 AND boot = ? AND session = ? LIMIT 1");

	stmt_int(q, boot);
	stmt_int(q, session);
	return find(q, ret_e);
}

int execution_table_other_boot(struct store *s, int64_t boot, struct execution *ret_e)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE status = 0 AND boot <> ? LIMIT 1");

	stmt_int(q, boot);
	return find(q, ret_e);
}

int execution_table_excess(struct store *s, int64_t most, struct execution *ret_e)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE status = 0 AND (SELECT COUNT(*) FROM executions WHERE status = 0) > ?"
				 " ORDER BY id LIMIT 1");

	stmt_int(q, most);
	return find(q, ret_e);
}

int execution_table_prune(struct store *s, int64_t most)
{
	struct stmt *q = stmt(s, "DELETE FROM executions WHERE id IN (SELECT id FROM executions WHERE status <> 0 ORDER BY id"
				 " LIMIT MIN(1000, MAX(0, (SELECT COUNT(*) FROM executions) - ?)))");

	stmt_int(q, most);
	return stmt_run(q);
}

int execution_table_each(struct store *s, uint32_t agent, const char *before, int64_t limit,
			 void (*each)(void *ctx, const struct execution *e), void *ctx)
{
	struct stmt *q = agent ? stmt(s, COLUMNS "WHERE agent = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3")
			       : stmt(s, COLUMNS "WHERE ?1 = 0 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3");
	struct execution e;
	int r;

	stmt_int(q, agent);
	stmt_text(q, before);
	stmt_int(q, limit);
	while ((r = stmt_row(q)) > 0) {
		read_row(q, &e);
		each(ctx, &e);
	}
	return r;
}
