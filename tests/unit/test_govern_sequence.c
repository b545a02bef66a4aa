// SPDX-License-Identifier: Apache-2.0
/* test_govern_sequence.c - holes are found, overtaking is forgiven, nothing is counted twice */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "govern/audit/sequence.h"

#define LATER (SEQUENCE_GRACE_MS + 1)

static void take(struct sequence *s, const char *seqs, int64_t now)
{
	for (; *seqs; seqs++)
		assert_int_equal(sequence_take(s, (uint64_t)(*seqs - '0'), now), 1);
}

static void test_in_order(void **state)
{
	struct sequence s = { .next = 1 };
	uint64_t first, last;

	(void)state;
	take(&s, "123456789", 0);
	assert_int_equal(s.next, 10);
	assert_int_equal(s.ahead_count, 0);
	assert_false(sequence_hole(&s, LATER, &first, &last));
	sequence_done(&s);
}

static void test_overtaking_is_no_hole(void **state)
{
	static const char *const orders[] = { "213", "321", "132", "2413", "4321", "35142", "9876543" "21" };
	uint64_t first, last;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct sequence s = { .next = 1 };

		take(&s, orders[i], 0);
		assert_int_equal(s.next, strlen(orders[i]) + 1);
		assert_false(sequence_hole(&s, LATER, &first, &last));
		sequence_done(&s);
	}
}

static void test_a_hole_is_declared_after_a_while(void **state)
{
	struct sequence s = { .next = 1 };
	uint64_t first, last;

	(void)state;
	take(&s, "125", 1000);
	assert_false(sequence_hole(&s, 1000, &first, &last));
	assert_false(sequence_hole(&s, 1000 + SEQUENCE_GRACE_MS - 1, &first, &last));
	assert_true(sequence_hole(&s, 1000 + SEQUENCE_GRACE_MS, &first, &last));
	assert_int_equal(first, 3);
	assert_int_equal(last, 4);
	assert_int_equal(s.next, 6);
	assert_false(sequence_hole(&s, 1000 + 10 * SEQUENCE_GRACE_MS, &first, &last));
	sequence_done(&s);
}

static void test_what_was_lost_last_is_declared_when_settled(void **state)
{
	struct sequence s = { .next = 1 };
	uint64_t first, last;

	(void)state;
	take(&s, "125", 1000);
	assert_int_equal(sequence_open(&s, 8), 5);
	assert_int_equal(sequence_open(&s, 5), 2);
	assert_int_equal(sequence_open(&s, 2), 0);
	assert_false(sequence_hole(&s, 1000, &first, &last));
	s.settled = 8;
	assert_true(sequence_hole(&s, 1000, &first, &last));
	assert_int_equal(first, 3);
	assert_int_equal(last, 4);
	assert_true(sequence_hole(&s, 1000, &first, &last));
	assert_int_equal(first, 6);
	assert_int_equal(last, 8);
	assert_false(sequence_hole(&s, 1000 + SEQUENCE_GRACE_MS, &first, &last));
	assert_int_equal(s.next, 9);
	assert_int_equal(sequence_open(&s, 8), 0);
	take(&s, "9", 1000);
	assert_int_equal(s.next, 10);
	sequence_done(&s);
}

static void test_several_holes_in_order(void **state)
{
	struct sequence s = { .next = 1 };
	uint64_t first, last;

	(void)state;
	take(&s, "37", 0);
	take(&s, "9", 100);
	assert_true(sequence_hole(&s, SEQUENCE_GRACE_MS, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 2);
	assert_true(sequence_hole(&s, SEQUENCE_GRACE_MS, &first, &last));
	assert_int_equal(first, 4);
	assert_int_equal(last, 6);
	assert_false(sequence_hole(&s, SEQUENCE_GRACE_MS, &first, &last)); /* 8 is younger */
	assert_true(sequence_hole(&s, 100 + SEQUENCE_GRACE_MS, &first, &last));
	assert_int_equal(first, 8);
	assert_int_equal(s.next, 10);
	sequence_done(&s);
}

static void test_late_and_double_numbers_are_told(void **state)
{
	struct sequence s = { .next = 1 };
	uint64_t first, last;

	(void)state;
	take(&s, "15", 0);
	assert_int_equal(sequence_take(&s, 1, 0), 0);
	assert_int_equal(sequence_take(&s, 5, 0), 0);
	assert_true(sequence_hole(&s, LATER, &first, &last));
	assert_int_equal(sequence_take(&s, 3, LATER), 0);
	assert_int_equal(s.next, 6);
	sequence_done(&s);
}

static void test_spans_join(void **state)
{
	struct sequence s = { .next = 1 };

	(void)state;
	take(&s, "3597", 0);
	assert_int_equal(s.ahead_count, 4);
	take(&s, "4", 0);
	assert_int_equal(s.ahead_count, 3);
	take(&s, "86", 0);
	assert_int_equal(s.ahead_count, 1);
	take(&s, "2", 0);
	assert_int_equal(s.ahead_count, 1);
	take(&s, "1", 0);
	assert_int_equal(s.ahead_count, 0);
	assert_int_equal(s.next, 10);
	sequence_done(&s);
}

static void test_memory_is_bounded(void **state)
{
	struct sequence s = { .next = 1 };
	uint64_t first, last;

	(void)state;
	for (uint64_t i = 0; i < SEQUENCE_SPANS_MAX + 10; i++) {
		assert_int_equal(sequence_take(&s, 2 * i + 2, 0), 1);
		while (sequence_hole(&s, 0, &first, &last))
			assert_int_equal(first, last);
		assert_true(s.ahead_count <= SEQUENCE_SPANS_MAX);
	}
	sequence_done(&s);
}

static void test_any_order_accounts_for_every_number(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 200; round++) {
		struct sequence s = { .next = 1 };
		uint64_t order[64], first, last, missing = 0, dropped = (uint64_t)random() % 10;
		size_t n = ARRAY_SIZE(order);

		for (size_t i = 0; i < n; i++)
			order[i] = i + 1;
		for (size_t i = n - 1; i > 0; i--) {
			size_t k = (size_t)random() % (i + 1);
			uint64_t swap = order[i];

			order[i] = order[k];
			order[k] = swap;
		}
		for (size_t i = dropped; i < n; i++)
			assert_int_equal(sequence_take(&s, order[i], 0), 1);
		while (sequence_hole(&s, LATER, &first, &last))
			missing += last - first + 1;
		for (size_t i = 0; i < dropped; i++)
			missing += order[i] >= s.next; /* lost last: nothing after them tells */
		assert_int_equal(missing, dropped);
		sequence_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_overtaking_is_no_hole),
		cmocka_unit_test(test_a_hole_is_declared_after_a_while),
		cmocka_unit_test(test_what_was_lost_last_is_declared_when_settled),
		cmocka_unit_test(test_several_holes_in_order),
		cmocka_unit_test(test_late_and_double_numbers_are_told),
		cmocka_unit_test(test_spans_join),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_any_order_accounts_for_every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
