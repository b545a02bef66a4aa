/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail_table.h - the trail as it is stored: entries (events and acts, one sequence of positions), nodes, heads, keys, anchor
 *
 * Reads what may have been tampered with: nothing of a row is believed before verify.c has checked it.
 */
#ifndef CVF_TRAIL_TABLE_H
#define CVF_TRAIL_TABLE_H

#include "cvf/wire.h"
#include "head.h"
#include "store/store.h"
#include "store/stmt.h"

#define NODE_LEVEL 8	/* nodes below are computed from the entries */
#define NODE_ENTRIES (1u << NODE_LEVEL)

/* Which host a store is of: names in the table `marks`, which the governor fills. */
#define MARK_HOST_ID "host_id"
#define MARK_HOST_NAME "host_name"

struct entry {
	int64_t n;
	bool is_act;
	const char *id;		/* never NULL */
	int64_t boot, time_ms;
	struct blob hash;
	/* of an act */
	const char *kind, *body;
	/* of an event */
	struct blob record;
	bool has_seal;
	struct blob seal;
	int64_t cpu, ring, seq, event_kind, agent, op, verdict, capability, hold_no;
};

/* All entries after a position, in order. Strings and blobs live until the next one. One walk at a time per store. */
struct entries {
	struct stmt *events, *acts;
	struct entry event, act;
	int has_event, has_act;
	bool event_is_used, act_is_used;
};
void entries_open(struct store *s, int64_t after_n, struct entries *ret_entries);
/* 1, 0 at the end, negative errno; after 0 or an error the walk has ended. */
int entries_next(struct entries *e, const struct entry **ret_entry) must_check;
void entries_close(struct entries *e);

/* The newest entry: 0 and "" when there is none. */
int trail_table_last(struct store *s, int64_t *ret_n, char ret_id[27], uint8_t ret_hash[CHAIN_BYTES]) must_check;
/* Position of an entry by its id: 1, 0 none. */
int trail_table_find(struct store *s, const char *id, int64_t *ret_n) must_check;
/* Hash of the entry at a position: 1, 0 none. */
int trail_table_hash(struct store *s, int64_t n, uint8_t ret_hash[CHAIN_BYTES]) must_check;

/* What was hidden in an event: 1, 0 nothing was or there is no such event. */
int trail_table_seal(struct store *s, const char *id, uint8_t ret_seal[CHAIN_BYTES]) must_check;

struct anchor {
	int64_t n;		/* 0: nothing was removed */
	int64_t made_ms, acts;
	uint8_t hash[CHAIN_BYTES];
};
int anchor_table_get(struct store *s, struct anchor *ret_anchor) must_check;

/* Node of the tree: stored from NODE_LEVEL on, below computed. merkle_node_get; ctx: the store. -ENODATA: not there any more. */
int node_get(void *ctx, unsigned int level, uint64_t i, uint8_t ret_hash[MERKLE_BYTES]) must_check;
/* The tree over the first `size` entries, from stored nodes and hashes of entries. */
int tree_load(struct store *s, uint64_t size, struct merkle *ret_tree) must_check;

typedef int (*head_each)(void *ctx, const struct head *h);	/* non-zero ends the walk; negative: with it */
/* In order of size, after a size. */
int head_table_each(struct store *s, uint64_t after, head_each each, void *ctx) must_check;
/* 1: the newest, 0: there is none. */
int head_table_last(struct store *s, struct head *ret_head) must_check;
int head_table_find(struct store *s, uint64_t size, struct head *ret_head) must_check;
/* The first that covers an entry. */
int head_table_cover(struct store *s, uint64_t n, struct head *ret_head) must_check;

#define KEY_REASON_SIZE 16
struct key_row {
	uint8_t public[KEY_BYTES], before[KEY_BYTES], signature[SIGNATURE_BYTES];
	bool has_before;
	char reason[KEY_REASON_SIZE];	/* "first", "rotated", "replaced" */
	int64_t made_ms;
	char made_by[64];
};
typedef int (*key_each)(void *ctx, const struct key_row *k);
int key_table_each(struct store *s, key_each each, void *ctx) must_check;

#endif
