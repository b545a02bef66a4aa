// SPDX-License-Identifier: Apache-2.0
/* boot_table.c - the table `boots` */
#include "boot_table.h"

#include "store/stmt.h"

static int add(struct store *s, const char *boot_id, int64_t now_ms)
{
	struct stmt *q;
	int r = store_begin(s, STORE_BATCH);

	if (r < 0)
		return r;
	q = stmt(s, "INSERT OR IGNORE INTO boots (boot_id, first_ms) VALUES (?, ?)");
	stmt_text(q, boot_id);
	stmt_int(q, now_ms);
	r = stmt_run(q);
	if (r == 0)
		r = store_commit(s);
	if (r < 0)
		store_rollback(s);
	return r;
}

int boot_table_get(struct store *s, const char *boot_id, int64_t now_ms, int64_t *ret_boot)
{
	struct stmt *q;
	int r = add(s, boot_id, now_ms);

	if (r < 0)
		return r;
	q = stmt(s, "SELECT no FROM boots WHERE boot_id = ?");
	stmt_text(q, boot_id);
	r = stmt_row(q);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	*ret_boot = stmt_col_int(q);
	stmt_end(q);
	return 0;
}

int boot_table_id(struct store *s, int64_t boot, char ret_id[BOOT_ID_SIZE])
{
	struct stmt *q = stmt(s, "SELECT boot_id FROM boots WHERE no = ?");
	int r;

	ret_id[0] = 0;
	stmt_int(q, boot);
	r = stmt_row(q);
	if (r <= 0)
		return r;
	snprintf(ret_id, BOOT_ID_SIZE, "%s", stmt_col_text(q));
	stmt_end(q);
	return 0;
}
