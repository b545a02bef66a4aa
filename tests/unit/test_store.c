// SPDX-License-Identifier: Apache-2.0
/* test_store.c - connection, transactions, health, migrations from every earlier schema with data in it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>

#include "../support/temp.h"
#include "store/stmt.h"
#include "store/store.h"

static const struct migration plain[] = {
	{ "0001_a", "CREATE TABLE a (n INTEGER PRIMARY KEY, t TEXT) STRICT;" },
	{ "0002_b", "ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT 'x'; UPDATE a SET t = t || '!';" },
	{ "0003_broken", "ALTER TABLE a ADD COLUMN c TEXT; SELECT * FROM nowhere;" },
};

struct fixture {
	char *dir, *path;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = temp_make();
	f->path = temp_path(f->dir, "cvf.db");
	*state = f;
	return f->dir ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	temp_remove(f->dir);
	free(f->path);
	free(f);
	return 0;
}

static struct store *open_with(const struct fixture *f, size_t migrations)
{
	struct store_options o = { .path = f->path, .migrations = plain, .migrations_count = migrations };
	struct store *s = NULL;

	assert_int_equal(store_open(&o, &s), 0);
	return s;
}

static void insert(struct store *s, const char *text)
{
	struct stmt *q = stmt(s, "INSERT INTO a (t) VALUES (?)");

	stmt_text(q, text);
	assert_int_equal(stmt_run(q), 0);
}

static int64_t count(struct store *s)
{
	struct stmt *q = stmt(s, "SELECT COUNT(*) FROM a");
	int64_t n;

	assert_int_equal(stmt_row(q), 1);
	n = stmt_col_int(q);
	stmt_end(q);
	return n;
}

static void test_commit_keeps_and_rollback_forgets(void **state)
{
	struct store *s = open_with(*state, 1);

	assert_int_equal(store_begin(s, STORE_BATCH), 0);
	insert(s, "kept");
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(store_begin(s, STORE_DURABLE), 0);
	insert(s, "forgotten");
	store_rollback(s);
	store_rollback(s);
	assert_int_equal(count(s), 1);
	store_close(s);
	s = open_with(*state, 1);
	assert_int_equal(count(s), 1);
	store_close(s);
}

static void test_a_close_forgets_what_was_not_committed(void **state)
{
	struct store *s = open_with(*state, 1);

	assert_int_equal(store_begin(s, STORE_BATCH), 0);
	insert(s, "never");
	store_close(s);
	s = open_with(*state, 1);
	assert_int_equal(count(s), 0);
	store_close(s);
}

static void test_errors_of_a_statement_stick_until_it_ends(void **state)
{
	struct store *s = open_with(*state, 1);
	struct stmt *q = stmt(s, "INSERT INTO a (n, t) VALUES (?, ?)");

	stmt_int(q, 1);
	stmt_text(q, "a");
	stmt_text(q, "one too many");
	assert_true(stmt_run(q) < 0);
	q = stmt(s, "INSERT INTO a (n, t) VALUES (1, 'x')");
	assert_int_equal(stmt_run(q), 0);
	q = stmt(s, "INSERT INTO a (n, t) VALUES (1, 'x')");
	assert_int_equal(stmt_run(q), -EEXIST);
	assert_int_equal(count(s), 1);
	q = stmt(s, "SELECT nonsense FROM nowhere");
	assert_true(stmt_row(q) < 0);
	store_close(s);
}

static void test_columns_come_in_order(void **state)
{
	static const char bytes[] = { 1, 0, 2 };
	struct store *s = open_with(*state, 1);
	struct stmt *q = stmt(s, "SELECT ?, ?, ?, ?");
	struct blob blob;

	stmt_int(q, -5);
	stmt_text(q, "word");
	stmt_blob(q, bytes, sizeof(bytes));
	stmt_null(q);
	assert_int_equal(stmt_row(q), 1);
	assert_int_equal(stmt_col_int(q), -5);
	assert_string_equal(stmt_col_text(q), "word");
	blob = stmt_col_blob(q);
	assert_int_equal(blob.n, 3);
	assert_memory_equal(blob.p, bytes, 3);
	assert_true(stmt_col_is_null(q));
	assert_null(stmt_col_text(q));
	assert_int_equal(stmt_row(q), 0);
	store_close(s);
}

static void test_migrations_keep_data(void **state)
{
	struct store *s = open_with(*state, 1);
	struct stmt *q;

	insert(s, "old");
	store_close(s);
	s = open_with(*state, 2);
	q = stmt(s, "SELECT t, b FROM a");
	assert_int_equal(stmt_row(q), 1);
	assert_string_equal(stmt_col_text(q), "old!");
	assert_string_equal(stmt_col_text(q), "x");
	stmt_end(q);
	store_close(s);
	s = open_with(*state, 2); /* once only */
	q = stmt(s, "SELECT t FROM a");
	assert_int_equal(stmt_row(q), 1);
	assert_string_equal(stmt_col_text(q), "old!");
	stmt_end(q);
	store_close(s);
}

