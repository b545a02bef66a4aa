// SPDX-License-Identifier: Apache-2.0
/* stmt.c - see stmt.h; statements are found by the address of their text, a few dozen in all */
#include "stmt.h"

#include <string.h>

#include "store_internal.h"

static struct stmt *find(struct store *s, const char *sql)
{
	struct stmt **used = &s->used[(uintptr_t)sql / 32 % STMTS_USED];

	if (*used && (*used)->sql == sql)
		return *used;
	for (size_t i = 0; i < s->stmts_count; i++)
		if (s->stmts[i]->sql == sql)
			return *used = s->stmts[i];
	return NULL;
}

static struct stmt *add(struct store *s, const char *sql)
{
	static struct stmt no_memory = { .error = -ENOMEM };
	struct stmt **grown = reallocarray(s->stmts, s->stmts_count + 1, sizeof(struct stmt *));
	struct stmt *q = calloc(1, sizeof(*q));

	if (grown)
		s->stmts = grown;
	if (!grown || !q) {
		free(q);
		no_memory.store = s;
		no_memory.error = -ENOMEM;
		return &no_memory;
	}
	q->store = s;
	q->sql = sql;
	s->stmts[s->stmts_count++] = q;
	return q;
}

struct stmt *stmt(struct store *s, const char *sql)
{
	struct stmt *q = find(s, sql);

	if (!q)
		q = add(s, sql);
	if (!q->s && q->sql)
		q->error = store_note(s, sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->s, NULL));
	return q;
}

void stmt_close_all(struct store *s)
{
	for (size_t i = 0; i < s->stmts_count; i++) {
		sqlite3_finalize(s->stmts[i]->s);
		free(s->stmts[i]);
	}
	free(s->stmts);
	s->stmts = NULL;
	s->stmts_count = 0;
	memset(s->used, 0, sizeof(s->used));
}

static void bound(struct stmt *q, int rc)
{
	if (rc != SQLITE_OK && !q->error)
		q->error = store_note(q->store, rc);
}

void stmt_int(struct stmt *q, int64_t value)
{
	if (!q->error)
		bound(q, sqlite3_bind_int64(q->s, ++q->bound, value));
}

void stmt_text(struct stmt *q, const char *text)
{
	if (!q->error)
		bound(q, sqlite3_bind_text(q->s, ++q->bound, text, -1, SQLITE_STATIC));
}

void stmt_blob(struct stmt *q, const void *p, size_t n)
{
	if (!q->error)
		bound(q, sqlite3_bind_blob64(q->s, ++q->bound, p ? p : "", n, SQLITE_STATIC));
}

void stmt_null(struct stmt *q)
{
	if (!q->error)
		bound(q, sqlite3_bind_null(q->s, ++q->bound));
}

void stmt_end(struct stmt *q)
{
	if (q->s) {
		sqlite3_reset(q->s);
		sqlite3_clear_bindings(q->s);
	}
	q->bound = 0;
	q->column = 0;
	q->error = 0;
}

int stmt_row(struct stmt *q)
{
	int r = q->error, rc;

	if (r < 0) {
		stmt_end(q);
		return r;
	}
	q->column = 0;
	rc = sqlite3_step(q->s);
	if (rc == SQLITE_ROW)
		return 1;
	r = store_note(q->store, rc);
	stmt_end(q);
	return r;
}

int stmt_each(struct stmt *q, stmt_reader read, void *ctx)
{
	int r;

	while ((r = stmt_row(q)) > 0) {
		r = read(q, ctx);
		if (r) {
			stmt_end(q);
			return r < 0 ? r : 0;
		}
	}
	return r;
}

int stmt_one(struct stmt *q, stmt_reader read, void *ctx)
{
	int r = stmt_row(q);

	if (r <= 0)
		return r;
	r = read(q, ctx);
	stmt_end(q);
	return r < 0 ? r : 1;
}

int stmt_count_texts(struct stmt *q, char *ret_first, size_t room)
{
	int n = 0, r;

	while ((r = stmt_row(q)) > 0)
		if (n++ == 0)
			snprintf(ret_first, room, "%s", stmt_col_text(q));
	return r < 0 ? r : n;
}

int stmt_run(struct stmt *q)
{
	int r = stmt_row(q);

	if (r > 0)
		stmt_end(q);
	return r < 0 ? r : 0;
}

int stmt_run_count(struct stmt *q, int64_t *ret_changes)
{
	int r = stmt_run(q);

	if (r == 0)
		*ret_changes = sqlite3_changes64(q->store->db);
	return r;
}

int64_t stmt_col_int(struct stmt *q)
{
	return sqlite3_column_int64(q->s, q->column++);
}

const char *stmt_col_text(struct stmt *q)
{
	return (const char *)sqlite3_column_text(q->s, q->column++);
}

struct blob stmt_col_blob(struct stmt *q)
{
	int i = q->column++;
	const void *p = sqlite3_column_blob(q->s, i);

	return (struct blob){ .p = p ? p : "", .n = p ? (size_t)sqlite3_column_bytes(q->s, i) : 0 };
}

enum stmt_kind stmt_col_kind(struct stmt *q)
{
	switch (sqlite3_column_type(q->s, q->column)) {
	case SQLITE_INTEGER:
		return STMT_INT;
	case SQLITE_TEXT:
		return STMT_TEXT;
	case SQLITE_BLOB:
		return STMT_BLOB;
	default:
		return STMT_NULL; /* no column of ours is a fraction */
	}
}

bool stmt_col_is_null(struct stmt *q)
{
	return sqlite3_column_type(q->s, q->column) == SQLITE_NULL;
}

int64_t store_last_rowid(struct store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}
