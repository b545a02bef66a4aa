/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stmt.h - prepared statements: bind in order, run, read columns in order
 *
 * stmt() prepares a static string once and keeps it; the pointer is valid until the store is closed. Errors stick: a bind
 * after a failure does nothing and stmt_run() or stmt_row() returns the first one. At most one use of a statement at a time.
 */
#ifndef CVF_STMT_H
#define CVF_STMT_H

#include <stdint.h>

#include "store.h"

struct stmt;

struct blob {
	const void *p;	/* never NULL */
	size_t n;
};

/* sql: a string literal; its address is its identity. Never NULL. */
struct stmt *stmt(struct store *s, const char *sql);

void stmt_int(struct stmt *q, int64_t value);
void stmt_text(struct stmt *q, const char *text);	/* NULL: null; borrowed until the statement ends */
void stmt_blob(struct stmt *q, const void *p, size_t n);
void stmt_null(struct stmt *q);

/* Runs a statement without rows. 0 or negative errno; *ret_changes (NULL: not wanted): rows changed. */
int stmt_run(struct stmt *q) must_check;
int stmt_run_count(struct stmt *q, int64_t *ret_changes) must_check;
/* Next row: 1, 0 at the end, negative errno; after 0 or an error the statement has ended. */
int stmt_row(struct stmt *q) must_check;
/* Ends a statement whose rows were not all read. */
void stmt_end(struct stmt *q);

/* Columns of the current row, in order; text and blobs are valid until the next row. */
int64_t stmt_col_int(struct stmt *q);
const char *stmt_col_text(struct stmt *q);	/* NULL: null */
struct blob stmt_col_blob(struct stmt *q);
enum stmt_kind { STMT_NULL, STMT_INT, STMT_TEXT, STMT_BLOB };
enum stmt_kind stmt_col_kind(struct stmt *q);	/* of the next column; does not move on */
bool stmt_col_is_null(struct stmt *q);		/* of the next column; does not move on */

/* Reads the columns of a row, in order; non-zero ends the walk. ctx is the walk's own. */
typedef int (*stmt_reader)(struct stmt *q, void *ctx);
/*
 * Every row, until the reader wants no more: 0, or negative errno (the reader's too). The statement stands meanwhile, so a
 * reader may not walk the same one again.
 */
int stmt_each(struct stmt *q, stmt_reader read, void *ctx) must_check;
/* The first row alone: 1 read, 0 there is none, negative errno. */
int stmt_one(struct stmt *q, stmt_reader read, void *ctx) must_check;
/* Rows of one text: how many there are, and the first of them in ret_first; cut at room. Negative errno. */
int stmt_count_texts(struct stmt *q, char *ret_first, size_t room) must_check;

int64_t store_last_rowid(struct store *s);

#endif
