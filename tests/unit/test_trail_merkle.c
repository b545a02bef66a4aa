// SPDX-License-Identifier: Apache-2.0
/* test_trail_merkle.c - tree hashing of RFC 6962: its published values, and every proof of every size up to 300 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "trail/merkle.h"

#define SIZES 300

/* The eight leaves and roots that implementations of Certificate Transparency test with. */
static const char *const leaves[8] = { "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" };
static const char *const roots[9] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static uint8_t nodes[10][512][MERKLE_BYTES];
static struct merkle grown[SIZES + 1];

static void test_published_values(void **state)
{
	struct merkle m = { 0 };
	uint8_t bytes[16], hash[MERKLE_BYTES];
	char hex[2 * MERKLE_BYTES + 1];
	size_t n;

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		merkle_root(&m, hash);
		assert_string_equal(sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)), roots[i]);
		if (i == 8)
			break;
		assert_int_equal(sodium_hex2bin(bytes, sizeof(bytes), leaves[i], strlen(leaves[i]), NULL, &n, NULL), 0);
		merkle_leaf(bytes, n, hash);
		assert_int_equal(merkle_add(&m, hash, NULL, NULL), 0);
	}
}

static int keep(void *ctx, unsigned int level, uint64_t i, const uint8_t hash[MERKLE_BYTES])
{
	(void)ctx;
	memcpy(nodes[level][i], hash, MERKLE_BYTES);
	return 0;
}

static int get(void *ctx, unsigned int level, uint64_t i, uint8_t ret_hash[MERKLE_BYTES])
{
	uint64_t size = *(const uint64_t *)ctx;

	assert_true(((i + 1) << level) <= size);
	memcpy(ret_hash, nodes[level][i], MERKLE_BYTES);
	return 0;
}

/* The definition, as the RFC has it. */
static void slow_root(uint64_t from, uint64_t to, uint8_t ret_hash[MERKLE_BYTES])
{
	uint8_t left[MERKLE_BYTES], right[MERKLE_BYTES];
	uint64_t k = 1;

	if (to - from == 1) {
		memcpy(ret_hash, nodes[0][from], MERKLE_BYTES);
		return;
	}
	while (k * 2 < to - from)
		k *= 2;
	slow_root(from, from + k, left);
	slow_root(from + k, to, right);
	merkle_join(left, right, ret_hash);
}

static void test_roots_of_every_size(void **state)
{
	uint8_t hash[MERKLE_BYTES], slow[MERKLE_BYTES], walked[MERKLE_BYTES];

	(void)state;
	for (uint64_t n = 1; n <= SIZES; n++) {
		merkle_root(&grown[n], hash);
		slow_root(0, n, slow);
		assert_memory_equal(hash, slow, MERKLE_BYTES);
		assert_int_equal(merkle_root_of(n, get, &n, walked), 0);
		assert_memory_equal(hash, walked, MERKLE_BYTES);
	}
}

static void test_every_inclusion(void **state)
{
	static struct merkle_path path;
	uint8_t root[MERKLE_BYTES];

	(void)state;
	for (uint64_t n = 1; n <= SIZES; n++) {
		merkle_root(&grown[n], root);
		for (uint64_t i = 0; i < n; i++) {
			assert_int_equal(merkle_inclusion(i, n, get, &n, &path), 0);
			assert_true(merkle_included(nodes[0][i], i, n, &path, root));
			if (n > 1)
				assert_false(merkle_included(nodes[0][i], (i + 1) % n, n, &path, root));
			assert_false(merkle_included(nodes[0][i + 1], i, n, &path, root));
			assert_false(merkle_included(nodes[0][i], i, n + SIZES, &path, root));
		}
		assert_int_equal(merkle_inclusion(n, n, get, &n, &path), -EINVAL);
		assert_false(merkle_included(nodes[0][0], n, n, &path, root));
	}
}

static void test_every_consistency(void **state)
{
	static struct merkle_path path;
	uint8_t from[MERKLE_BYTES], to[MERKLE_BYTES];

	(void)state;
	for (uint64_t n = 1; n <= SIZES; n++) {
		merkle_root(&grown[n], to);
		for (uint64_t m = 1; m <= n; m++) {
			merkle_root(&grown[m], from);
			assert_int_equal(merkle_consistency(m, n, get, &n, &path), 0);
			assert_true(merkle_consistent(m, from, n, to, &path));
			from[m % MERKLE_BYTES] ^= 1;
			assert_false(merkle_consistent(m, from, n, to, &path));
		}
		assert_int_equal(merkle_consistency(0, n, get, &n, &path), -EINVAL);
		assert_int_equal(merkle_consistency(n + 1, n, get, &n, &path), -EINVAL);
	}
}

static void test_every_byte_of_a_proof_counts(void **state)
{
	static struct merkle_path path;
	uint64_t n = 201;
	uint8_t root[MERKLE_BYTES], from[MERKLE_BYTES];

	(void)state;
	merkle_root(&grown[n], root);
	merkle_root(&grown[77], from);
	assert_int_equal(merkle_inclusion(100, n, get, &n, &path), 0);
	for (size_t i = 0; i < path.n * MERKLE_BYTES; i++) {
		path.hash[i / MERKLE_BYTES][i % MERKLE_BYTES] ^= 1;
		assert_false(merkle_included(nodes[0][100], 100, n, &path, root));
		path.hash[i / MERKLE_BYTES][i % MERKLE_BYTES] ^= 1;
	}
	path.n--;
	assert_false(merkle_included(nodes[0][100], 100, n, &path, root));
	assert_int_equal(merkle_consistency(77, n, get, &n, &path), 0);
	for (size_t i = 0; i < path.n * MERKLE_BYTES; i++) {
		path.hash[i / MERKLE_BYTES][i % MERKLE_BYTES] ^= 1;
		assert_false(merkle_consistent(77, from, n, root, &path));
		path.hash[i / MERKLE_BYTES][i % MERKLE_BYTES] ^= 1;
	}
	path.n++;
	assert_false(merkle_consistent(77, from, n, root, &path));
	path.n = 0;
	assert_false(merkle_consistent(77, from, n, root, &path));
	assert_false(merkle_consistent(0, from, n, root, &path));
	assert_false(merkle_consistent(n + 1, root, n, root, &path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_values),	cmocka_unit_test(test_roots_of_every_size),
		cmocka_unit_test(test_every_inclusion),		cmocka_unit_test(test_every_consistency),
		cmocka_unit_test(test_every_byte_of_a_proof_counts),
	};

	if (sodium_init() < 0)
		return 1;
	for (uint32_t i = 0; i <= SIZES; i++)
		merkle_leaf(&i, sizeof(i), nodes[0][i]);
	for (size_t i = 0; i < SIZES; i++) {
		grown[i + 1] = grown[i];
		if (merkle_add(&grown[i + 1], nodes[0][i], keep, NULL) < 0)
			return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
