// SPDX-License-Identifier: Apache-2.0
/*
 * verify.c - see verify.h
 *
 * An entry that does not fit its hash is judged when the next one is there: if that one follows from the stored hash, the
 * entry was changed; if it follows from the computed one, the hash was. Where entries are missing or moved the walk goes on
 * from the stored hash, and a block of the tree with such a place is taken from its stored node, so that what follows is
 * still compared with the signed heads.
 */
#include "verify_internal.h"

#include <inttypes.h>
#include <string.h>

static const char *const words[FAULT_MAX] = {
	[FAULT_CHANGED] = "changed",	 [FAULT_HASH] = "hash-changed",	  [FAULT_DELETED] = "deleted",
	[FAULT_MOVED] = "moved",	 [FAULT_CUT_OFF] = "cut-off",	  [FAULT_HEAD] = "head",
	[FAULT_SIGNATURE] = "signature", [FAULT_KEY] = "key",		  [FAULT_NODE] = "node",
	[FAULT_ANCHOR] = "anchor",	 [FAULT_GAP] = "gap",		  [FAULT_COUNT] = "count",
	[FAULT_ROLLED_BACK] = "rolled-back",
};

const char *fault_word(enum fault f)
{
	return f < FAULT_MAX ? words[f] : NULL;
}

void verify_found(struct verify *v, const struct finding *f, const char *format, ...)
{
	struct finding copy = *f;
	va_list args;

	va_start(args, format);
	vsnprintf(copy.text, sizeof(copy.text), format, args);
	va_end(args);
	v->result->findings++;
	if (v->options->on_finding)
		v->options->on_finding(v->options->ctx, &copy);
}

/* ---- the tree ---- */

/* Nodes above the blocks; those of the blocks are compared when one ends. */
static int on_node(void *ctx, unsigned int level, uint64_t i, const uint8_t hash[MERKLE_BYTES])
{
	struct verify *v = ctx;
	struct finding f = { .fault = FAULT_NODE, .n = (int64_t)(i << level) + 1, .last_n = (int64_t)((i + 1) << level) };
	uint8_t stored[MERKLE_BYTES];
	int r = level <= NODE_LEVEL || v->block_is_bad || v->tree_is_lost ? 1 : node_get(v->store, level, i, stored);

	if (r == 0 && memcmp(stored, hash, MERKLE_BYTES) == 0)
		return 0;
	if (r == 0 || r == -ENODATA || r == -EUCLEAN)
		verify_found(v, &f, "the stored node over the entries %" PRId64 " to %" PRId64 " is not theirs", f.n, f.last_n);
	return r < 0 && r != -ENODATA && r != -EUCLEAN ? r : 0;
}

static void add_leaf(struct verify *v, const uint8_t hash[CHAIN_BYTES])
{
	uint8_t leaf[MERKLE_BYTES];

	if (v->tree.size % NODE_ENTRIES == 0) {
		v->block = v->tree;
		v->block_is_bad = false;
	}
	merkle_leaf(hash, CHAIN_BYTES, leaf);
	if (merkle_add(&v->tree, leaf, on_node, v) < 0)
		v->block_is_bad = true;
}

/* At the end of a block: what is stored of it against what was computed; what could not be computed is taken over. */
static int end_block(struct verify *v)
{
	uint64_t i = v->tree.size / NODE_ENTRIES - 1;
	uint8_t stored[MERKLE_BYTES], root[MERKLE_BYTES], other[MERKLE_BYTES];
	int r = node_get(v->store, NODE_LEVEL, i, stored);
	struct merkle with_stored = v->block;
	struct finding f = { .fault = FAULT_NODE, .n = (int64_t)(i * NODE_ENTRIES) + 1, .last_n = (int64_t)v->tree.size };

	if (r == -ENODATA || r == -EUCLEAN) {
		verify_found(v, &f, "the node over the entries %" PRId64 " to %" PRId64 " is missing", f.n, f.last_n);
		v->tree_is_lost |= v->block_is_bad;
		return 0;
	}
	if (r < 0)
		return r;
	merkle_add_node(&with_stored, NODE_LEVEL, stored);
	merkle_root(&with_stored, other);
	merkle_root(&v->tree, root);
	if (v->block_is_bad)
		v->tree = with_stored;
	else if (memcmp(root, other, sizeof(root)) != 0)
		verify_found(v, &f, "the stored node over the entries %" PRId64 " to %" PRId64 " is not theirs", f.n, f.last_n);
	v->block_is_bad = false;
	return 0;
}