static void test_a_migration_happens_wholly_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct store_options o = { .path = f->path, .migrations = plain, .migrations_count = 3 };
	struct store *s = open_with(f, 2), *broken = NULL;

	insert(s, "old");
	store_close(s);
	assert_true(store_open(&o, &broken) < 0);
	assert_null(broken);
	s = open_with(f, 2);
	assert_int_equal(count(s), 1);
	assert_true(stmt_row(stmt(s, "SELECT c FROM a")) < 0);
	store_close(s);
}

static void test_a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store_options o = { .path = f->path, .migrations = plain, .migrations_count = 1 };
	struct store *s = open_with(f, 2), *older = NULL;

	store_close(s);
	assert_int_equal(store_open(&o, &older), -EPROTO);
	assert_null(older);
}

/* Data that each released schema may hold; a new migration adds a line for the schema before it. */
static const char *const samples[] = {
	/* schema 0: nothing */ "SELECT 1;",
	/* schema 1 */
	"INSERT INTO boots VALUES (1, 'b', 1); INSERT INTO numbers VALUES (0, 1, 'agent');"
	"INSERT INTO models VALUES (x'00', '[]'); INSERT INTO generations (generation, boot, made_ms, model, cells, is_active)"
	" VALUES (1, 1, 1, x'00', x'00', 1);"
	"INSERT INTO declarations VALUES (0, 'id', 'file', '{}', 1, 'root'); INSERT INTO modes VALUES ('agent', 'observe');"
	"INSERT INTO cgroups VALUES (1, 1, 1, '/x'); INSERT INTO sessions (id, boot, number, agent, began_ms, ended_ms) VALUES ('S', 1, 1, 1, 1, NULL);"
	"INSERT INTO images VALUES (1, 1, 1, 1, 1, 1, x'00', x'00', x'00', 0, 1, 1, NULL, NULL);"
	"INSERT INTO events (n, id, boot, cpu, ring, seq, kind, time_ms, agent, op, verdict, capability, hold_no, record, hash) VALUES (1, 'E', 1, 0, 0, 1, 1, 1, 1, 2, 2, 0, 0, x'00', x'00');"
	"INSERT INTO rings VALUES (1, 0, 0, 2); INSERT INTO gaps VALUES ('G', 1, 0, 0, 1, 2, 2, 1);"
	"INSERT INTO cells (generation, cell, seen) VALUES (1, 1, 1); INSERT INTO counters VALUES (1, 1, 1, 1, 1);"
	"INSERT INTO holds (id, boot, hold_no, agent, session, digest, grant_session, grant_agent, question, cell_flags,"
	" record, state, requested_ms, expires_ns, expires_ms, answer, reason, is_answered, decided_ms, decided_by, note, scope) VALUES ('H', 1, 1, 1, 1, 1, 1, 1, 1, 0, x'00', 0, 1, 1, 1, 0, 0, 1, NULL, NULL, NULL, NULL);"
	"INSERT INTO grants (id, boot, scope, digest, agent, session, capability, hold, covers, state, made_ms, made_by,"
	" note, expires_ms, expires_ns, uses_left, last_use_ms, attached_ns) VALUES ('R', 1, 'agent', 1, 1, 1, 1, 'H', 'c', 0, 1, 'root', NULL, NULL, 0, NULL, NULL, 0);",
	/* schema 2 */
	"INSERT INTO versions VALUES (0, 'id', 1, x'00', '{}', 1, 1, 'root', NULL); INSERT INTO states VALUES ('id', 'RETIRED');",
	/* schema 3 */
	"UPDATE grants SET pattern = '/x/*', op = 5; UPDATE holds SET capability = 1; UPDATE sessions SET skill = 's';",
	/* schema 4 */
	"INSERT INTO consents (hold, uid, name, note, at_ms, people, approvers) VALUES ('H', 1000, 'alice', NULL, 1, 2, '[]');",
	/* schema 5 */
	"INSERT INTO kept (id, boot, hold_no, agent, session, capability, op, object, state, kept_ms, device)"
	" VALUES ('K', 1, 1, 1, 1, 1, 5, x'2f78', 1, 1, 1);",
	/* schema 6: indexes alone */
	"SELECT 1;",
	/* schema 7 */
	"INSERT INTO tokens (id, name, hash, roles, routes, made_ms, made_by, expires_ms) VALUES ('T', 'n', x'00', 1, '[]', 1, 'root', 2);"
	"INSERT INTO repeats VALUES ('root', 'k', x'00', 200, '{}', 1);",
	/* schema 8 */
	"UPDATE generations SET agents = x'0100000001000000'; UPDATE cells SET agent = 7;",
	/* schema 9 */
	"INSERT INTO executions VALUES ('X', 1, 1, 1, 1, 1, 1, 1, NULL, 2, 0, 1, 1, 1, 2, 1000);"
	"INSERT INTO rollups VALUES (1, 0, 60, 60, 33, 1, 1000); INSERT INTO uncounted VALUES ('H');"
	"INSERT INTO marks VALUES ('questions', 'H'); INSERT INTO skill_numbers VALUES (1, 'deploy');",
	/* schema 10 */
	"INSERT INTO maintenance VALUES ('M', 1, 2, 'n', 1, 'root');"
	"INSERT INTO alerts VALUES ('A', 'k', 's', 'warning', 'r', 1, 1, NULL, NULL, NULL, NULL);",
	/* schema 11; what the samples before it put into the outbox goes first */
	"DELETE FROM outbox; INSERT INTO acts VALUES (2, 'A', 1, 1, 'key', '{}', x'00'); INSERT INTO nodes VALUES (8, 0, x'00');"
	"INSERT INTO keys VALUES (x'00', 'first', 1, 'root', NULL, x'00'); INSERT INTO heads VALUES (2, 1, x'00', x'00', x'00', x'00');"
	"INSERT INTO anchors VALUES (0, 1, x'00', 0); INSERT INTO pruned VALUES (1, 0, 0, 1);"
	"DELETE FROM outbox; INSERT INTO outbox (n, kind, names) VALUES (1, 'key', '');",
	/* schema 12: triggers alone */
	"SELECT 1;",
	/* schema 13 */
	"INSERT INTO factors (name, uid, secret, made_ms, made_by) VALUES ('alice', 1000, x'00', 1, 'root'); UPDATE consents SET duties = 16;"
	"INSERT INTO reviews (id, hold, uid, name, reason, opened_ms) VALUES ('W', 'H', 1, 'alice', 'r', 1);"
	"INSERT INTO delegations (id, from_uid, from_name, to_uid, to_name, made_ms, until_ms) VALUES ('D', 1, 'a', 2, 'b', 1, 2); DELETE FROM outbox WHERE n <> 1;",
	/* schema 14 */
	"INSERT INTO noticed VALUES ('H', 0); INSERT INTO notices (id, type, hold, target, data, made_ms, due_ms) VALUES ('N', 't', 'H', 'webhook:x', '{}', 1, 1);",
	/* schema 15 */
	"INSERT INTO frozen VALUES (1, 1, 1, 'root', NULL, NULL, NULL, NULL); DELETE FROM outbox WHERE n > 1;",
	/* schema 16: indexes alone */
	"SELECT 1;",
};

