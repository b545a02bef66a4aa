// SPDX-License-Identifier: Apache-2.0
/* trail.c - see trail.h */
#include "trail.h"

#include <string.h>

#include "api/view.h"
#include "core/log.h"
#include "json/doc.h"
#include "signer.h"
#include "sink.h"
#include "store/stmt.h"
#include "trail/trail_table.h"

#define VALUES "v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13"
#define BLOCKS_AT_ONCE 256	/* of a trail without a tree, in one transaction */

struct trail {
	struct governor *g;
	struct signer signer;
	int64_t n, acts;		/* newest position; acts that were ever stored */
	uint8_t hash[CHAIN_BYTES];
	struct merkle tree;
	uint64_t rollbacks;		/* of the store when this was read */
	struct head head;		/* signed last */
	bool is_damaged;
	char problem[160];
};

/* ---- reading where the store is ---- */

static int first_number(struct stmt *q, void *ctx)
{
	*(int64_t *)ctx = stmt_col_int(q);
	return 0;
}

static int count_acts(struct trail *t)
{
	struct anchor anchor;
	int r = anchor_table_get(t->g->store, &anchor);

	if (r == 0)
		r = stmt_one(stmt(t->g->store, "SELECT count(*) FROM acts"), first_number, &t->acts);
	t->acts += anchor.acts;
	return r < 0 ? r : 0;
}

static int read_place(struct trail *t)
{
	char id[ULID_SIZE];
	int r = trail_table_last(t->g->store, &t->n, id, t->hash);

	if (r == 0)
		r = count_acts(t);
	if (r == 0)
		t->rollbacks = store_rollbacks(t->g->store);
	return r;
}

/* Stored entries that are missing or malformed end the tree, not the trail: what comes is recorded, verify says what is wrong. */
static int read_tree(struct trail *t)
{
	int r = tree_load(t->g->store, (uint64_t)t->n, &t->tree);

	if (r != -ENODATA && r != -EUCLEAN)
		return r;
	if (!t->is_damaged)
		log_error("the audit trail was damaged: its heads are not signed any more; cvfctl audit verify says where");
	t->is_damaged = true;
	snprintf(t->problem, sizeof(t->problem), "the audit trail was damaged: cvfctl audit verify says where");
	return 0;
}

static int catch_up(struct trail *t)
{
	int r = 0;

	if (t->rollbacks != store_rollbacks(t->g->store)) {
		r = read_place(t);
		if (r == 0)
			r = read_tree(t);
	}
	return r;
}

/* ---- the tree ---- */

static int save_node(void *ctx, unsigned int level, uint64_t i, const uint8_t hash[MERKLE_BYTES])
{
	const struct trail *t = ctx;
	struct stmt *q;

	if (level < NODE_LEVEL)
		return 0;
	q = stmt(t->g->store, "INSERT OR REPLACE INTO nodes (level, i, hash) VALUES (?, ?, ?)");
	stmt_int(q, level);
	stmt_int(q, (int64_t)i);
	stmt_blob(q, hash, MERKLE_BYTES);
	return stmt_run(q);
}

static int add_leaf(struct trail *t, const uint8_t hash[CHAIN_BYTES])
{
	uint8_t leaf[MERKLE_BYTES];

	if (t->is_damaged)
		return 0;
	merkle_leaf(hash, CHAIN_BYTES, leaf);
	return merkle_add(&t->tree, leaf, save_node, t);
}

static int add_block(struct trail *t)
{
	uint8_t hash[CHAIN_BYTES];
	int r = 1;

	for (unsigned int i = 0; r > 0 && i < NODE_ENTRIES; i++) {
		r = trail_table_hash(t->g->store, (int64_t)t->tree.size + 1, hash);
		if (r > 0 && add_leaf(t, hash) < 0)
			r = -EIO;
	}
	return r < 0 ? r : r ? 0 : -ENODATA;
}

/* A trail from before there were trees gets its nodes. */
static int build_nodes(struct trail *t)
{
	int64_t blocks = 0;
	int r = stmt_one(stmt(t->g->store, "SELECT ifnull(max(i) + 1, 0) FROM nodes WHERE level = 8"), first_number, &blocks);

	if (r >= 0)
		r = tree_load(t->g->store, (uint64_t)blocks * NODE_ENTRIES, &t->tree);
	while (r == 0 && (int64_t)t->tree.size + NODE_ENTRIES <= t->n) {
		r = store_begin(t->g->store, STORE_BATCH);
		for (int i = 0; r == 0 && i < BLOCKS_AT_ONCE && (int64_t)t->tree.size + NODE_ENTRIES <= t->n; i++)
			r = add_block(t);
		if (r == 0)
			r = store_commit(t->g->store);
		if (r < 0)
			store_rollback(t->g->store);
	}
	return r == -ENODATA || r == -EUCLEAN ? 0 : r; /* read_tree() says so */
}