/* The tree after entry n has its leaf: ends blocks, compares heads. */
static int after_leaf(struct verify *v)
{
	int r = v->tree.size % NODE_ENTRIES ? 0 : end_block(v);

	return r < 0 ? r : verify_heads(v);
}

static int take(struct verify *v, const uint8_t hash[CHAIN_BYTES])
{
	memcpy(v->chain, hash, CHAIN_BYTES);
	add_leaf(v, hash);
	return after_leaf(v);
}

/* ---- entries ---- */

static void remember(struct verify *v, const struct entry *e, const uint8_t computed[CHAIN_BYTES])
{
	struct suspect *p = &v->suspect;

	p->n = e->n;
	snprintf(p->id, sizeof(p->id), "%s", e->id);
	p->is_behind = strcmp(e->id, v->greatest_id) <= 0;
	memcpy(p->computed, computed, CHAIN_BYTES);
	memcpy(p->stored, e->hash.n == CHAIN_BYTES ? e->hash.p : computed, CHAIN_BYTES);
	p->has_hash = e->hash.n == CHAIN_BYTES;
}

static struct finding about(enum fault fault, int64_t n, const char *id)
{
	struct finding f = { .fault = fault, .n = n, .last_n = n };

	snprintf(f.id, sizeof(f.id), "%s", id);
	return f;
}

/* next: the entry after the suspect; NULL: it is the last one, or the next is missing. */
static int settle(struct verify *v, const struct entry *next)
{
	struct suspect p = v->suspect;
	struct finding f = about(FAULT_CHANGED, p.n, p.id);
	uint8_t hash[CHAIN_BYTES];

	v->suspect.n = 0;
	if (next) {
		entry_hash(&v->names, p.computed, next, hash);
		if (next->hash.n == CHAIN_BYTES && memcmp(hash, next->hash.p, CHAIN_BYTES) == 0) {
			f.fault = FAULT_HASH;
			verify_found(v, &f, "the hash of entry %" PRId64 " was changed, the entry was not", p.n);
			return take(v, p.computed);
		}
	}
	if (p.is_behind || (next && strcmp(p.id, next->id) >= 0)) {
		f.fault = FAULT_MOVED;
		verify_found(v, &f, "entry %" PRId64 " was not written at this place", p.n);
		v->is_unlinked = true;
		v->block_is_bad = true;
	} else {
		verify_found(v, &f, "entry %" PRId64 " was changed, or it is not the one that followed entry %" PRId64, p.n, p.n - 1);
		v->block_is_bad |= !p.has_hash;
	}
	return take(v, p.stored);
}

static int skip_missing(struct verify *v, int64_t first, int64_t last)
{
	struct finding f = { .fault = FAULT_DELETED, .n = first, .last_n = last };
	static const uint8_t none[CHAIN_BYTES];
	int r = 0;

	if (first == last)
		verify_found(v, &f, "entry %" PRId64 " was deleted", first);
	else
		verify_found(v, &f, "entries %" PRId64 " to %" PRId64 " were deleted", first, last);
	v->is_unlinked = true;
	for (int64_t n = first; r == 0 && n <= last; n++) {
		add_leaf(v, none);
		v->block_is_bad = true;
		r = after_leaf(v);
	}
	return r;
}

/* What an entry says beside being one; before its leaf, because a key signs the head that ends with it. */
static int check_content(struct verify *v, const struct entry *e, bool is_good)
{
	const char *column = is_good ? entry_column_fault(e) : NULL;
	struct finding f = about(FAULT_CHANGED, e->n, e->id);

	if (column)
		verify_found(v, &f, "the column %s of entry %" PRId64 " does not say what its record says", column, e->n);
	return e->is_act ? verify_act(v, e) : rings_add(&v->rings, e->boot, e->cpu, e->ring);
}

static int check_entry(struct verify *v, const struct entry *e)
{
	uint8_t computed[CHAIN_BYTES];
	bool has_hash = e->hash.n == CHAIN_BYTES, is_good;
	int r;

	entry_hash(&v->names, v->chain, e, computed);
	is_good = has_hash && (v->is_unlinked || memcmp(computed, e->hash.p, CHAIN_BYTES) == 0);
	v->is_unlinked = false;	/* what it follows is not there: its link cannot be compared */
	r = check_content(v, e, is_good);
	if (r < 0)
		return r;
	if (is_good)
		r = take(v, e->hash.p);
	else
		remember(v, e, computed);
	if (strcmp(e->id, v->greatest_id) > 0)
		memccpy(v->greatest_id, e->id, 0, sizeof(v->greatest_id) - 1);
	return r;
}

