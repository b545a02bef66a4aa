// SPDX-License-Identifier: Apache-2.0
/* merkle.c - see merkle.h */
#include "merkle.h"

#include <sodium.h>
#include <string.h>

void merkle_leaf(const void *p, size_t n, uint8_t ret_hash[MERKLE_BYTES])
{
	static const uint8_t prefix = 0;
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, &prefix, 1);
	crypto_hash_sha256_update(&state, p, n);
	crypto_hash_sha256_final(&state, ret_hash);
}

void merkle_join(const uint8_t left[MERKLE_BYTES], const uint8_t right[MERKLE_BYTES], uint8_t ret_hash[MERKLE_BYTES])
{
	uint8_t both[1 + 2 * MERKLE_BYTES] = { 1 };

	memcpy(both + 1, left, MERKLE_BYTES);
	memcpy(both + 1 + MERKLE_BYTES, right, MERKLE_BYTES);
	crypto_hash_sha256(ret_hash, both, sizeof(both));
}

int merkle_add(struct merkle *m, const uint8_t leaf[MERKLE_BYTES], merkle_node_done done, void *ctx)
{
	uint8_t hash[MERKLE_BYTES];
	unsigned int level = 0;
	int r = 0;

	memcpy(hash, leaf, sizeof(hash));
	for (; r == 0 && (m->size >> level & 1); level++) {
		merkle_join(m->peak[level], hash, hash);
		if (done)
			r = done(ctx, level + 1, m->size >> (level + 1), hash);
	}
	memcpy(m->peak[level], hash, sizeof(hash));
	m->size++;
	return r;
}

void merkle_add_node(struct merkle *m, unsigned int level, const uint8_t hash[MERKLE_BYTES])
{
	uint8_t joined[MERKLE_BYTES];
	unsigned int at = level;

	memcpy(joined, hash, sizeof(joined));
	for (; m->size >> at & 1; at++)
		merkle_join(m->peak[at], joined, joined);
	memcpy(m->peak[at], joined, sizeof(joined));
	m->size += 1ull << level;
}

void merkle_root(const struct merkle *m, uint8_t ret_hash[MERKLE_BYTES])
{
	bool has_one = false;

	crypto_hash_sha256(ret_hash, (const uint8_t *)"", 0);
	for (unsigned int level = 0; level < 64; level++) {
		if (!(m->size >> level & 1))
			continue;
		if (has_one)
			merkle_join(m->peak[level], ret_hash, ret_hash);
		else
			memcpy(ret_hash, m->peak[level], MERKLE_BYTES);
		has_one = true;
	}
}

/* ---- proofs ---- */

struct source {
	merkle_node_get get;
	void *ctx;
};

