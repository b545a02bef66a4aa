/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the database file: one writer, transactions, health; knows no table but its own `meta`
 *
 * After a failed write the store is unhealthy until a write succeeds again; its callers refuse what must not go unrecorded.
 * Not thread-safe: one loop owns it.
 */
#ifndef CVF_STORE_H
#define CVF_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/own.h"

struct store;

struct migration {
	const char *name;	/* "0001_first" */
	const char *sql;
};

/* Every migration in order, embedded at build (migrations.c). */
extern const struct migration store_migrations[];
extern const size_t store_migrations_count;

struct store_options {
	const char *path;		/* of the database */
	const struct migration *migrations;
	size_t migrations_count;
	uint64_t max_bytes;		/* of the database file; 0: as large as the disk */
};

/*
 * Opens or makes the database and brings it to the newest schema. -EUCLEAN: it is damaged or no database (see
 * store_set_aside); -EPROTO: it was written by a newer version; -EPERM: it is another user's, or others may write to it.
 * Others: the disk says no.
 */
int store_open(const struct store_options *options, struct store **ret_store) must_check;
/* To read alone, while another process may write; nothing is migrated. -EPROTO: it is no store of this version. */
int store_open_to_read(const char *path, struct store **ret_store) must_check;
void store_close(struct store *s);
static inline void store_free(struct store *s)
{
	store_close(s);
}
OWN_DEFINE(store);

/*
 * Moves a damaged database (with its -wal and -shm) to PATH.corrupt-<seconds>; the new name goes to *ret_name (malloc'ed).
 * Nothing is ever overwritten or deleted.
 */
int store_set_aside(const char *path, char **ret_name) must_check;
/* A damaged database met while running leaves a mark, so that the next store_open() reads all of it first. */
void store_mark_suspect(struct store *s);

enum store_sync { STORE_BATCH, STORE_DURABLE };	/* what a commit waits for: the system; the disk */

/* No nesting. -ESTALE: the file is not there any more under its name: nothing helps but a new start. A failed begin, statement or commit ends in store_rollback(), which is harmless without a transaction. */
int store_begin(struct store *s, enum store_sync sync) must_check;
int store_commit(struct store *s) must_check;
void store_rollback(struct store *s);
/* Whoever keeps in memory what the store holds looks here whether it was undone. */
uint64_t store_rollbacks(const struct store *s);
/* Called inside every transaction before it is committed; what it returns below 0 is what the commit failed with. */
void store_set_before_commit(struct store *s, int (*before_commit)(void *ctx), void *ctx);

/* Statements that run longer end with -EINTR; 0: no limit. */
void store_limit_time(struct store *s, unsigned int ms);
/* NULL when the last write succeeded, else what went wrong, in words. */
const char *store_problem(const struct store *s);
/* How often something of it could not be read or written. */
unsigned long store_failures(const struct store *s);
/* Notes a result code of SQLite; returns it as a negative errno (0 for success). For stmt.c. */
int store_note(struct store *s, int rc);
struct sqlite3;
struct sqlite3 *store_db(struct store *s);

#endif