static int on_entry(struct verify *v, const struct entry *e)
{
	int64_t expected = v->n + 1;
	int r = 0;

	if (v->suspect.n)
		r = settle(v, e->n == expected ? e : NULL);
	if (r == 0 && e->n > expected)
		r = skip_missing(v, expected, e->n - 1);
	if (r < 0)
		return r;
	v->n = e->n;
	v->result->first_n = v->result->first_n ? v->result->first_n : e->n;
	v->result->last_n = e->n;
	v->result->events += !e->is_act;
	v->result->acts += e->is_act;
	return check_entry(v, e);
}

static int walk(struct verify *v)
{
	const struct entry *e;
	struct entries entries;
	int r;

	entries_open(v->store, v->n, &entries);
	while ((r = entries_next(&entries, &e)) > 0) {
		if (e->n <= v->n) {
			struct finding f = about(FAULT_MOVED, e->n, e->id);

			verify_found(v, &f, "position %" PRId64 " is there twice", e->n);
			continue;
		}
		r = on_entry(v, e);
		if (r < 0) {
			entries_close(&entries);
			return r;
		}
	}
	return r < 0 || !v->suspect.n ? r : settle(v, NULL);
}

/* ---- begin and end ---- */

/* Where the stored trail begins. The act that says so was written with the anchor. */
static int begin(struct verify *v)
{
	struct anchor anchor;
	uint8_t said[CHAIN_BYTES];
	int64_t through;
	int r = anchor_table_get(v->store, &anchor), is_said;

	if (r < 0)
		return r;
	is_said = verify_last_pruned(v, &through, said);
	if (is_said < 0)
		return is_said;
	if (is_said && (through != anchor.n || memcmp(said, anchor.hash, CHAIN_BYTES) != 0)) {
		struct finding f = { .fault = FAULT_ANCHOR, .n = anchor.n, .last_n = through };

		verify_found(v, &f, "the anchor says that entries up to %" PRId64 " were pruned; the trail says up to %" PRId64
			     ", with %s hash", anchor.n, through, through == anchor.n ? "another" : "its own");
		anchor.n = through;
		memcpy(anchor.hash, said, CHAIN_BYTES);
	}
	v->n = anchor.n;
	v->result->pruned_n = anchor.n;
	memcpy(v->chain, anchor.hash, CHAIN_BYTES);
	r = tree_load(v->store, (uint64_t)anchor.n, &v->tree);
	if (r == -ENODATA || r == -EUCLEAN) {
		struct finding f = { .fault = FAULT_NODE, .n = 1, .last_n = anchor.n };

		verify_found(v, &f, "nodes over the pruned entries are missing");
		v->tree = (struct merkle){ .size = (uint64_t)anchor.n };
		v->tree_is_lost = true;
		r = 0;
	}
	v->block = v->tree;
	return r;
}

static int on_ring(void *ctx, const struct ring_balance *b)
{
	struct verify *v = ctx;
	int64_t without = b->numbered - b->stored - b->missing - b->pruned;
	struct finding f = { .fault = FAULT_COUNT };

	if (without > 0)
		verify_found(v, &f, "%" PRId64 " records of CPU %" PRId64 ", ring %" PRId64 " of boot %" PRId64
			     " were received and are neither stored, declared lost nor pruned", without, b->cpu, b->ring, b->boot);
	return 0;
}

int verify_run(struct store *s, const struct verify_options *o, struct verify_result *ret_result)
{
	static struct verify v;
	int r;

	v = (struct verify){ .store = s, .options = o, .result = ret_result };
	*ret_result = (struct verify_result){ .is_pinned = o->keys_count > 0 };
	r = names_load(s, &v.names);
	if (r == 0)
		r = verify_keys_load(&v);
	if (r == 0)
		r = begin(&v);
	if (r == 0)
		r = verify_heads_open(&v);
	if (r == 0)
		r = walk(&v);
	if (r == 0)
		r = verify_heads_rest(&v);
	if (r == 0)
		r = rings_each(&v.rings, s, on_ring, &v);
	if (r == 0)
		r = verify_gaps(&v);
	if (r == 0 && o->heads)
		r = verify_known_heads(&v, o->heads);
	free(v.keys);
	rings_done(&v.rings);
	names_done(&v.names);
	return r;
}
