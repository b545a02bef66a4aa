// SPDX-License-Identifier: Apache-2.0
/* factor_table.c - the table `factors` */
#include "factor_table.h"

#include <string.h>

#include "store/stmt.h"

int factor_table_put(struct store *s, const struct factor *f)
{
	struct stmt *q = stmt(s, "INSERT OR REPLACE INTO factors (name, uid, secret, made_ms, made_by) VALUES (?, ?, ?, ?, ?)");

	stmt_text(q, f->name);
	stmt_int(q, f->uid);
	stmt_blob(q, f->secret, sizeof(f->secret));
	stmt_int(q, f->made_ms);
	stmt_text(q, f->made_by);
	return stmt_run(q);
}

static int hand_over(struct stmt *q, void *ctx)
{
	struct factor *f = ctx;
	struct blob secret;

	snprintf(f->name, sizeof(f->name), "%s", stmt_col_text(q));
	f->uid = (uid_t)stmt_col_int(q);
	secret = stmt_col_blob(q);
	if (secret.n != sizeof(f->secret))
		return -EUCLEAN;
	memcpy(f->secret, secret.p, secret.n);
	f->made_ms = stmt_col_int(q);
	snprintf(f->made_by, sizeof(f->made_by), "%s", stmt_col_text(q));
	f->last_step = stmt_col_int(q);
	f->failures = stmt_col_int(q);
	f->failed_ms = stmt_col_int(q);
	return 0;
}

int factor_table_get(struct store *s, const char *name, struct factor *ret_factor)
{
	struct stmt *q = stmt(s, "SELECT name, uid, secret, made_ms, made_by, last_step, failures, failed_ms FROM factors"
				 " WHERE name = ?");

	stmt_text(q, name);
	return stmt_one(q, hand_over, ret_factor);
}

static int run_changes(struct stmt *q)
{
	int64_t changes = 0;
	int r = stmt_run_count(q, &changes);

	return r < 0 ? r : changes > 0;
}

int factor_table_use(struct store *s, const char *name, int64_t step)
{
	struct stmt *q = stmt(s, "UPDATE factors SET last_step = ?1, failures = 0 WHERE name = ?2 AND last_step < ?1");

	stmt_int(q, step);
	stmt_text(q, name);
	return run_changes(q);
}

int factor_table_set_failures(struct store *s, const char *name, int64_t failures, int64_t failed_ms)
{
	struct stmt *q = stmt(s, "UPDATE factors SET failures = ?, failed_ms = ? WHERE name = ?");

	stmt_int(q, failures);
	stmt_int(q, failed_ms);
	stmt_text(q, name);
	return stmt_run(q);
}

int factor_table_unlock(struct store *s, const char *name, const char *by)
{
	struct stmt *q = stmt(s, "UPDATE factors SET failures = 0, failed_ms = 0, changed_by = ? WHERE name = ?");

	stmt_text(q, by);
	stmt_text(q, name);
	return stmt_run(q);
}

/* The trigger that makes an act of it reads from the row who did it. */
int factor_table_remove(struct store *s, const char *name, const char *by)
{
	struct stmt *q = stmt(s, "UPDATE factors SET changed_by = ? WHERE name = ?");
	int r;

	stmt_text(q, by);
	stmt_text(q, name);
	r = run_changes(q);
	if (r <= 0)
		return r;
	q = stmt(s, "DELETE FROM factors WHERE name = ?");
	stmt_text(q, name);
	return run_changes(q);
}
