// SPDX-License-Identifier: Apache-2.0
/* test_govern_rate.c - so many a minute for each, saved up to a minute's worth, and nobody's bucket is another's */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "govern/access/rate.h"

#define SECOND 1000000000ull

static int setup(void **state)
{
	(void)state;
	rate_forget();
	return 0;
}

static unsigned int take(const char *who, unsigned int times, int64_t per_minute, uint64_t now)
{
	unsigned int refused = 0;

	for (unsigned int i = 0; i < times; i++)
		refused += rate_take(who, per_minute, now) > 0;
	return refused;
}

static void test_a_minute_s_worth_at_once_then_as_time_goes_by(void **state)
{
	(void)state;
	assert_int_equal(take("a", 60, 60, 100 * SECOND), 0);
	assert_int_equal(rate_take("a", 60, 100 * SECOND), 2);
	assert_int_equal(take("a", 3, 60, 102 * SECOND), 1);
	assert_int_equal(take("a", 61, 60, 10000 * SECOND), 1);
}

static void test_each_has_its_own(void **state)
{
	(void)state;
	assert_int_equal(take("a", 10, 5, SECOND), 5);
	assert_int_equal(take("b", 5, 5, SECOND), 0);
}

static void test_zero_is_any_number(void **state)
{
	(void)state;
	assert_int_equal(take("a", 10000, 0, SECOND), 0);
}

static void test_many_that_come_once_do_not_empty_the_one_that_goes_on(void **state)
{
	char who[32];

	(void)state;
	assert_int_equal(take("a", 5, 5, SECOND), 0);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(who, sizeof(who), "other %u", i);
		assert_int_equal(rate_take(who, 5, SECOND + i), 0);
		assert_true(rate_take("a", 5, SECOND + i) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_minute_s_worth_at_once_then_as_time_goes_by, setup),
		cmocka_unit_test_setup(test_each_has_its_own, setup),
		cmocka_unit_test_setup(test_zero_is_any_number, setup),
		cmocka_unit_test_setup(test_many_that_come_once_do_not_empty_the_one_that_goes_on, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
