// SPDX-License-Identifier: Apache-2.0
/*
 * test_core_socket.c - a socket that root makes for somebody is made as that user makes it, whatever the name was before
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../support/temp.h"
#include "core/socket.h"

#define OWNER 1234

struct fixture {
	char *dir, *path, *other;
};

static int setup(void **state)
{
	static struct fixture f;

	if (geteuid())
		return 0;
	f.dir = temp_make();
	f.path = temp_path(f.dir, "socket");
	f.other = temp_path(f.dir, "other");
	*state = &f;
	return chown(f.dir, OWNER, OWNER);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (!f)
		return 0;
	free(f->path);
	free(f->other);
	temp_remove(f->dir);
	return 0;
}

static void expect_made(const struct fixture *f)
{
	struct stat st;

	assert_int_equal(lstat(f->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(st.st_uid, OWNER);
	assert_int_equal(setfsuid((uid_t)-1), geteuid()); /* and we are who we were */
}

static void it_is_the_owners_alone(void **state)
{
	struct fixture *f = *state;
	own_fd int fd = -1, again = -1;

	if (!f)
		skip();
	fd = socket_listen_as(f->path, OWNER);
	assert_true(fd >= 0);
	expect_made(f);
	again = socket_listen_as(f->path, OWNER);
	assert_true(again >= 0);
	expect_made(f);
}

static void a_link_in_its_place_leads_nowhere(void **state)
{
	struct fixture *f = *state;
	own_fd int fd = -1, other = -1;
	struct stat st;

	if (!f)
		skip();
	other = open(f->other, O_WRONLY | O_CREAT, 0644);
	assert_int_equal(symlink(f->other, f->path), 0);
	fd = socket_listen_as(f->path, OWNER);
	assert_true(fd >= 0);
	expect_made(f);
	assert_int_equal(lstat(f->other, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(st.st_uid, 0);
}

static void what_the_owner_may_not_is_not_done_for_it(void **state)
{
	struct fixture *f = *state;
	own_fd int fd = -1;

	if (!f)
		skip();
	assert_int_equal(chown(f->dir, 0, 0), 0);
	assert_int_equal(socket_listen_as(f->path, OWNER), -EACCES);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(chown(f->dir, OWNER, OWNER), 0);
	fd = socket_listen_as(f->path, OWNER);
	assert_true(fd >= 0);
}

static void a_path_too_long_is_refused(void **state)
{
	char path[200];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = 0;
	assert_int_equal(socket_listen_as(path, geteuid()), -ENAMETOOLONG);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(it_is_the_owners_alone),
		with_folder(a_link_in_its_place_leads_nowhere),
		with_folder(what_the_owner_may_not_is_not_done_for_it),
		cmocka_unit_test(a_path_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
