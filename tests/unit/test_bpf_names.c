// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * test_bpf_names.c - what is remembered of a name (bpf/memory.bpf.h), and what the decision makes of it: nothing but what is let
 * through anyway goes through without being asked about
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "bpf_world.h"

#define STAMP 77

static const __u64 words[CVF_NAME_WORDS] = { 0x6161616161616161, 0x6262626262626262, 0x6363636363636363, 0x64646464646464 };

static bool goes(const __u64 *word, __u32 len)
{
	__u32 at = name_cell(&name, STAMP, 9, word, len, 0, CVF_OP_READ, &label);

	if (at)
		let_through(0, at, &label);
	return at;
}

static void remember(__u32 len)
{
	memset(&name, 0, sizeof(name));
	name_keep(name_at(STAMP, 1), STAMP, words, len, CELL);
}

/* What needs no question is counted and goes through; nothing else does, and nothing is told. */
static void test_a_name_that_only_goes_through(void **state)
{
	__u64 other[CVF_NAME_WORDS];

	(void)state;
	for (__u32 len = 1; len < CVF_NAME_WORDS * 8; len++) {
		begin(CVF_VERDICT_ALLOW);
		remember(len);
		assert_true(goes(words, len));
		assert_int_equal(name.cell, CELL);
		assert_true(goes(words, len)); /* by the row that it remembered */
		assert_int_equal(w.count, 2);
		assert_false(goes(words, len == 1 ? 2 : len - 1));
		/* another byte of the name; one behind it does not count */
		for (__u32 at = 0; at < sizeof(other); at++) {
			memcpy(other, words, sizeof(other));
			((__u8 *)other)[at] ^= 1;
			assert_int_equal(goes(other, len), at >= len);
		}
		assert_int_equal(w.sent + w.stops + w.recorded, 0);
	}
	assert_int_equal(name_cell(&name, STAMP + 1, 9, words, 31, 0, CVF_OP_READ, &label), 0);
	/* of another operation nothing is remembered */
	begin(CVF_VERDICT_ALLOW);
	remember(5);
	assert_int_equal(name_cell(&name, STAMP, 9, words, 5, 0, CVF_OP_DELETE, &label), CELL);
	assert_int_equal(name.row, 0);
	assert_true(goes(words, 5));
	cell()->action = CVF_VERDICT_HOLD;
	assert_true(goes(words, 5));
	assert_int_equal(name_cell(&name, STAMP, 9, words, 5, 0, CVF_OP_DELETE, &label), 0);
}

static void test_a_name_that_must_be_asked_about(void **state)
{
	(void)state;
	for (int action = 0; action < 256; action++) {
		begin((enum cvf_verdict)action);
		remember(5);
		assert_int_equal(goes(words, 5), action == CVF_VERDICT_ALLOW);
		assert_int_equal(goes(words, 5), action == CVF_VERDICT_ALLOW);
	}
	for (int flag = 1; flag < 256; flag <<= 1) {
		begin(CVF_VERDICT_ALLOW);
		cell()->flags = (__u8)flag;
		remember(5);
		assert_false(goes(words, 5));
	}
	begin(CVF_VERDICT_ALLOW);
	cell()->rate = LIMIT;
	remember(5);
	assert_false(goes(words, 5));
	begin(CVF_VERDICT_ALLOW);
	cvf_state.slots[0].agents[AGENT].row = 0;
	remember(5);
	assert_false(goes(words, 5));
	/* what it remembers is for its row */
	begin(CVF_VERDICT_ALLOW);
	remember(5);
	assert_true(goes(words, 5));
	cell()->action = CVF_VERDICT_DENY;
	assert_true(goes(words, 5));
	cvf_state.slots[0].agents[AGENT].row = 2;
	assert_false(goes(words, 5));
	/* and not for who has patterns of their own */
	begin(CVF_VERDICT_ALLOW);
	cvf_state.slots[0].agents[AGENT].own = 1;
	remember(5);
	assert_true(goes(words, 5));
	assert_int_equal(name.row, 0);
	begin(CVF_VERDICT_ALLOW);
	remember(5);
	assert_true(goes(words, 5));
	cell()->action = CVF_VERDICT_DENY;
	cvf_state.slots[0].agents[AGENT].own = 1;
	assert_false(goes(words, 5));
	begin(CVF_VERDICT_ALLOW);
	remember(5);
	label.flags = CVF_LABEL_CANARY;
	assert_false(goes(words, 5));
	label.flags = 0;
	cvf_state.frozen[AGENT] = 1;
	assert_false(goes(words, 5));
	cvf_state.frozen[AGENT] = 0;
	assert_true(goes(words, 5));
	assert_int_equal(w.count, 1);
}

static void test_a_name_that_is_being_written(void **state)
{
	(void)state;
	begin(CVF_VERDICT_ALLOW);
	remember(5);
	name.version++;
	assert_false(goes(words, 5));
	name_keep(&name, STAMP + 1, words, 6, OTHER_CELL);
	assert_int_equal(name.len, 5);
	name.version++;
	stolen = 1; /* another processor begins to write between looking and taking */
	name_keep(&name, STAMP + 1, words, 6, OTHER_CELL);
	assert_int_equal(name.len, 5);
	remember(5);
	stolen = 1;
	assert_true(goes(words, 5));
	assert_int_equal(name.row, 0);
}

/* A name that is not remembered, or not of this stamp, is judged by what it comes to. */
static void test_a_new_name(void **state)
{
	(void)state;
	begin(CVF_VERDICT_ALLOW);
	memset(&name, 0, sizeof(name));
	learns = CELL;
	assert_true(goes(words, 5));
	assert_int_equal(name.set, CELL);
	assert_int_equal(name.row, 0);
	assert_true(goes(words, 5));
	assert_int_equal(name.cell, CELL);
	assert_int_equal(w.count, 2);
	/* refused, and known from then on */
	begin(CVF_VERDICT_DENY);
	memset(&name, 0, sizeof(name));
	assert_false(goes(words, 5));
	assert_int_equal(name.set, CELL);
	/* what was remembered of another row says nothing about it */
	begin(CVF_VERDICT_DENY);
	name.stamp = STAMP + 1;
	name.row = 1;
	name.cell = OTHER_CELL;
	assert_false(goes(words, 5));
	/* what nobody may remember */
	begin(CVF_VERDICT_ALLOW);
	memset(&name, 0, sizeof(name));
	learns = NO_SET;
	assert_false(goes(words, 5));
	assert_int_equal(name.stamp, 0);
	/* another processor writes there: judged all the same */
	begin(CVF_VERDICT_ALLOW);
	remember(5);
	learns = CELL;
	name.version++;
	assert_true(goes(words, 6));
	assert_int_equal(name.len, 5);
	learns = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_that_only_goes_through),
		cmocka_unit_test(test_a_name_that_must_be_asked_about),
		cmocka_unit_test(test_a_name_that_is_being_written),
		cmocka_unit_test(test_a_new_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
