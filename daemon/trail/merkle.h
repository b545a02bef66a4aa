/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merkle.h - tree hashing of RFC 6962 (SHA-256, leaf prefix 0, node prefix 1), its proofs and their verification; pure
 *
 * A node (level, i) is the perfect subtree over the leaves i << level ... (i + 1) << level, the last excluded.
 */
#ifndef CVF_MERKLE_H
#define CVF_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/own.h"

#define MERKLE_BYTES 32
#define MERKLE_PATH_MAX 128	/* hashes of any proof */

/* A tree as it grows: the roots of the perfect subtrees it is made of. Zeros: empty. */
struct merkle {
	uint64_t size;
	uint8_t peak[64][MERKLE_BYTES];	/* [level], where size has that bit */
};

/* Told of every node of level 1 and higher that becomes complete. Non-zero ends merkle_add() with it. */
typedef int (*merkle_node_done)(void *ctx, unsigned int level, uint64_t i, const uint8_t hash[MERKLE_BYTES]);
/* Gives the hash of a node that is complete. 0 or negative errno. */
typedef int (*merkle_node_get)(void *ctx, unsigned int level, uint64_t i, uint8_t ret_hash[MERKLE_BYTES]);

struct merkle_path {
	uint8_t hash[MERKLE_PATH_MAX][MERKLE_BYTES];
	size_t n;
};

void merkle_leaf(const void *p, size_t n, uint8_t ret_hash[MERKLE_BYTES]);
void merkle_join(const uint8_t left[MERKLE_BYTES], const uint8_t right[MERKLE_BYTES], uint8_t ret_hash[MERKLE_BYTES]);
/* leaf: its hash. done NULL: nobody is told. */
int merkle_add(struct merkle *m, const uint8_t leaf[MERKLE_BYTES], merkle_node_done done, void *ctx) must_check;
/* A whole node in the place of its leaves: size is a multiple of 1 << level. */
void merkle_add_node(struct merkle *m, unsigned int level, const uint8_t hash[MERKLE_BYTES]);
void merkle_root(const struct merkle *m, uint8_t ret_hash[MERKLE_BYTES]);

/* Of a tree of `size` leaves, whose nodes are asked of `get`. -EINVAL: there is no such proof. */
int merkle_root_of(uint64_t size, merkle_node_get get, void *ctx, uint8_t ret_hash[MERKLE_BYTES]) must_check;
int merkle_inclusion(uint64_t leaf, uint64_t size, merkle_node_get get, void *ctx, struct merkle_path *ret_path) must_check;
int merkle_consistency(uint64_t from, uint64_t to, merkle_node_get get, void *ctx, struct merkle_path *ret_path) must_check;

/* RFC 9162, 2.1.3.2 and 2.1.4.2. */
bool merkle_included(const uint8_t leaf_hash[MERKLE_BYTES], uint64_t leaf, uint64_t size, const struct merkle_path *path,
		     const uint8_t root[MERKLE_BYTES]);
bool merkle_consistent(uint64_t from, const uint8_t from_root[MERKLE_BYTES], uint64_t to, const uint8_t to_root[MERKLE_BYTES],
		       const struct merkle_path *path);

#endif
