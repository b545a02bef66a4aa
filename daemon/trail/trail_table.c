// SPDX-License-Identifier: Apache-2.0
/* trail_table.c - reads `events`, `acts`, `nodes`, `heads`, `keys` and `anchors` */
#include "trail_table.h"

#include <string.h>

static const char *text_of(const char *text)
{
	return text ? text : "";
}

/* ---- entries ---- */

void entries_open(struct store *s, int64_t after_n, struct entries *ret_entries)
{
	*ret_entries = (struct entries){
		.events = stmt(s, "SELECT n, id, boot, time_ms, hash, record, seal, cpu, ring, seq, kind, agent, op, verdict,"
				  " capability, hold_no FROM events WHERE n > ? ORDER BY n"),
		.acts = stmt(s, "SELECT n, id, boot, time_ms, hash, kind, body FROM acts WHERE n > ? ORDER BY n"),
		.has_event = 1, .has_act = 1, .event_is_used = true, .act_is_used = true,
	};
	stmt_int(ret_entries->events, after_n);
	stmt_int(ret_entries->acts, after_n);
}

static void read_common(struct stmt *q, struct entry *e)
{
	e->n = stmt_col_int(q);
	e->id = text_of(stmt_col_text(q));
	e->boot = stmt_col_int(q);
	e->time_ms = stmt_col_int(q);
	e->hash = stmt_col_blob(q);
}

static void read_event(struct stmt *q, struct entry *e)
{
	int64_t *const columns[] = { &e->cpu, &e->ring, &e->seq, &e->event_kind, &e->agent, &e->op, &e->verdict, &e->capability,
				     &e->hold_no };

	read_common(q, e);
	e->record = stmt_col_blob(q);
	e->has_seal = !stmt_col_is_null(q);
	e->seal = stmt_col_blob(q);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		*columns[i] = stmt_col_int(q);
}

static int step_event(struct entries *e)
{
	if (!e->event_is_used || e->has_event != 1)
		return e->has_event;
	e->has_event = stmt_row(e->events);
	e->event_is_used = false;
	if (e->has_event == 1)
		read_event(e->events, &e->event);
	return e->has_event;
}

static int step_act(struct entries *e)
{
	if (!e->act_is_used || e->has_act != 1)
		return e->has_act;
	e->has_act = stmt_row(e->acts);
	e->act_is_used = false;
	if (e->has_act == 1) {
		e->act.is_act = true;
		read_common(e->acts, &e->act);
		e->act.kind = text_of(stmt_col_text(e->acts));
		e->act.body = text_of(stmt_col_text(e->acts));
	}
	return e->has_act;
}

void entries_close(struct entries *e)
{
	if (e->has_event == 1)
		stmt_end(e->events);
	if (e->has_act == 1)
		stmt_end(e->acts);
	e->has_event = e->has_act = 0;
}

int entries_next(struct entries *e, const struct entry **ret_entry)
{
	int event = step_event(e), act = step_act(e);

	if (event < 0 || act < 0) {
		entries_close(e);
		return event < 0 ? event : act;
	}
	if (!event && !act)
		return 0;
	if (event && (!act || e->event.n <= e->act.n)) {
		e->event_is_used = true;
		*ret_entry = &e->event;
	} else {
		e->act_is_used = true;
		*ret_entry = &e->act;
	}
	return 1;
}

#define EITHER(columns, rest) \
	"SELECT " columns " FROM events " rest " UNION ALL SELECT " columns " FROM acts " rest

static bool copy_hash(struct blob from, uint8_t to[CHAIN_BYTES])
{
	if (from.n == CHAIN_BYTES)
		memcpy(to, from.p, CHAIN_BYTES);
	return from.n == CHAIN_BYTES;
}

static int read_last(struct stmt *q, int64_t *n, char id[27], uint8_t hash[CHAIN_BYTES])
{
	int r = stmt_row(q);
	int64_t this_n;

	if (r <= 0)
		return r;
	this_n = stmt_col_int(q);
	if (this_n > *n) {
		*n = this_n;
		snprintf(id, 27, "%s", text_of(stmt_col_text(q)));
		r = copy_hash(stmt_col_blob(q), hash) ? 0 : -EUCLEAN;
	}
	stmt_end(q);
	return r < 0 ? r : 0;
}

