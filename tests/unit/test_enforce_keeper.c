// SPDX-License-Identifier: Apache-2.0
/*
 * test_enforce_keeper.c - both programs run, whichever ends is started again, and none outlives who started the keeper
 *
 * A program appends its process id to a file of its name, then sleeps.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../support/temp.h"
#include "enforce/keeper.h"

#define PATIENCE 1000	/* hundredths of a second */

struct program {
	char *path, *log;
};

static struct program program_make(const char *dir, const char *name)
{
	struct program p = { .path = temp_path(dir, name) };
	FILE *f = fopen(p.path, "w");

	assert_true(asprintf(&p.log, "%s.log", p.path) > 0);
	fprintf(f, "#!/bin/sh\necho $$ >>%s\nexec sleep 600\n", p.log);
	fclose(f);
	assert_int_equal(chmod(p.path, 0755), 0);
	return p;
}

static void program_done(struct program *p)
{
	free(p->path);
	free(p->log);
}

/* How often it was started; *ret_last: its process, the last time. */
static int starts(const struct program *p, pid_t *ret_last)
{
	FILE *f = fopen(p->log, "r");
	int n = 0, pid;

	while (f && fscanf(f, "%d\n", &pid) == 1) {
		*ret_last = pid;
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

static pid_t wait_for_start(const struct program *p, int n)
{
	pid_t last = -1;

	for (int i = 0; i < PATIENCE && starts(p, &last) < n; i++)
		usleep(10000);
	assert_int_equal(starts(p, &last), n);
	return last;
}

static bool ends(pid_t pid)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (kill(pid, 0))
			return true;
		usleep(10000);
	}
	return false;
}

/* Who starts the keeper, and waits to be killed. */
static pid_t parent_start(const char *one, const char *two)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (keeper_start((const char *const[KEEPER_PROGRAMS]){ one, two }) < 0)
		_exit(1);
	for (;;)
		pause();
}

static void whichever_ends_is_started_again_until_the_parent_ends(void **state)
{
	char *dir = temp_make();
	struct program a = program_make(dir, "a"), b = program_make(dir, "b");
	pid_t parent = parent_start(a.path, b.path), first = wait_for_start(&a, 1), other = wait_for_start(&b, 1), second;

	(void)state;
	assert_int_equal(kill(first, SIGKILL), 0);
	second = wait_for_start(&a, 2);
	assert_int_equal(kill(other, SIGTERM), 0);
	other = wait_for_start(&b, 2);
	assert_int_equal(kill(second, 0), 0);
	assert_int_equal(wait_for_start(&a, 2), second);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(ends(second));
	assert_true(ends(other));
	program_done(&a);
	program_done(&b);
	temp_remove(dir);
}

static void one_that_is_not_there_is_no_harm_to_the_other_and_tried_again(void **state)
{
	char *dir = temp_make(), *later = temp_path(dir, "later");
	struct program a = program_make(dir, "a"), b = program_make(dir, "b");
	pid_t parent, other;

	(void)state;
	assert_int_equal(rename(a.path, later), 0);
	parent = parent_start(a.path, b.path);
	other = wait_for_start(&b, 1);
	assert_int_equal(rename(later, a.path), 0);
	wait_for_start(&a, 1);
	assert_int_equal(wait_for_start(&b, 1), other);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(ends(other));
	program_done(&a);
	program_done(&b);
	free(later);
	temp_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whichever_ends_is_started_again_until_the_parent_ends),
		cmocka_unit_test(one_that_is_not_there_is_no_harm_to_the_other_and_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