/* ---- entries ---- */

int trail_here(struct trail *t, int64_t *ret_n, uint8_t ret_before[CHAIN_BYTES])
{
	int r = catch_up(t);

	*ret_n = t->n + 1;
	memcpy(ret_before, t->hash, CHAIN_BYTES);
	return r;
}

int trail_took(struct trail *t, const uint8_t hash[CHAIN_BYTES])
{
	memcpy(t->hash, hash, CHAIN_BYTES);
	t->n++;
	return add_leaf(t, hash);
}

static int add_act(struct trail *t, const char *kind, const char *body)
{
	struct stmt *q = stmt(t->g->store, "INSERT INTO acts (n, id, boot, time_ms, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)");
	char id[ULID_SIZE];
	struct chain_act act = { .id = id, .boot_id = t->g->boot_id, .time_ms = clock_utc_ms(), .kind = kind, .body = body };
	uint8_t hash[CHAIN_BYTES];
	int r;

	ulid_next(&t->g->ids, (uint64_t)act.time_ms, id);
	chain_hash_act(t->hash, &act, hash);
	stmt_int(q, t->n + 1);
	stmt_text(q, id);
	stmt_int(q, t->g->boot);
	stmt_int(q, act.time_ms);
	stmt_text(q, kind);
	stmt_text(q, body);
	stmt_blob(q, hash, CHAIN_BYTES);
	r = stmt_run(q);
	if (r == 0)
		t->acts++;
	return r < 0 ? r : trail_took(t, hash);
}

static json_t *value_of(struct stmt *q)
{
	struct blob blob;

	switch (stmt_col_kind(q)) {
	case STMT_INT:
		return json_integer(stmt_col_int(q));
	case STMT_TEXT:
		return view_text(stmt_col_text(q));
	case STMT_BLOB:
		blob = stmt_col_blob(q);
		return hex_view(blob.p, blob.n);
	case STMT_NULL:
	default:
		stmt_col_blob(q);
		return json_null();
	}
}

/* The row of the outbox as one JSON object. */
static int take_over(struct stmt *q, void *ctx)
{
	const char *kind = stmt_col_text(q), *at = stmt_col_text(q);
	own_json json_t *body = json_object();
	own_free char *text = NULL;
	char name[32];

	while (kind && at && *at) {
		size_t n = strcspn(at, " ");

		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		view_set(body, name, value_of(q));
		at += n + (at[n] == ' ');
	}
	text = json_dumps(body, JSON_COMPACT);
	return text && kind ? add_act(ctx, kind, text) : -ENOMEM;
}

static int is_waiting(struct trail *t, int64_t *ret_waiting)
{
	return stmt_one(stmt(t->g->store, "SELECT EXISTS (SELECT 1 FROM outbox)"), first_number, ret_waiting);
}

/* What this transaction decided becomes entries of it. */
static int before_commit(void *ctx)
{
	struct trail *t = ctx;
	int64_t waiting = 0;
	int r = is_waiting(t, &waiting);

	if (r < 0 || !waiting)
		return r < 0 ? r : 0;
	r = catch_up(t);
	if (r == 0)
		r = stmt_each(stmt(t->g->store, "SELECT kind, names, " VALUES " FROM outbox ORDER BY n"), take_over, t);
	if (r == 0)
		r = stmt_run(stmt(t->g->store, "DELETE FROM outbox"));
	return r;
}

int64_t trail_position(struct trail *t)
{
	return catch_up(t) < 0 ? 0 : t->n;
}

int64_t trail_events(struct trail *t)
{
	return catch_up(t) < 0 ? 0 : t->n - t->acts;
}

const char *trail_problem(const struct trail *t)
{
	return *t->problem ? t->problem : *t->signer.problem ? t->signer.problem : NULL;
}

/* ---- heads ---- */

static int store_head(struct trail *t, const struct head *h)
{
	struct stmt *q = stmt(t->g->store, "INSERT INTO heads (size, time_ms, root, chain, key, signature) VALUES (?, ?, ?, ?, ?, ?)");

	stmt_int(q, (int64_t)h->size);
	stmt_int(q, h->time_ms);
	stmt_blob(q, h->root, MERKLE_BYTES);
	stmt_blob(q, h->chain, CHAIN_BYTES);
	stmt_blob(q, h->key, KEY_BYTES);
	stmt_blob(q, h->signature, SIGNATURE_BYTES);
	return stmt_run(q);
}