int trail_table_last(struct store *s, int64_t *ret_n, char ret_id[27], uint8_t ret_hash[CHAIN_BYTES])
{
	struct anchor anchor;
	int r = anchor_table_get(s, &anchor);

	ret_id[0] = 0;
	if (r < 0)
		return r;
	*ret_n = anchor.n;
	memcpy(ret_hash, anchor.hash, CHAIN_BYTES);
	r = read_last(stmt(s, "SELECT n, id, hash FROM events ORDER BY n DESC LIMIT 1"), ret_n, ret_id, ret_hash);
	return r < 0 ? r : read_last(stmt(s, "SELECT n, id, hash FROM acts ORDER BY n DESC LIMIT 1"), ret_n, ret_id, ret_hash);
}

int trail_table_find(struct store *s, const char *id, int64_t *ret_n)
{
	struct stmt *q = stmt(s, EITHER("n", "WHERE id = ?1"));
	int r;

	stmt_text(q, id);
	r = stmt_row(q);
	if (r > 0) {
		*ret_n = stmt_col_int(q);
		stmt_end(q);
	}
	return r;
}

int trail_table_hash(struct store *s, int64_t n, uint8_t ret_hash[CHAIN_BYTES])
{
	struct stmt *q = stmt(s, EITHER("hash", "WHERE n = ?1"));
	int r;

	stmt_int(q, n);
	r = stmt_row(q);
	if (r > 0) {
		r = copy_hash(stmt_col_blob(q), ret_hash) ? 1 : -EUCLEAN;
		stmt_end(q);
	}
	return r;
}

int trail_table_seal(struct store *s, const char *id, uint8_t ret_seal[CHAIN_BYTES])
{
	struct stmt *q = stmt(s, "SELECT seal FROM events WHERE id = ? AND seal IS NOT NULL");
	int r;

	stmt_text(q, id);
	r = stmt_row(q);
	if (r > 0) {
		r = copy_hash(stmt_col_blob(q), ret_seal) ? 1 : -EUCLEAN;
		stmt_end(q);
	}
	return r;
}

int anchor_table_get(struct store *s, struct anchor *ret_anchor)
{
	struct stmt *q = stmt(s, "SELECT n, made_ms, acts, hash FROM anchors ORDER BY n DESC LIMIT 1");
	int r = stmt_row(q);

	*ret_anchor = (struct anchor){ 0 };
	if (r <= 0)
		return r;
	ret_anchor->n = stmt_col_int(q);
	ret_anchor->made_ms = stmt_col_int(q);
	ret_anchor->acts = stmt_col_int(q);
	r = copy_hash(stmt_col_blob(q), ret_anchor->hash) ? 0 : -EUCLEAN;
	stmt_end(q);
	return r;
}

/* ---- the tree ---- */

static int get_stored(struct store *s, unsigned int level, uint64_t i, uint8_t ret_hash[MERKLE_BYTES])
{
	struct stmt *q = stmt(s, "SELECT hash FROM nodes WHERE level = ? AND i = ?");
	int r;

	stmt_int(q, level);
	stmt_int(q, (int64_t)i);
	r = stmt_row(q);
	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	r = copy_hash(stmt_col_blob(q), ret_hash) ? 0 : -EUCLEAN;
	stmt_end(q);
	return r;
}

/* Adds the entries from ... to (leaves: the last excluded) to a tree. */
static int add_leaves(struct store *s, uint64_t from, uint64_t to, struct merkle *tree)
{
	struct stmt *q = stmt(s, EITHER("n, hash", "WHERE n > ?1 AND n <= ?2") " ORDER BY 1");
	uint8_t hash[CHAIN_BYTES], leaf[MERKLE_BYTES];
	uint64_t next = from;
	int r;

	stmt_int(q, (int64_t)from);
	stmt_int(q, (int64_t)to);
	while ((r = stmt_row(q)) > 0) {
		if ((uint64_t)stmt_col_int(q) != ++next || !copy_hash(stmt_col_blob(q), hash)) {
			stmt_end(q);
			return -ENODATA;
		}
		merkle_leaf(hash, sizeof(hash), leaf);
		r = merkle_add(tree, leaf, NULL, NULL);
		if (r < 0) {
			stmt_end(q);
			return r;
		}
	}
	return r < 0 ? r : next == to ? 0 : -ENODATA;
}

