// SPDX-License-Identifier: Apache-2.0
/* test_trail_chain.c - every byte of an event, and its place, is under the hash */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "trail/chain.h"

static const uint8_t zero[CHAIN_BYTES];

static struct chain_link event(void)
{
	return (struct chain_link){ .id = "01ARYZ6S41TSV4RRFFQ69G5FAV", .boot_id = "0123456789abcdef0123456789abcdef",
				    .time_ms = 1469918176385, .agent = "coder-1", .capability = "vcs.git.push",
				    .rule = NULL, .record = "record", .record_size = 6 };
}

/* Computed once with another implementation of BLAKE2b (Python's hashlib), from the words of chain.h. */
static void test_the_documented_bytes(void **state)
{
	static const char expected[] = "e3c32daf78a1000ffd0b65f2d25333264e022a2e5afac44ace8fa0a3cb3cc7b4";
	struct chain_link e = event();
	uint8_t hash[CHAIN_BYTES];
	char hex[2 * CHAIN_BYTES + 1];

	(void)state;
	chain_hash(zero, &e, hash);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	assert_string_equal(hex, expected);
}

static void test_each_part_counts(void **state)
{
	struct chain_link changed[8];
	uint8_t hash[CHAIN_BYTES], other[CHAIN_BYTES];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		changed[i] = event();
	chain_hash(zero, &changed[0], hash);
	changed[0].id = "01ARYZ6S41TSV4RRFFQ69G5FAW";
	changed[1].boot_id = "1123456789abcdef0123456789abcdef";
	changed[2].time_ms++;
	changed[3].agent = "coder-2";
	changed[4].capability = "vcs.git.pull";
	changed[5].rule = "p/r";
	changed[6].record = "recorD";
	changed[7].record_size = 5;
	for (size_t i = 0; i < 8; i++) {
		chain_hash(zero, &changed[i], other);
		assert_memory_not_equal(hash, other, CHAIN_BYTES);
	}
}

static void test_bytes_cannot_move_between_parts(void **state)
{
	struct chain_link a = event(), b = event();
	uint8_t first[CHAIN_BYTES], second[CHAIN_BYTES];

	(void)state;
	a.agent = "ab";
	a.capability = "c";
	b.agent = "a";
	b.capability = "bc";
	chain_hash(zero, &a, first);
	chain_hash(zero, &b, second);
	assert_memory_not_equal(first, second, CHAIN_BYTES);
}

static void test_the_place_counts(void **state)
{
	struct chain_link e = event();
	uint8_t first[CHAIN_BYTES], second[CHAIN_BYTES];

	(void)state;
	chain_hash(zero, &e, first);
	chain_hash(first, &e, second);
	assert_memory_not_equal(first, second, CHAIN_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_documented_bytes),
		cmocka_unit_test(test_each_part_counts),
		cmocka_unit_test(test_bytes_cannot_move_between_parts),
		cmocka_unit_test(test_the_place_counts),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
