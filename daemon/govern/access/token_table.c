// SPDX-License-Identifier: Apache-2.0
/* token_table.c - the table `tokens` */
#include "token_table.h"

#include <string.h>

#include "store/stmt.h"

#define COLUMNS \
	"SELECT id, name, hash, roles, routes, made_ms, made_by, expires_ms, IFNULL(last_use_ms, 0), IFNULL(revoked_ms, 0)," \
	" revoked_by FROM tokens "

int token_table_add(struct store *s, const struct token *t)
{
	struct stmt *q = stmt(s, "INSERT INTO tokens (id, name, hash, roles, routes, made_ms, made_by, expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	stmt_text(q, t->id);
	stmt_text(q, t->name);
	stmt_blob(q, t->hash, sizeof(t->hash));
	stmt_int(q, t->roles);
	stmt_text(q, t->routes);
	stmt_int(q, t->made_ms);
	stmt_text(q, t->made_by);
	stmt_int(q, t->expires_ms);
	return stmt_run(q);
}

struct visit {
	token_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct token t = { .id = stmt_col_text(q) };
	struct blob hash;

	t.name = stmt_col_text(q);
	hash = stmt_col_blob(q);
	memcpy(t.hash, hash.p, hash.n < sizeof(t.hash) ? hash.n : sizeof(t.hash));
	t.roles = (unsigned int)stmt_col_int(q);
	t.routes = stmt_col_text(q);
	t.made_ms = stmt_col_int(q);
	t.made_by = stmt_col_text(q);
	t.expires_ms = stmt_col_int(q);
	t.last_use_ms = stmt_col_int(q);
	t.revoked_ms = stmt_col_int(q);
	t.revoked_by = stmt_col_text(q);
	return v->each(v->ctx, &t);
}

int token_table_find(struct store *s, const char *id, token_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int token_table_each(struct store *s, const char *before, int64_t limit, token_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id < ? ORDER BY id DESC LIMIT ?");

	stmt_text(q, before ? before : "~");
	stmt_int(q, limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int token_table_use(struct store *s, const char *id, int64_t now_ms)
{
	struct stmt *q = stmt(s, "UPDATE tokens SET last_use_ms = ? WHERE id = ?");

	stmt_int(q, now_ms);
	stmt_text(q, id);
	return stmt_run(q);
}

int token_table_revoke(struct store *s, const char *id, const char *by, int64_t now_ms)
{
	struct stmt *q = stmt(s, "UPDATE tokens SET revoked_ms = ?, revoked_by = ? WHERE id = ? AND revoked_ms IS NULL");
	int64_t n = 0;
	int r;

	stmt_int(q, now_ms);
	stmt_text(q, by);
	stmt_text(q, id);
	r = stmt_run_count(q, &n);
	return r < 0 ? r : n > 0;
}

int token_table_count(struct store *s, int64_t now_ms, int64_t *ret_count)
{
	struct stmt *q = stmt(s, "SELECT COUNT(*) FROM tokens WHERE revoked_ms IS NULL AND expires_ms > ?");
	int r;

	stmt_int(q, now_ms);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	*ret_count = stmt_col_int(q);
	stmt_end(q);
	return 0;
}