int node_get(void *ctx, unsigned int level, uint64_t i, uint8_t ret_hash[MERKLE_BYTES])
{
	struct merkle small = { 0 };
	int r;

	if (level >= NODE_LEVEL)
		return get_stored(ctx, level, i, ret_hash);
	r = add_leaves(ctx, i << level, (i + 1) << level, &small);
	if (r == 0)
		merkle_root(&small, ret_hash);
	return r;
}

int tree_load(struct store *s, uint64_t size, struct merkle *ret_tree)
{
	uint64_t whole = size & ~(uint64_t)(NODE_ENTRIES - 1);
	uint8_t hash[MERKLE_BYTES];
	int r = 0;

	memset(ret_tree, 0, sizeof(*ret_tree));
	for (unsigned int level = 63; r == 0 && level >= NODE_LEVEL; level--) {
		if (!(whole >> level & 1))
			continue;
		r = get_stored(s, level, ret_tree->size >> level, hash);
		if (r == 0)
			merkle_add_node(ret_tree, level, hash);
	}
	return r < 0 ? r : add_leaves(s, whole, size, ret_tree);
}

/* ---- heads and keys ---- */

static bool copy_bytes(struct blob from, uint8_t *to, size_t n)
{
	if (from.n == n)
		memcpy(to, from.p, n);
	else
		memset(to, 0, n);	/* nothing is signed with zeros */
	return from.n == n;
}

static void read_head(struct stmt *q, struct head *h)
{
	h->size = (uint64_t)stmt_col_int(q);
	h->time_ms = stmt_col_int(q);
	copy_bytes(stmt_col_blob(q), h->root, sizeof(h->root));
	copy_bytes(stmt_col_blob(q), h->chain, sizeof(h->chain));
	copy_bytes(stmt_col_blob(q), h->key, sizeof(h->key));
	copy_bytes(stmt_col_blob(q), h->signature, sizeof(h->signature));
}

#define HEAD "SELECT size, time_ms, root, chain, key, signature FROM heads "

struct visit {
	head_each each;
	void *ctx;
};

static int hand_over(struct stmt *q, void *ctx)
{
	const struct visit *v = ctx;
	struct head h;

	read_head(q, &h);
	return v->each(v->ctx, &h);
}

int head_table_each(struct store *s, uint64_t after, head_each each, void *ctx)
{
	struct stmt *q = stmt(s, HEAD "WHERE size > ? ORDER BY size");

	stmt_int(q, (int64_t)after);
	return stmt_each(q, hand_over, &(struct visit){ each, ctx });
}

static int one_head(struct stmt *q, void *ctx)
{
	read_head(q, ctx);
	return 0;
}

int head_table_last(struct store *s, struct head *ret_head)
{
	*ret_head = (struct head){ 0 };
	return stmt_one(stmt(s, HEAD "ORDER BY size DESC LIMIT 1"), one_head, ret_head);
}

int head_table_find(struct store *s, uint64_t size, struct head *ret_head)
{
	struct stmt *q = stmt(s, HEAD "WHERE size = ?");

	stmt_int(q, (int64_t)size);
	return stmt_one(q, one_head, ret_head);
}

int head_table_cover(struct store *s, uint64_t n, struct head *ret_head)
{
	struct stmt *q = stmt(s, HEAD "WHERE size >= ? ORDER BY size LIMIT 1");

	stmt_int(q, (int64_t)n);
	return stmt_one(q, one_head, ret_head);
}

struct key_visit {
	key_each each;
	void *ctx;
};

static int hand_over_key(struct stmt *q, void *ctx)
{
	const struct key_visit *v = ctx;
	struct key_row k = { 0 };

	copy_bytes(stmt_col_blob(q), k.public, sizeof(k.public));
	k.has_before = !stmt_col_is_null(q);
	copy_bytes(stmt_col_blob(q), k.before, sizeof(k.before));
	copy_bytes(stmt_col_blob(q), k.signature, sizeof(k.signature));
	snprintf(k.reason, sizeof(k.reason), "%s", text_of(stmt_col_text(q)));
	k.made_ms = stmt_col_int(q);
	snprintf(k.made_by, sizeof(k.made_by), "%s", text_of(stmt_col_text(q)));
	return v->each(v->ctx, &k);
}

int key_table_each(struct store *s, key_each each, void *ctx)
{
	return stmt_each(stmt(s, "SELECT public, before, signature, reason, made_ms, made_by FROM keys ORDER BY rowid"), hand_over_key,
			 &(struct key_visit){ each, ctx });
}