static int64_t rows_of(sqlite3 *db, const char *table)
{
	sqlite3_stmt *q;
	char sql[128];
	int64_t n;

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM \"%s\"", table);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

#define TABLES_MAX 64

struct tables {
	char *v[TABLES_MAX];
	size_t n;
};

static void tables_read(sqlite3 *db, struct tables *t)
{
	sqlite3_stmt *q;

	t->n = 0;
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table'", -1, &q, NULL), SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW && t->n < TABLES_MAX)
		t->v[t->n++] = strdup((const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
}

static void check_tables_have_a_row(sqlite3 *db, const struct tables *t)
{
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(rows_of(db, t->v[i]), 1);
}

static void test_every_released_schema_reaches_the_newest_with_its_data(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ARRAY_SIZE(samples), store_migrations_count + 1);
	for (size_t from = 0; from <= store_migrations_count; from++) {
		struct store_options o = { .path = f->path, .migrations = store_migrations, .migrations_count = from };
		struct store *s = NULL;
		struct tables before;

		unlink(f->path);
		assert_int_equal(store_open(&o, &s), 0);
		for (size_t i = 0; i <= from; i++)
			assert_int_equal(sqlite3_exec(store_db(s), samples[i], NULL, NULL, NULL), SQLITE_OK);
		tables_read(store_db(s), &before);
		check_tables_have_a_row(store_db(s), &before);
		store_close(s);
		o.migrations_count = store_migrations_count;
		assert_int_equal(store_open(&o, &s), 0);
		check_tables_have_a_row(store_db(s), &before);
		store_close(s);
		while (before.n)
			free(before.v[--before.n]);
	}
}

static int count_until_two(struct stmt *q, void *ctx)
{
	int *n = ctx;

	*n += (int)stmt_col_int(q);
	return *n >= 3 ? 1 : 0;
}

static int give_up(struct stmt *q, void *ctx)
{
	(void)q;
	(void)ctx;
	return -EBADMSG;
}

static void test_rows_are_handed_over_until_the_reader_has_enough(void **state)
{
	struct store *s = open_with(*state, 1);
	int n = 0;

	assert_int_equal(stmt_each(stmt(s, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 4"), count_until_two, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(stmt_one(stmt(s, "SELECT 5 UNION ALL SELECT 6"), count_until_two, &n), 1); /* whatever the reader says of more */
	assert_int_equal(n, 8);
	assert_int_equal(stmt_one(stmt(s, "SELECT 1 WHERE 0"), count_until_two, &n), 0);
	assert_int_equal(n, 8);
	assert_int_equal(stmt_each(stmt(s, "SELECT 1"), give_up, NULL), -EBADMSG);
	assert_int_equal(stmt_each(stmt(s, "SELECT 1"), give_up, NULL), -EBADMSG); /* the statement had ended */
	store_close(s);
}

static void test_references_are_enforced(void **state)
{
	struct fixture *f = *state;
	struct store_options o = { .path = f->path, .migrations = store_migrations, .migrations_count = store_migrations_count };
	struct store *s = NULL;

	assert_int_equal(store_open(&o, &s), 0);
	assert_int_equal(stmt_run(stmt(s, "INSERT INTO rings VALUES (7, 0, 0, 1)")), -EEXIST);
	assert_int_equal(stmt_run(stmt(s, "INSERT INTO boots VALUES (7, 'x', 1)")), 0);
	assert_int_equal(stmt_run(stmt(s, "INSERT INTO rings VALUES (7, 0, 0, 1)")), 0);
	assert_null(store_problem(s)); /* a refused row is no sick disk */
	store_close(s);
}

static void test_a_full_store_says_so_and_recovers(void **state)
{
	struct fixture *f = *state;
	struct store_options o = { .path = f->path, .migrations = plain, .migrations_count = 1, .max_bytes = 64 * 1024 };
	struct store *s = NULL;
	char *big = malloc(40001);
	int r = 0;

	memset(big, 'x', 40000);
	big[40000] = 0;
	assert_int_equal(store_open(&o, &s), 0);
	assert_null(store_problem(s));
	for (int i = 0; i < 10 && r == 0; i++) {
		struct stmt *q;

		assert_int_equal(store_begin(s, STORE_BATCH), 0);
		q = stmt(s, "INSERT INTO a (t) VALUES (?)");
		stmt_text(q, big);
		r = stmt_run(q);
		if (r == 0)
			r = store_commit(s);
		if (r < 0)
			store_rollback(s);
	}
	assert_int_equal(r, -ENOSPC);
	assert_non_null(store_problem(s));
	assert_int_equal(count(s), 1);
	assert_int_equal(store_begin(s, STORE_BATCH), 0);
	assert_int_equal(stmt_run(stmt(s, "DELETE FROM a")), 0);
	assert_int_equal(store_commit(s), 0);
	assert_null(store_problem(s));
	store_close(s);
	free(big);
}

static void write_garbage(const char *path)
{
	FILE *out = fopen(path, "w");

	for (int i = 0; i < 5000; i++)
		fputs("garbage ", out);
	fclose(out);
}

static void test_garbage_is_recognised_and_set_aside_unread(void **state)
{
	struct fixture *f = *state;
	struct store_options o = { .path = f->path, .migrations = plain, .migrations_count = 1 };
	struct store *s = NULL;
	char *name = NULL;
	struct stat st;

	write_garbage(f->path);
	assert_int_equal(store_open(&o, &s), -EUCLEAN);
	assert_null(s);
	assert_int_equal(store_set_aside(f->path, &name), 0);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, 40000);
	assert_true(access(f->path, F_OK) < 0);
	assert_int_equal(store_open(&o, &s), 0);
	store_close(s);
	write_garbage(f->path);
	free(name);
	name = NULL;
	if (store_set_aside(f->path, &name) == -EEXIST) /* in the same second: never over the first */
		assert_int_equal(access(f->path, F_OK), 0);
	free(name);
}

/* A page in the middle is destroyed: found only when it is read, and then by the next start. */
static void test_a_suspect_store_is_read_whole(void **state)
{
	struct fixture *f = *state;
	struct store_options o = { .path = f->path, .migrations = plain, .migrations_count = 1 };
	struct store *s = open_with(f, 1);
	char junk[4096];
	int fd;

	for (int i = 0; i < 2000; i++)
		insert(s, "a line of text that fills pages");
	store_close(s);
	memset(junk, 0x5a, sizeof(junk));
	fd = open(f->path, O_WRONLY);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 4096 * 4), sizeof(junk));
	close(fd);
	s = open_with(f, 1);
	store_mark_suspect(s);
	store_close(s);
	s = NULL;
	assert_int_equal(store_open(&o, &s), -EUCLEAN);
	assert_null(s);
}

static void test_a_sound_suspect_is_cleared(void **state)
{
	struct fixture *f = *state;
	struct store *s = open_with(f, 1);
	char *mark = temp_path(f->dir, "cvf.db.suspect");

	store_mark_suspect(s);
	store_close(s);
	assert_int_equal(access(mark, F_OK), 0);
	s = open_with(f, 1);
	assert_true(access(mark, F_OK) < 0);
	store_close(s);
	free(mark);
}

static void test_a_question_that_takes_too_long_is_ended(void **state)
{
	struct store *s = open_with(*state, 1);
	struct stmt *q = stmt(s, "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT COUNT(*) FROM c");

	store_limit_time(s, 20);
	assert_int_equal(stmt_row(q), -EINTR);
	store_limit_time(s, 0);
	assert_null(store_problem(s));
	insert(s, "goes on");
	assert_int_equal(count(s), 1);
	store_close(s);
}

static void test_a_directory_that_cannot_be_written_is_an_error(void **state)
{
	struct store_options o = { .path = "/nonexistent/cvf.db", .migrations = plain, .migrations_count = 1 };
	struct store *s = NULL;

	(void)state;
	assert_true(store_open(&o, &s) < 0);
	assert_null(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_commit_keeps_and_rollback_forgets),
		T(test_a_close_forgets_what_was_not_committed),
		T(test_errors_of_a_statement_stick_until_it_ends),
		T(test_columns_come_in_order),
		T(test_migrations_keep_data),
		T(test_a_migration_happens_wholly_or_not_at_all),
		T(test_a_newer_schema_is_refused),
		T(test_every_released_schema_reaches_the_newest_with_its_data),
		T(test_rows_are_handed_over_until_the_reader_has_enough),
		T(test_references_are_enforced),
		T(test_a_full_store_says_so_and_recovers),
		T(test_garbage_is_recognised_and_set_aside_unread),
		T(test_a_suspect_store_is_read_whole),
		T(test_a_sound_suspect_is_cleared),
		T(test_a_question_that_takes_too_long_is_ended),
		T(test_a_directory_that_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