static bool is_power(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* The largest power of two below n, n > 1. */
static uint64_t split(uint64_t n)
{
	return 1ull << (63 - __builtin_clzll(n - 1));
}

/* MTH(D[from:to]): from is a multiple of the power of two at or above its width, as all ranges of a tree are. */
static int range_root(const struct source *s, uint64_t from, uint64_t to, uint8_t ret_hash[MERKLE_BYTES])
{
	uint8_t right[MERKLE_BYTES];
	uint64_t n = to - from, k;
	int r;

	if (is_power(n))
		return s->get(s->ctx, (unsigned int)__builtin_ctzll(n), from / n, ret_hash);
	k = split(n);
	r = range_root(s, from, from + k, ret_hash);
	if (r == 0)
		r = range_root(s, from + k, to, right);
	if (r == 0)
		merkle_join(ret_hash, right, ret_hash);
	return r;
}

int merkle_root_of(uint64_t size, merkle_node_get get, void *ctx, uint8_t ret_hash[MERKLE_BYTES])
{
	static const struct merkle empty;
	struct source s = { get, ctx };

	if (size)
		return range_root(&s, 0, size, ret_hash);
	merkle_root(&empty, ret_hash);
	return 0;
}

static int add_range(const struct source *s, uint64_t from, uint64_t to, struct merkle_path *path)
{
	return path->n == MERKLE_PATH_MAX ? -EINVAL : range_root(s, from, to, path->hash[path->n++]);
}

/* Collected from the root downwards, delivered from the leaf upwards. */
static void turn(struct merkle_path *path)
{
	for (size_t i = 0; i < path->n / 2; i++) {
		uint8_t hash[MERKLE_BYTES];

		memcpy(hash, path->hash[i], sizeof(hash));
		memcpy(path->hash[i], path->hash[path->n - 1 - i], sizeof(hash));
		memcpy(path->hash[path->n - 1 - i], hash, sizeof(hash));
	}
}

int merkle_inclusion(uint64_t leaf, uint64_t size, merkle_node_get get, void *ctx, struct merkle_path *ret_path)
{
	struct source s = { get, ctx };
	uint64_t from = 0, to = size;
	int r = 0;

	ret_path->n = 0;
	if (leaf >= size)
		return -EINVAL;
	while (r == 0 && to - from > 1) {
		uint64_t middle = from + split(to - from);

		if (leaf < middle) {
			r = add_range(&s, middle, to, ret_path);
			to = middle;
		} else {
			r = add_range(&s, from, middle, ret_path);
			from = middle;
		}
	}
	turn(ret_path);
	return r;
}

/* PROOF(from, D[to]) of RFC 6962, 2.1.2, with its SUBPROOF written as a walk. */
int merkle_consistency(uint64_t from, uint64_t to, merkle_node_get get, void *ctx, struct merkle_path *ret_path)
{
	struct source s = { get, ctx };
	uint64_t begin = 0, end = to;
	bool is_whole = true;	/* what is left of the old tree is the old tree */
	int r = 0;

	ret_path->n = 0;
	if (!from || from > to)
		return -EINVAL;
	while (r == 0 && from != end) {
		uint64_t middle = begin + split(end - begin);

		if (from <= middle) {
			r = add_range(&s, middle, end, ret_path);
			end = middle;
		} else {
			r = add_range(&s, begin, middle, ret_path);
			begin = middle;
			is_whole = false;
		}
	}
	if (r == 0 && !is_whole)
		r = add_range(&s, begin, end, ret_path);
	turn(ret_path);
	return r;
}

bool merkle_included(const uint8_t leaf_hash[MERKLE_BYTES], uint64_t leaf, uint64_t size, const struct merkle_path *path,
		     const uint8_t root[MERKLE_BYTES])
{
	uint8_t hash[MERKLE_BYTES];
	uint64_t fn = leaf, sn = size - 1;

	if (leaf >= size)
		return false;
	memcpy(hash, leaf_hash, sizeof(hash));
	for (size_t i = 0; i < path->n; i++) {
		if (!sn)
			return false;
		if (fn & 1 || fn == sn) {
			merkle_join(path->hash[i], hash, hash);
			while (fn && !(fn & 1)) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_join(hash, path->hash[i], hash);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && sodium_memcmp(hash, root, sizeof(hash)) == 0;
}

static bool climb(uint64_t fn, uint64_t sn, const struct merkle_path *path, size_t i, uint8_t fr[MERKLE_BYTES], uint8_t sr[MERKLE_BYTES])
{
	for (; i < path->n; i++) {
		if (!sn)
			return false;
		if (fn & 1 || fn == sn) {
			merkle_join(path->hash[i], fr, fr);
			merkle_join(path->hash[i], sr, sr);
			while (fn && !(fn & 1)) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_join(sr, path->hash[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn;
}

bool merkle_consistent(uint64_t from, const uint8_t from_root[MERKLE_BYTES], uint64_t to, const uint8_t to_root[MERKLE_BYTES],
		       const struct merkle_path *path)
{
	uint8_t fr[MERKLE_BYTES], sr[MERKLE_BYTES];
	uint64_t fn = from - 1, sn = to - 1;
	size_t i = 0;

	if (!from || from > to)
		return false;
	if (from == to)
		return !path->n && sodium_memcmp(from_root, to_root, MERKLE_BYTES) == 0;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	if (is_power(from)) {
		memcpy(fr, from_root, sizeof(fr));
	} else {
		if (!path->n)
			return false;
		memcpy(fr, path->hash[i++], sizeof(fr));
	}
	memcpy(sr, fr, sizeof(sr));
	return climb(fn, sn, path, i, fr, sr) && sodium_memcmp(fr, from_root, sizeof(fr)) == 0 &&
	       sodium_memcmp(sr, to_root, sizeof(sr)) == 0;
}
