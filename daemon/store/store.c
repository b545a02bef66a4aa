// SPDX-License-Identifier: Apache-2.0
/*
 * store.c - connection, transactions, health
 *
 * WAL with one writer. Commits of batches wait for the system only (they survive any crash of ours; the records of the last
 * moments before a power cut may be missing, and the kernel that produced them is gone too); decisions wait for the disk.
 */
#include "store_internal.h"
#include "stmt.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PAGE_BYTES 4096
#define STEPS_PER_LOOK 10000
#define BUSY_MS 250	/* nobody else writes; a person with a shell may, and the loop must not wait for them */
#define READER_BUSY_MS 10000
#define SUSPECT_SUFFIX ".suspect"

static const struct {
	int code;
	int error;
} errors[] = {
	{ SQLITE_FULL, -ENOSPC },     { SQLITE_READONLY, -EROFS },  { SQLITE_CORRUPT, -EUCLEAN },
	{ SQLITE_NOTADB, -EUCLEAN },  { SQLITE_CONSTRAINT, -EEXIST }, { SQLITE_BUSY, -EBUSY },
	{ SQLITE_LOCKED, -EBUSY },    { SQLITE_NOMEM, -ENOMEM },    { SQLITE_TOOBIG, -E2BIG },
	{ SQLITE_CANTOPEN, -EACCES }, { SQLITE_PERM, -EACCES },	  { SQLITE_INTERRUPT, -EINTR },
};

int store_errno(int rc)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].code == (rc & 0xff))
			return errors[i].error;
	return -EIO;
}

int store_note(struct store *s, int rc)
{
	int error;

	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return 0;
	error = store_errno(rc);
	if (error == -EEXIST || error == -E2BIG || error == -EINTR)
		return error;	/* a refusal of one row, or a limit, says nothing about the disk */
	if (error == -EUCLEAN && !s->is_bad && !s->only_reads)
		store_mark_suspect(s);
	s->is_bad = true;
	s->failures++;
	snprintf(s->problem, sizeof(s->problem), "%s", sqlite3_errmsg(s->db));
	return error;
}

unsigned long store_failures(const struct store *s)
{
	return s->failures;
}

const char *store_problem(const struct store *s)
{
	return s->is_bad ? s->problem : NULL;
}

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int is_late(void *ctx)
{
	const struct store *s = ctx;

	return monotonic_ms() > s->deadline_ms;
}

void store_limit_time(struct store *s, unsigned int ms)
{
	s->deadline_ms = ms ? monotonic_ms() + ms : 0;
	sqlite3_progress_handler(s->db, ms ? STEPS_PER_LOOK : 0, ms ? is_late : NULL, s);
}

struct sqlite3 *store_db(struct store *s)
{
	return s->db;
}

static int exec(struct store *s, const char *sql)
{
	return store_note(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

/* Writing goes on in a file without a name, and nobody would ever read it: what its directory has under the name now is another. */
static int look_for_file(struct store *s)
{
	int has_moved = 0;

	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) != SQLITE_OK || !has_moved)
		return 0;
	s->is_bad = true;
	snprintf(s->problem, sizeof(s->problem), "its file was removed or replaced");
	return -ESTALE;
}

