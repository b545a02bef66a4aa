// SPDX-License-Identifier: Apache-2.0
/* kept_table.c - the table `kept` */
#include "kept_table.h"

#include <string.h>

#include "store/stmt.h"

#define COLUMNS                                                                                                         \
	"SELECT id, boot, hold_no, agent, session, capability, op, object, state, kept_ms, IFNULL(ended_ms, 0), device, how," \
	" size, mode, uid, gid, links, mtime_ns, IFNULL(ended_by, ''), IFNULL(store, x''), IFNULL(origin, x'') FROM kept "

int kept_table_add(struct store *s, const struct kept *k)
{
	struct stmt *q = stmt(s, "INSERT INTO kept (id, boot, hold_no, agent, session, capability, op, object, state, kept_ms, device)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)");

	stmt_text(q, k->id);
	stmt_int(q, k->boot);
	stmt_int(q, (int64_t)k->hold_no);
	stmt_int(q, k->agent);
	stmt_int(q, k->session);
	stmt_int(q, k->capability);
	stmt_int(q, k->op);
	stmt_blob(q, k->object.p, k->object.n);
	stmt_int(q, k->kept_ms);
	stmt_int(q, k->device);
	return stmt_run(q);
}

int kept_table_set_kept(struct store *s, const char *id, const struct quarantine_reply *reply)
{
	struct stmt *q = stmt(s, "UPDATE kept SET state = 1, how = ?, size = ?, mode = ?, uid = ?, gid = ?, links = ?,"
				 " mtime_ns = ?, store = ?, origin = ? WHERE id = ?");

	stmt_int(q, reply->how);
	stmt_int(q, (int64_t)reply->size);
	stmt_int(q, reply->mode);
	stmt_int(q, reply->uid);
	stmt_int(q, reply->gid);
	stmt_int(q, reply->links);
	stmt_int(q, reply->mtime_ns);
	stmt_blob(q, reply->store, strlen(reply->store));
	stmt_blob(q, reply->origin, strlen(reply->origin));
	stmt_text(q, id);
	return stmt_run(q);
}

int kept_table_drop(struct store *s, const char *id)
{
	struct stmt *q = stmt(s, "DELETE FROM kept WHERE id = ? AND state = 0");

	stmt_text(q, id);
	return stmt_run(q);
}

int kept_table_end(struct store *s, const char *id, enum kept_state state, const char *by, int64_t now_ms)
{
	struct stmt *q = stmt(s, "UPDATE kept SET state = ?, ended_by = ?, ended_ms = ? WHERE id = ?");

	stmt_int(q, state);
	stmt_text(q, by);
	stmt_int(q, now_ms);
	stmt_text(q, id);
	return stmt_run(q);
}

static void copy_blob(struct stmt *q, char to[CVF_PATH_MAX + 1])
{
	struct blob b = stmt_col_blob(q);
	size_t n = b.n < CVF_PATH_MAX ? b.n : CVF_PATH_MAX;

	memcpy(to, b.p, n);
	to[n] = 0;
}

struct visit {
	kept_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	static struct kept k; /* two paths are too much for a stack; one thread */
	struct blob object;

	snprintf(k.id, sizeof(k.id), "%s", stmt_col_text(q));
	k.boot = stmt_col_int(q);
	k.hold_no = (uint64_t)stmt_col_int(q);
	k.agent = (uint32_t)stmt_col_int(q);
	k.session = (uint32_t)stmt_col_int(q);
	k.capability = (uint32_t)stmt_col_int(q);
	k.op = (enum cvf_op)stmt_col_int(q);
	object = stmt_col_blob(q);
	k.object = (struct text){ .p = object.p, .n = object.n };
	k.state = (enum kept_state)stmt_col_int(q);
	k.kept_ms = stmt_col_int(q);
	k.ended_ms = stmt_col_int(q);
	k.device = (uint32_t)stmt_col_int(q);
	k.how = (enum quarantine_how)stmt_col_int(q);
	k.size = (uint64_t)stmt_col_int(q);
	k.mode = (uint32_t)stmt_col_int(q);
	k.uid = (uint32_t)stmt_col_int(q);
	k.gid = (uint32_t)stmt_col_int(q);
	k.links = (uint32_t)stmt_col_int(q);
	k.mtime_ns = stmt_col_int(q);
	snprintf(k.ended_by, sizeof(k.ended_by), "%s", stmt_col_text(q));
	copy_blob(q, k.store);
	copy_blob(q, k.origin);
	return v->each(v->ctx, &k);
}

int kept_table_find(struct store *s, const char *id, kept_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE id = ?");

	stmt_text(q, id);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int kept_table_find_hold(struct store *s, int64_t boot, uint64_t hold_no, kept_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE boot = ? AND hold_no = ?");

	stmt_int(q, boot);
	stmt_int(q, (int64_t)hold_no);
	return stmt_one(q, hand_over, &(struct visit){ each, ctx });
}

int kept_table_find_prefix(struct store *s, const char *prefix, char ret_id[ULID_SIZE])
{
	struct stmt *q = stmt(s, "SELECT id FROM kept WHERE id >= ?1 AND id < ?1 || 'a' AND state > 0 LIMIT 2"); /* 'a' is past Z */

	stmt_text(q, prefix);
	return stmt_count_texts(q, ret_id, ULID_SIZE);
}

int kept_table_each(struct store *s, const struct kept_filter *f, kept_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE (?1 = 0 OR agent = ?1) AND (state = ?2 OR (?2 = 5 AND state > 0))"
					 " AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4");

	_Static_assert(KEPT_ANY == 5, "the statement above");
	stmt_int(q, f->agent);
	stmt_int(q, f->state);
	stmt_text(q, f->before);
	stmt_int(q, f->limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int kept_table_each_oldest(struct store *s, int64_t limit, kept_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE state = 1 ORDER BY kept_ms LIMIT ?");

	stmt_int(q, limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

int kept_table_bytes(struct store *s, uint64_t *ret_bytes)
{
	struct stmt *q = stmt(s, "SELECT IFNULL(SUM(size), 0) FROM kept WHERE state = 1");
	int r = stmt_row(q);

	if (r > 0) {
		*ret_bytes = (uint64_t)stmt_col_int(q);
		stmt_end(q);
	}
	return r < 0 ? r : 0;
}

int kept_table_each_begun(struct store *s, int64_t boot, int64_t limit, kept_each each, void *ctx)
{
	struct stmt *q = stmt(s, COLUMNS "WHERE state = 0 AND boot <> ? LIMIT ?");

	stmt_int(q, boot);
	stmt_int(q, limit);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}
