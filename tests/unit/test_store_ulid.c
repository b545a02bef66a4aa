// SPDX-License-Identifier: Apache-2.0
/* test_store_ulid.c - ids grow, whatever the clock does */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "store/ulid.h"

static void test_ids_grow(void **state)
{
	/* The clock stands still, runs, and goes back. */
	static const uint64_t clock[] = { 1000, 1000, 1000, 1001, 5000, 4000, 3000, 5000, 5001 };
	struct ulids u;
	char last[ULID_SIZE] = "", id[ULID_SIZE];

	(void)state;
	ulids_init(&u, NULL);
	for (size_t i = 0; i < sizeof(clock) / sizeof(clock[0]); i++) {
		ulid_next(&u, clock[i], id);
		assert_int_equal(strlen(id), 26);
		assert_true(strcmp(last, id) < 0);
		strcpy(last, id);
	}
}

static void test_the_time_comes_first(void **state)
{
	struct ulids u;
	char id[ULID_SIZE];

	(void)state;
	ulids_init(&u, NULL);
	ulid_next(&u, 1469918176385ull, id); /* the example of the ULID specification */
	assert_memory_equal(id, "01ARYZ6S41", 10);
}

static void test_they_continue_after_a_restart(void **state)
{
	struct ulids u;
	char first[ULID_SIZE], second[ULID_SIZE];

	(void)state;
	ulids_init(&u, NULL);
	ulid_next(&u, 9000, first);
	ulids_init(&u, first);
	ulid_next(&u, 10, second); /* the clock was set back meanwhile */
	assert_true(strcmp(first, second) < 0);
	ulids_init(&u, "not an id");
	ulid_next(&u, 10, second);
	assert_true(ulid_is_prefix(second));
}

static void test_many_of_one_millisecond_differ(void **state)
{
	struct ulids u;
	char last[ULID_SIZE] = "", id[ULID_SIZE];

	(void)state;
	ulids_init(&u, NULL);
	for (int i = 0; i < 100000; i++) {
		ulid_next(&u, 77, id);
		assert_true(strcmp(last, id) < 0);
		strcpy(last, id);
	}
}

static void test_the_least_id_of_a_moment(void **state)
{
	struct ulids u;
	char before[ULID_SIZE], at[ULID_SIZE], least[ULID_SIZE];

	(void)state;
	ulids_init(&u, NULL);
	ulid_next(&u, 4999, before);
	ulid_next(&u, 5000, at);
	ulid_of_time(5000, least);
	assert_true(strcmp(before, least) < 0);
	assert_true(strcmp(least, at) <= 0);
}

static void test_prefixes(void **state)
{
	char id[ULID_SIZE];

	(void)state;
	assert_true(ulid_normalise("01aryz", id));
	assert_string_equal(id, "01ARYZ");
	assert_false(ulid_normalise("", id));
	assert_false(ulid_normalise("01U", id));
	assert_false(ulid_normalise("../x", id));
	assert_false(ulid_normalise("01ARYZ6S4100000000000000000", id));
	assert_true(ulid_is_prefix("0"));
	assert_false(ulid_is_prefix("0-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_grow),
		cmocka_unit_test(test_the_time_comes_first),
		cmocka_unit_test(test_they_continue_after_a_restart),
		cmocka_unit_test(test_many_of_one_millisecond_differ),
		cmocka_unit_test(test_the_least_id_of_a_moment),
		cmocka_unit_test(test_prefixes),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
