// SPDX-License-Identifier: Apache-2.0
/* copy.c - see copy.h */
#include "copy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store_internal.h"

#define SCHEMA "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
#define FILE_URI "file:%s?%s"

struct store_copy {
	sqlite3 *db;
	sqlite3_backup *backup;
};

int store_copy_open(struct store *s, const char *path, struct store_copy **ret_copy)
{
	own(store_copy) struct store_copy *c = calloc(1, sizeof(*c));
	own_fd int fd = -1;

	if (!c)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
		return store_errno(sqlite3_errcode(c->db));
	/* A copy that is cut short is thrown away: it needs no journal, and whoever keeps it waits for his own disk. */
	if (sqlite3_exec(c->db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL) != SQLITE_OK)
		return store_errno(sqlite3_errcode(c->db));
	c->backup = sqlite3_backup_init(c->db, "main", s->db, "main");
	if (!c->backup)
		return store_errno(sqlite3_errcode(c->db));
	*ret_copy = TAKE(c);
	return 0;
}

int store_copy_step(struct store_copy *c, int pages)
{
	int rc = sqlite3_backup_step(c->backup, pages);

	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return 1;
	if (rc != SQLITE_DONE)
		return store_errno(rc);
	rc = sqlite3_backup_finish(TAKE(c->backup));
	return rc == SQLITE_OK ? 0 : store_errno(rc);
}

void store_copy_free(struct store_copy *c)
{
	if (!c)
		return;
	if (c->backup)
		sqlite3_backup_finish(c->backup);
	sqlite3_close(c->db);
	free(c);
}

static int64_t pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		value = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return value;
}

int64_t store_bytes(struct store *s)
{
	return pragma(s->db, "PRAGMA page_count") * pragma(s->db, "PRAGMA page_size");
}

/* ---- judging ---- */

/* Every row of a query is a fault, but the word "ok". */
static int find_fault(sqlite3 *db, const char *sql, struct store_judgement *to)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
	const char *word = NULL;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		word = (const char *)sqlite3_column_text(q, 0);
	if (rc == SQLITE_ROW && word && strcmp(word, "ok") != 0)
		snprintf(to->problem, sizeof(to->problem), "%s", word);
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		snprintf(to->problem, sizeof(to->problem), "%s", sqlite3_errmsg(db));
	sqlite3_finalize(q);
	if (!*to->problem)
		return 0;
	return rc == SQLITE_ROW ? -EUCLEAN : store_errno(rc);
}

static bool is_same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
	for (int i = 0; i < 4; i++) {
		const char *x = (const char *)sqlite3_column_text(a, i), *y = (const char *)sqlite3_column_text(b, i);

		if ((x && y) ? strcmp(x, y) != 0 : x != y)
			return false;
	}
	return true;
}

/* What the migrations make, and not one trigger more: a file from elsewhere may not bring statements of its own. */
static int compare_schemas(sqlite3 *db, sqlite3 *ours, struct store_judgement *to)
{
	sqlite3_stmt *a = NULL, *b = NULL;
	int rc_a = SQLITE_ERROR, rc_b = SQLITE_ERROR;
	bool is_same = sqlite3_prepare_v2(db, SCHEMA, -1, &a, NULL) == SQLITE_OK && sqlite3_prepare_v2(ours, SCHEMA, -1, &b, NULL) == SQLITE_OK;

	while (is_same) {
		rc_a = sqlite3_step(a);
		rc_b = sqlite3_step(b);
		is_same = rc_a == rc_b && (rc_a == SQLITE_DONE || (rc_a == SQLITE_ROW && is_same_row(a, b)));
		if (rc_a != SQLITE_ROW)
			break;
	}
	if (!is_same)
		snprintf(to->problem, sizeof(to->problem), "its tables are not those of schema %d; the first that differs is \"%s\"", to->schema,
			 rc_a == SQLITE_ROW ? (const char *)sqlite3_column_text(a, 1) : rc_b == SQLITE_ROW ? (const char *)sqlite3_column_text(b, 1) : "?");
	sqlite3_finalize(a);
	sqlite3_finalize(b);
	return is_same ? 0 : -EMEDIUMTYPE;
}

static int judge_schema(sqlite3 *db, const struct store_options *o, struct store_judgement *to)
{
	struct store_options fresh = { .path = ":memory:", .migrations = o->migrations };
	own(store) struct store *ours = NULL;
	int r;

	to->schema = (int)pragma(db, "PRAGMA user_version");
	if (to->schema < 1)
		snprintf(to->problem, sizeof(to->problem), "%s", to->schema < 0 ? sqlite3_errmsg(db) : "it is no store of cvfd-govern");
	if (to->schema < 1)
		return to->schema < 0 ? store_errno(sqlite3_errcode(db)) : -EMEDIUMTYPE;
	if ((size_t)to->schema > o->migrations_count) {
		snprintf(to->problem, sizeof(to->problem), "it has schema %d, this version knows schemas up to %zu", to->schema,
			 o->migrations_count);
		return -EPROTO;
	}
	fresh.migrations_count = (size_t)to->schema;
	r = store_open(&fresh, &ours);
	return r < 0 ? r : compare_schemas(db, ours->db, to);
}

/* The characters that mean something in a URI, as %XX. */
static char *file_uri(const char *path, const char *parameters)
{
	own_free char *escaped = malloc(3 * strlen(path) + 1);
	char *to = escaped, *uri;

	if (!escaped)
		return NULL;
	for (const char *c = path; *c; c++)
		to += *c == '%' || *c == '?' || *c == '#' ? sprintf(to, "%%%02x", *c) : sprintf(to, "%c", *c);
	*to = 0;
	return asprintf(&uri, FILE_URI, escaped, parameters) < 0 ? NULL : uri;
}

int store_judge(const struct store_options *o, bool is_alone, struct store_judgement *to)
{
	own_free char *uri = file_uri(o->path, is_alone ? "immutable=1" : "mode=ro");
	sqlite3 *db = NULL;
	struct stat st;
	int r;

	*to = (struct store_judgement){ 0 };
	if (!uri)
		return -ENOMEM;
	if (stat(o->path, &st) < 0)
		return -errno;
	to->bytes = st.st_size;
	r = sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (r == SQLITE_OK)
		sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = r == SQLITE_OK ? judge_schema(db, o, to) : store_errno(r);
	if (r == 0)
		r = find_fault(db, "PRAGMA integrity_check(1)", to);
	if (r == 0)
		r = find_fault(db, "SELECT 'a row of ' || \"table\" || ' refers to one of ' || parent || ' that is not there'"
				   " FROM pragma_foreign_key_check LIMIT 1", to);
	sqlite3_close(db);
	return r;
}
