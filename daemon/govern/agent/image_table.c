// SPDX-License-Identifier: Apache-2.0
/* image_table.c - the table `images` */
#include "image_table.h"

#include "core/event.h"
#include "store/stmt.h"

#define STATUS_REPLACED -1	/* ended by the next exec of the same process, not by an exit */

static void bind_text(struct stmt *q, const struct cvf_record *r, struct cvf_span span)
{
	struct text t = record_text(r, span);

	stmt_blob(q, t.p, t.n);
}

static int end_process(struct store *s, int64_t boot, const struct cvf_record *r, int64_t status)
{
	struct stmt *q = stmt(s, "UPDATE images SET ended_ns = ?, status = ? WHERE boot = ? AND pid = ? AND start_ns = ?"
				 " AND ended_ns IS NULL");

	stmt_int(q, (int64_t)r->time_ns);
	stmt_int(q, status);
	stmt_int(q, boot);
	stmt_int(q, r->pid);
	stmt_int(q, (int64_t)r->start_ns);
	return stmt_run(q);
}

int image_table_begin(struct store *s, int64_t boot, const struct cvf_record *r, int64_t time_ms)
{
	struct stmt *q;
	int result = end_process(s, boot, r, STATUS_REPLACED);

	if (result < 0)
		return result;
	q = stmt(s, "INSERT OR IGNORE INTO images (boot, exec_id, agent, session, pid, start_ns, exe, args, cwd, flags,"
		    " began_ns, began_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	stmt_int(q, boot);
	stmt_int(q, (int64_t)r->exec_id);
	stmt_int(q, r->agent);
	stmt_int(q, r->session);
	stmt_int(q, r->pid);
	stmt_int(q, (int64_t)r->start_ns);
	bind_text(q, r, r->exe);
	bind_text(q, r, r->args);
	bind_text(q, r, r->cwd);
	stmt_int(q, r->flags);
	stmt_int(q, (int64_t)r->time_ns);
	stmt_int(q, time_ms);
	return stmt_run(q);
}

int image_table_end(struct store *s, int64_t boot, const struct cvf_record *r)
{
	return end_process(s, boot, r, r->result);
}

int image_table_use(struct store *s, int64_t boot, uint64_t exec_id, void (*use)(void *ctx, const struct image_row *row),
		    void *ctx)
{
	struct stmt *q;
	struct blob exe, args, cwd;
	struct image_row row;
	int r;

	if (!exec_id)
		return 0;
	q = stmt(s, "SELECT exe, args, cwd, flags FROM images WHERE boot = ? AND exec_id = ?");
	stmt_int(q, boot);
	stmt_int(q, (int64_t)exec_id);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	exe = stmt_col_blob(q);
	args = stmt_col_blob(q);
	cwd = stmt_col_blob(q);
	row = (struct image_row){ exe.p, args.p, cwd.p, exe.n, args.n, cwd.n, (uint16_t)stmt_col_int(q) };
	use(ctx, &row);
	stmt_end(q);
	return 1;
}
