// SPDX-License-Identifier: Apache-2.0
/*
 * test_core_drop.c - the steps by which privileges are given up: in order, and none after one that did not take
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/drop.h"

static int count(const void *ctx)
{
	return ++**(int *const *)ctx, 0;
}

static int refuse(const void *ctx)
{
	(void)ctx;
	return -EPERM;
}

static void steps_are_taken_until_one_fails(void **state)
{
	static const struct drop_step all[] = { { "counting", count }, { "counting on", count } };
	static const struct drop_step some[] = { { "counting", count }, { "refusing", refuse }, { "counting on", count } };
	int n = 0, *at = &n;

	(void)state;
	assert_int_equal(drop_run("test", all, ARRAY_SIZE(all), &at), 0);
	assert_int_equal(n, 2);
	assert_int_equal(drop_run("test", some, ARRAY_SIZE(some), &at), -EPERM);
	assert_int_equal(n, 3);
}

static void steps_that_all_take_do_what_they_say(void **state)
{
	static const struct drop_step steps[] = { { "a", drop_new_privileges }, { "b", drop_core_dumps } };
	struct rlimit core;
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		int r = drop_run("test", steps, ARRAY_SIZE(steps), NULL);
		int ok = !r && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
			 !getrlimit(RLIMIT_CORE, &core) && !core.rlim_cur && !core.rlim_max;

		_exit(!ok);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_taken_until_one_fails),
		cmocka_unit_test(steps_that_all_take_do_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
