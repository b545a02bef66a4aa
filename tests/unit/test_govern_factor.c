// SPDX-License-Identifier: Apache-2.0
/* test_govern_factor.c - codes of second factors: which are good, how often, and what a wrong one costs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <liboath/oath.h>
#include <string.h>

#include "../support/temp.h"
#include "govern/people/factor.h"

#define NOW_MS 1700000005000ll	/* 25 s into its step */

static struct {
	char *dir, *path;
	struct governor g;
	struct factor factor;
} t;

static void look(void)
{
	assert_int_equal(factor_find(&t.g, "alice", 1000, &t.factor), 1);
}

static int setup(void **state)
{
	own_free char *uri = NULL;
	struct store_options o = { .migrations = store_migrations, .migrations_count = store_migrations_count };

	(void)state;
	t.dir = temp_make();
	t.path = temp_path(t.dir, "cvf.db");
	o.path = t.path;
	assert_int_equal(oath_init(), OATH_OK);
	assert_int_equal(store_open(&o, &t.g.store), 0);
	assert_int_equal(factor_enrol(&t.g, "alice", 1000, "root", &uri), 0);
	assert_non_null(strstr(uri, "otpauth://totp/CVF:alice?secret="));
	look();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(t.g.store);
	t.g.store = NULL;
	temp_remove(t.dir);
	free(t.path);
	return 0;
}

static const char *code_at(int64_t ms)
{
	static char code[7];

	assert_int_equal(oath_totp_generate((const char *)t.factor.secret, FACTOR_SECRET, ms / 1000, 30, 0, 6, code), OATH_OK);
	return code;
}

static int use(const char *code, int64_t now_ms)
{
	look();
	return factor_use(&t.g, &t.factor, code, (struct factor_time){ now_ms, now_ms });
}

static void test_the_window_is_one_step_to_each_side(void **state)
{
	(void)state;
	assert_int_equal(use(code_at(NOW_MS - 60000), NOW_MS), -EKEYREJECTED);
	assert_int_equal(use(code_at(NOW_MS + 60000), NOW_MS), -EKEYREJECTED);
	assert_int_equal(use(code_at(NOW_MS - 30000), NOW_MS), 0);
	assert_int_equal(use(code_at(NOW_MS), NOW_MS), 0);
	assert_int_equal(use(code_at(NOW_MS + 30000), NOW_MS), 0);
}

static void test_a_code_is_used_once_and_none_before_it(void **state)
{
	(void)state;
	assert_int_equal(use(code_at(NOW_MS), NOW_MS), 0);
	assert_int_equal(use(code_at(NOW_MS), NOW_MS), -EKEYREVOKED);
	assert_int_equal(use(code_at(NOW_MS - 30000), NOW_MS), -EKEYREVOKED);
	look();
	assert_int_equal(t.factor.failures, 0);
	assert_int_equal(use(code_at(NOW_MS + 30000), NOW_MS), 0);
}

static void test_what_is_no_code(void **state)
{
	static const char *const texts[] = { "", "12345", "1234567", "12 456", "-12345", "0x1234", "١٢٣" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(use(texts[i], NOW_MS), -EKEYREJECTED);
}

static void test_each_wrong_code_costs_twice_the_time(void **state)
{
	(void)state;
	for (int64_t i = 1; i < FACTOR_FAILURES; i++) {
		assert_int_equal(use("x", NOW_MS), -EKEYREJECTED);
		look();
		assert_false(factor_is_locked(&t.factor));
		assert_int_equal(factor_wait_s(&t.factor, NOW_MS), 1 << (i - 1));
		assert_int_equal(factor_wait_s(&t.factor, NOW_MS + (1000 << (i - 1))), 0);
		assert_int_equal(factor_wait_s(&t.factor, NOW_MS - 5000), 0);
	}
	assert_int_equal(use("x", NOW_MS), -EKEYREJECTED);
	look();
	assert_true(factor_is_locked(&t.factor));
	assert_int_equal(factor_unlock(&t.g, "alice", "root"), 1);
	look();
	assert_false(factor_is_locked(&t.factor));
	assert_int_equal(use(code_at(NOW_MS), NOW_MS), 0);
}

static void test_a_right_code_forgets_the_wrong_ones(void **state)
{
	(void)state;
	assert_int_equal(use("x", NOW_MS), -EKEYREJECTED);
	assert_int_equal(use(code_at(NOW_MS), NOW_MS + 2000), 0);
	look();
	assert_int_equal(t.factor.failures, 0);
}

static void test_it_belongs_to_a_name_and_its_number(void **state)
{
	struct factor f;

	(void)state;
	assert_int_equal(factor_find(&t.g, "alice", 1001, &f), 0);
	assert_int_equal(factor_find(&t.g, "bob", 1000, &f), 0);
	assert_int_equal(factor_find(&t.g, "alice", 1000, &f), 1);
	assert_int_equal(factor_remove(&t.g, "alice", "root"), 1);
	assert_int_equal(factor_find(&t.g, "alice", 1000, &f), 0);
	assert_int_equal(factor_remove(&t.g, "alice", "root"), 0);
	assert_int_equal(factor_unlock(&t.g, "alice", "root"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_window_is_one_step_to_each_side, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_code_is_used_once_and_none_before_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_code, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_wrong_code_costs_twice_the_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_right_code_forgets_the_wrong_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_belongs_to_a_name_and_its_number, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