int trail_sign(struct trail *t)
{
	struct head h = { .time_ms = clock_utc_ms() };
	int r = catch_up(t);

	if (r < 0 || t->is_damaged || !t->signer.has_key || (uint64_t)t->n == t->head.size)
		return r;
	h.size = (uint64_t)t->n;
	merkle_root(&t->tree, h.root);
	memcpy(h.chain, t->hash, CHAIN_BYTES);
	head_sign(&h, t->signer.seed);
	r = store_begin(t->g->store, STORE_BATCH);
	if (r == 0)
		r = store_head(t, &h);
	if (r == 0)
		r = store_commit(t->g->store);
	if (r < 0) {
		store_rollback(t->g->store);
		return r;
	}
	t->head = h;
	sink_put(t->g, &h);
	return 0;
}

/* A change outside of a transaction left something: its act comes in one of its own. */
static void take_what_waits(struct trail *t)
{
	int64_t waiting = 0;
	int r = is_waiting(t, &waiting);

	if (r < 0 || !waiting)
		return;
	r = store_begin(t->g->store, STORE_BATCH);
	if (r == 0)
		r = store_commit(t->g->store);
	if (r < 0)
		store_rollback(t->g->store);
}

void trail_tick(struct trail *t)
{
	const struct settings *s = &t->g->settings;
	int64_t age_ms = clock_utc_ms() - t->head.time_ms;
	bool is_due = t->n - (int64_t)t->head.size >= s->head_every_entries || age_ms >= s->head_every_s * 1000 || age_ms < 0;
	int r;

	if (*t->g->store_problem)
		return;
	take_what_waits(t);
	r = is_due ? trail_sign(t) : 0;

	if (r < 0)
		log_debug("a head of the audit trail could not be stored: %s; tried again", strerror(-r));
}

int trail_rotate(struct trail *t, const char *by, uint8_t ret_public[KEY_BYTES])
{
	int r = trail_sign(t);	/* the old key's last word */

	if (r == 0)
		r = signer_rotate(t->g, &t->signer, by);
	if (r == 0)
		r = trail_sign(t);
	memcpy(ret_public, t->signer.public, KEY_BYTES);
	return r;
}

/* ---- begin and end ---- */

static int say_rolled_back(struct trail *t, const struct head *h)
{
	struct stmt *q = stmt(t->g->store, "INSERT INTO outbox (kind, names, v1, v2, v3) VALUES ('rolled-back', 'size time_ms stored', ?, ?, ?)");
	int r = store_begin(t->g->store, STORE_DURABLE);

	stmt_int(q, (int64_t)h->size);
	stmt_int(q, h->time_ms);
	stmt_int(q, t->n);
	if (r == 0)
		r = stmt_run(q);
	if (r == 0)
		r = store_commit(t->g->store);
	if (r < 0)
		store_rollback(t->g->store);
	return r;
}

/* Was an older copy of the store put in place of the newer? The file of heads knows what was signed last. */
static int check_rolled_back(struct trail *t)
{
	struct head known, stored;
	int r = sink_last(t->g, &known);

	if (r <= 0)
		return r;
	if (known.size <= (uint64_t)t->n) {
		r = head_table_find(t->g->store, known.size, &stored);
		if (r < 0 || (r > 0 && memcmp(stored.root, known.root, MERKLE_BYTES) == 0))
			return r < 0 ? r : 0;
	}
	log_error("the store is not the one whose trail was signed last (%llu entries): an older copy, or its end was cut off",
		  (unsigned long long)known.size);
	snprintf(t->problem, sizeof(t->problem), "the store is older than the head that was signed last: cvfctl audit verify");
	return say_rolled_back(t, &known);
}

int trail_open(struct governor *g, struct trail **ret_trail)
{
	struct trail *t = calloc(1, sizeof(*t));
	int r = t ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	t->g = g;
	store_set_before_commit(g->store, before_commit, t);
	r = read_place(t);
	if (r == 0)
		r = build_nodes(t);
	if (r == 0)
		r = read_tree(t);
	if (r == 0)
		r = head_table_last(g->store, &t->head);
	if (r >= 0)
		r = check_rolled_back(t);
	if (r == 0)
		r = signer_open(g, &t->signer);
	if (r < 0) {
		store_set_before_commit(g->store, NULL, NULL);
		trail_free(t);
		return r;
	}
	*ret_trail = t;
	return 0;
}

void trail_free(struct trail *t)
{
	if (!t)
		return;
	signer_done(&t->signer);
	free(t);
}