int store_begin(struct store *s, enum store_sync sync)
{
	int r = look_for_file(s);

	if (r == 0 && sync != s->sync)
		r = exec(s, sync == STORE_DURABLE ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
	if (r < 0)
		return r;
	s->sync = sync;
	r = stmt_run(stmt(s, "BEGIN IMMEDIATE"));
	s->in_transaction = r == 0;
	return r;
}

/*
 * A commit whose sync failed is in the log, whole: should this process be killed now, the next start would find it there and
 * believe it. Anything that is written next takes its place in the log. What the disk itself kept of it, nobody can say.
 */
static void take_back(struct store *s)
{
	char problem[sizeof(s->problem)];

	memcpy(problem, s->problem, sizeof(problem));
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(s->db, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL);
	s->sync = STORE_BATCH;
	sqlite3_exec(s->db, s->mark, NULL, NULL, NULL);
	memcpy(s->problem, problem, sizeof(problem));
}

int store_commit(struct store *s)
{
	int r = s->before_commit ? s->before_commit(s->before_commit_ctx) : 0;

	if (r == 0) {
		r = stmt_run(stmt(s, "COMMIT"));
		if (r < 0 && s->sync == STORE_DURABLE)
			take_back(s);
	}
	if (r < 0)
		return r;
	s->in_transaction = false;
	s->is_bad = false;
	return 0;
}

void store_rollback(struct store *s)
{
	if (s->in_transaction && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->in_transaction = false;
	s->rollbacks++;
}

uint64_t store_rollbacks(const struct store *s)
{
	return s->rollbacks;
}

void store_set_before_commit(struct store *s, int (*before_commit)(void *ctx), void *ctx)
{
	s->before_commit = before_commit;
	s->before_commit_ctx = ctx;
}

static int set_limits(struct store *s, uint64_t max_bytes)
{
	char sql[64];

	if (!max_bytes)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%llu", (unsigned long long)(max_bytes / PAGE_BYTES));
	return exec(s, sql);
}

static char *suspect_path(const char *path)
{
	char *name;

	return asprintf(&name, "%s" SUSPECT_SUFFIX, path) < 0 ? NULL : name;
}

void store_mark_suspect(struct store *s)
{
	own_free char *name = suspect_path(s->path);
	own_fd int fd = -1;

	if (name)
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int check_row(void *ctx, int columns, char **values, char **names)
{
	bool *is_good = ctx;

	(void)names;
	*is_good = columns == 1 && values[0] && !strcmp(values[0], "ok");
	return 0;
}

/* Reading all of a large database takes minutes, so it is done only when a damaged page was met before. */
static int check_suspect(struct store *s)
{
	own_free char *name = suspect_path(s->path);
	bool is_good = false;
	int rc;

	if (!name)
		return -ENOMEM;
	if (access(name, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = sqlite3_exec(s->db, "PRAGMA quick_check(1)", check_row, &is_good, NULL);
	if (rc != SQLITE_OK)
		return store_errno(rc); /* it could not be read: that is no damage */
	if (!is_good)
		return -EUCLEAN;
	unlink(name);
	return 0;
}

static int configure(struct store *s, const struct store_options *o)
{
	int r;

	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = exec(s, "PRAGMA journal_mode=WAL");
	if (r == 0)
		r = exec(s, "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
			    "PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=2000");
	if (r == 0)
		r = check_suspect(s);
	if (r == 0)
		r = set_limits(s, o->max_bytes);
	if (r == 0)
		r = migrate_run(s, o->migrations, o->migrations_count);
	snprintf(s->mark, sizeof(s->mark), "PRAGMA user_version=%zu", o->migrations_count);
	return r;
}

/* The trail is evidence: a file that others may write is none. */
static int check_mode(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(st.st_mode))
		return strcmp(path, ":memory:") == 0 ? 0 : -ENOTSUP;
	if (!(st.st_mode & S_IWUSR)) /* SQLite would go on reading, and make its log as it makes the file: read-only */
		return -EACCES;
	return st.st_mode & (S_IWGRP | S_IWOTH) || (st.st_uid != geteuid() && geteuid() != 0) ? -EPERM : 0;
}

/* One thread owns every connection: locks and the counting of memory cost a tenth of an insert. Once; later it is refused. */
static void configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int store_open(const struct store_options *options, struct store **ret_store)
{
	own(store) struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	configure_library();
	r = check_mode(options->path);
	if (r < 0)
		return r;
	s->path = strdup(options->path);
	if (!s->path)
		return -ENOMEM;
	r = sqlite3_open_v2(s->path, &s->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	if (r != SQLITE_OK)
		return store_errno(r);
	r = configure(s, options);
	if (r < 0)
		return r;
	*ret_store = TAKE(s);
	return 0;
}

/* A file alone, without what was not written back to it, is read as it is: its directory may be read-only. */
static int open_to_read(struct store *s)
{
	own_free char *wal = NULL, *uri = NULL;
	struct stat st;
	bool is_alone;

	if (asprintf(&wal, "%s-wal", s->path) < 0)
		return -ENOMEM;
	if (stat(s->path, &st) < 0)
		return -errno;
	is_alone = access(wal, F_OK) < 0 && access(s->path, W_OK) < 0;
	if (strpbrk(s->path, "?#%"))
		return -EINVAL;
	if (asprintf(&uri, "file:%s?mode=ro%s", s->path, is_alone ? "&immutable=1" : "") < 0)
		return -ENOMEM;
	return sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) == SQLITE_OK ? 0 : -EACCES;
}

int store_open_to_read(const char *path, struct store **ret_store)
{
	own(store) struct store *s = calloc(1, sizeof(*s));
	int r = s && (s->path = strdup(path)) ? 0 : -ENOMEM;

	if (r == 0)
		r = open_to_read(s);
	if (r < 0)
		return r;
	s->only_reads = true;
	sqlite3_busy_timeout(s->db, READER_BUSY_MS);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = exec(s, "PRAGMA query_only=1; BEGIN");
	if (r == 0)
		r = migrate_check(s, store_migrations_count);
	if (r < 0)
		return r;
	*ret_store = TAKE(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_rollback(s);
	stmt_close_all(s);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

int store_set_aside(const char *path, char **ret_name)
{
	static const char *const suffixes[] = { "-wal", "-shm", SUSPECT_SUFFIX };
	own_free char *name = NULL;
	int r = 0;

	if (asprintf(&name, "%s.corrupt-%lld", path, (long long)time(NULL)) < 0)
		return -ENOMEM;
	if (renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		own_free char *from = NULL, *to = NULL;

		if (asprintf(&from, "%s%s", path, suffixes[i]) < 0 || asprintf(&to, "%s%s", name, suffixes[i]) < 0)
			return -ENOMEM;
		if (rename(from, to) < 0 && errno != ENOENT)
			r = -errno;
	}
	*ret_name = TAKE(name);
	return r;
}
