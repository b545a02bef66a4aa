// SPDX-License-Identifier: Apache-2.0
/*
 * migrate.c - brings a database from any older schema to the newest, one transaction per step
 *
 * The number of steps done is PRAGMA user_version, which is part of the transaction: a step happens wholly or not at all.
 */
#include <stdlib.h>

#include "store_internal.h"

static int read_version(struct store *s, int *ret_version)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		*ret_version = sqlite3_column_int(q, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(q);
	return store_note(s, rc);
}

static int step(struct store *s, const struct migration *m, int version)
{
	char mark[48];
	int rc;

	snprintf(mark, sizeof(mark), "PRAGMA user_version=%d", version);
	rc = sqlite3_exec(s->db, m->sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, mark, NULL, NULL, NULL);
	return store_note(s, rc);
}

int migrate_run(struct store *s, const struct migration *list, size_t count)
{
	int version = 0, r;

	r = read_version(s, &version);
	if (r < 0)
		return r;
	if (version < 0 || (size_t)version > count)
		return -EPROTO;
	for (size_t i = (size_t)version; i < count; i++) {
		r = store_begin(s, STORE_DURABLE);
		if (r == 0)
			r = step(s, &list[i], (int)i + 1);
		if (r == 0)
			r = store_commit(s);
		if (r < 0) {
			store_rollback(s);
			return r;
		}
	}
	return 0;
}

int migrate_check(struct store *s, size_t count)
{
	int version = 0, r = read_version(s, &version);

	return r < 0 ? r : version == (int)count ? 0 : -EPROTO;
}
