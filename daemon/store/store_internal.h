/* SPDX-License-Identifier: Apache-2.0 */
/* store_internal.h - what store.c, stmt.c and migrate.c share; nobody else includes it */
#ifndef CVF_STORE_INTERNAL_H
#define CVF_STORE_INTERNAL_H

#include <sqlite3.h>

#include "store.h"

struct stmt {
	struct store *store;
	const char *sql;
	sqlite3_stmt *s;
	int bound, column;
	int error;	/* negative errno, sticks until the statement ends */
};

#define STMTS_USED 256

struct store {
	sqlite3 *db;
	char *path;
	struct stmt **stmts;
	size_t stmts_count;
	struct stmt *used[STMTS_USED];	/* the last one of each address mod so many */
	enum store_sync sync;
	bool in_transaction;
	bool is_bad;
	bool only_reads;
	uint64_t rollbacks;
	unsigned long failures;
	int (*before_commit)(void *ctx);	/* NULL: nobody */
	void *before_commit_ctx;
	int64_t deadline_ms;	/* CLOCK_MONOTONIC; 0: none */
	char problem[256];
	char mark[48];	/* writes what is there already */
};

/* A result code of SQLite as a negative errno. */
int store_errno(int rc);
int migrate_run(struct store *s, const struct migration *list, size_t count) must_check;
/* Is it of the newest schema? -EPROTO: of another. */
int migrate_check(struct store *s, size_t count) must_check;
void stmt_close_all(struct store *s);

#endif
