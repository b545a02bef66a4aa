// SPDX-License-Identifier: Apache-2.0
/*
 * test_quarantine_place.c - where things may be kept and where they go back to: planted stores, moved folders, other namespaces
 *
 * To add a case: a function with WORLD(), and a row in main.
 */
#include "quarantine_fixture.h"

#include "quarantine/place.h"

static void a_path_is_what_a_kernel_says(void **state)
{
	static const char *const paths[] = { "/", "/a", "/a b/c\n", "/...", "/.a/b..", "/x/" CVF_QUARANTINE_DIR "s/y" };
	static const char *const others[] = { "", "a", "a/b", "//a", "/a/", "/a//b", "/.", "/a/..", "/../a", "/a/./b",
					      "/" CVF_QUARANTINE_DIR, "/a/" CVF_QUARANTINE_DIR "/b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_true(place_is_path(paths[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(place_is_path(others[i]));
}

/* What stands where the store must be, made by plant(); then the same file is kept without it. */
static void expect_refused_while(struct world *w, void (*plant)(const char *store, const char *elsewhere))
{
	const char *store = at(w, CVF_QUARANTINE_DIR), *elsewhere = at(w, "elsewhere");

	write_file(at(w, "f"), "x");
	assert_int_equal(mkdir(elsewhere, 0700), 0);
	plant(store, elsewhere);
	assert_int_equal(keep(w, ID, at(w, "f")), -EXDEV);
	assert_int_equal(state_of(at(w, "f")).st_nlink, 1);
	assert_int_equal(rmdir(elsewhere), 0); /* nothing is in it */
	assert_int_equal(remove(store), 0);
	assert_int_equal(keep_now(w), 0);
	assert_int_equal(kept_count(w), 2);
}

static void plant_link(const char *store, const char *elsewhere)
{
	assert_int_equal(symlink(elsewhere, store), 0);
}

static void plant_file(const char *store, const char *elsewhere)
{
	(void)elsewhere;
	write_file(store, "");
}

static void plant_others(const char *store, const char *elsewhere)
{
	(void)elsewhere;
	assert_int_equal(mkdir(store, 0700), 0);
	assert_int_equal(chown(store, 1234, 0), 0);
}

static void plant_open(const char *store, const char *elsewhere)
{
	(void)elsewhere;
	assert_int_equal(mkdir(store, 0700), 0);
	assert_int_equal(chmod(store, 0720), 0);
}

static void a_planted_link_is_no_store(void **state)
{
	expect_refused_while(WORLD(state), plant_link);
}

static void a_planted_file_is_no_store(void **state)
{
	expect_refused_while(WORLD(state), plant_file);
}

static void a_folder_of_somebody_else_is_no_store(void **state)
{
	expect_refused_while(WORLD(state), plant_others);
}

static void a_folder_that_others_may_write_is_no_store(void **state)
{
	expect_refused_while(WORLD(state), plant_open);
}

static void a_folder_of_root_alone_is_a_store(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "x");
	assert_int_equal(mkdir(at(w, CVF_QUARANTINE_DIR), 0700), 0);
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(kept_count(w), 2);
}

static void stores_and_roots_are_not_kept(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "x");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(keep(w, ID2, at(w, CVF_QUARANTINE_DIR "/" ID)), -EINVAL);
	assert_int_equal(keep(w, ID2, at(w, CVF_QUARANTINE_DIR)), -EINVAL);
	assert_int_equal(keep(w, ID2, w->dir), -EBUSY);
	assert_int_equal(keep(w, ID2, "/"), -EBUSY);
	assert_int_equal(kept_count(w), 2);
}

static void what_is_no_storage_keeps_nothing(void **state)
{
	struct world *w = WORLD(state);

	assert_int_equal(keep(w, ID, "/proc/self/status"), -ESTALE); /* "self" is a link */
	assert_int_equal(keep(w, ID, "/proc/version"), -EXDEV);
	assert_int_equal(keep(w, ID, "/proc/sys/kernel/hostname"), -EXDEV);
}

static void a_task_that_is_gone_has_nothing_kept(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "x");
	ask_about(w, ID, at(w, "f"));
	w->ask.pid = 4194305;
	assert_int_equal(keep_now(w), -ESRCH);
	assert_int_equal(kept_count(w), -1);
}

/* Into a folder that is not what it was nothing is put back. */
static void a_folder_that_is_gone_gets_nothing_back(void **state)
{
	struct world *w = WORLD(state);

	assert_int_equal(mkdir(at(w, "d"), 0755), 0);
	assert_int_equal(mkdir(at(w, "elsewhere"), 0755), 0);
	write_file(at(w, "d/f"), "x");
	assert_int_equal(keep(w, ID, at(w, "d/f")), 0);
	assert_int_equal(unlink(at(w, "d/f")), 0);
	assert_int_equal(rmdir(at(w, "d")), 0);
	assert_int_equal(restore(w, ID), -ENOTDIR);
	assert_int_equal(symlink("elsewhere", at(w, "d")), 0);
	assert_int_equal(restore(w, ID), -ENOTDIR);
	assert_int_equal(rmdir(at(w, "elsewhere")), 0);
	assert_int_equal(unlink(at(w, "d")), 0);
	assert_int_equal(mkdir(at(w, "d"), 0755), 0);
	assert_int_equal(restore(w, ID), 0);
	expect_text(at(w, "d/f"), "x");
}

static void a_past_that_is_not_ours_is_not_believed(void **state)
{
	static const char *const pasts[] = { "", "cvf-quarantine 1\n", "cvf-quarantine 2\norigin /d/f", "cvf-quarantine 1\norigin d/f",
					     "cvf-quarantine 1\norigin /../etc/f", "cvf-quarantine 1\nmode 0\norigin " };
	struct world *w = WORLD(state);
	const char *past = at(w, CVF_QUARANTINE_DIR "/" ID ".origin");

	write_file(at(w, "f"), "x");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(unlink(at(w, "f")), 0);
	assert_int_equal(chmod(past, 0644), 0);
	assert_int_equal(restore(w, ID), -EBADMSG);
	assert_int_equal(chmod(past, 0600), 0);
	assert_int_equal(rename(past, at(w, "past")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(pasts); i++) {
		write_file(past, pasts[i]);
		assert_int_equal(chmod(past, 0600), 0);
		assert_int_equal(restore(w, ID), -EBADMSG);
	}
	assert_int_equal(rename(at(w, "past"), past), 0);
	assert_int_equal(restore(w, ID), 0);
	expect_text(at(w, "f"), "x");
}

static void only_a_place_with_a_store_is_looked_into(void **state)
{
	struct world *w = WORLD(state);
	char store[CVF_PATH_MAX + 1];

	write_file(at(w, "f"), "x");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(unlink(at(w, "f")), 0);
	strcpy(store, w->reply.store);
	*w->reply.store = 0;
	strcpy(w->ask.store, "relative");
	assert_int_equal(restore(w, ID), -EINVAL);
	strcpy(w->ask.store, "/no/such/folder");
	assert_int_not_equal(restore(w, ID), 0);
	strcpy(w->ask.store, store);
	w->ask.device ^= 0x80000000u;
	assert_int_equal(restore(w, ID), -ENODEV);
	assert_int_equal(purge(w, ID), -ENODEV);
	w->ask.device ^= 0x80000000u;
	assert_int_equal(restore(w, ID), 0);
}

static void a_read_only_mount_is_said_to_be(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "x");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(mount(NULL, w->dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	assert_int_equal(purge(w, ID), -EROFS);
	assert_int_equal(mount(NULL, w->dir, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
	assert_int_equal(purge(w, ID), 0);
}

/* A child with a tmpfs that only it sees, over w->dir; it says so with one byte, and stays until its pipe ends. */
static pid_t child_apart(const struct world *w, int *ret_end)
{
	int said[2], end[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(said) | pipe(end), 0);
	pid = fork();
	if (!pid) {
		close(end[1]);
		if (unshare(CLONE_NEWNS) || mount("x", w->dir, "tmpfs", 0, "mode=0700"))
			_exit(1);
		write_file(at(w, "f"), "apart");
		if (setresuid(1234, 1234, 1234) || write(said[1], "x", 1) != 1)
			_exit(1);
		_exit((int)read(end[0], &byte, 1));
	}
	close(said[1]);
	close(end[0]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
	*ret_end = end[1];
	return pid;
}

static void the_namespace_of_the_task_counts(void **state)
{
	struct world *w = WORLD(state);
	char inside[64], file[CVF_PATH_MAX + 1];
	struct stat st;
	int end, status;
	pid_t pid;

	write_file(at(w, "f"), "ours");
	pid = child_apart(w, &end);
	snprintf(inside, sizeof(inside), "/proc/%d/root", pid);
	snprintf(file, sizeof(file), "%s%s", inside, at(w, "f"));
	ask_about(w, ID, at(w, "f"));
	st = state_of(file);
	w->ask.pid = (__u32)pid;
	assert_int_equal(keep_now(w), -ESTALE); /* ours is not what this name leads to there */
	w->ask.inode = st.st_ino;
	w->ask.device = (__u32)(major(st.st_dev) << 20 | minor(st.st_dev));
	assert_int_equal(keep_now(w), 0);
	assert_string_equal(w->reply.store, "/");
	assert_string_equal(w->reply.origin, "/f");
	assert_int_equal(kept_count(w), -1);
	assert_int_equal(state_of(file).st_nlink, 2);
	assert_int_equal(restore(w, ID), -ENODEV); /* we do not see that mount */
	close(end);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, on_bind, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_what_a_kernel_says),
		with_world(a_planted_link_is_no_store),
		with_world(a_planted_file_is_no_store),
		with_world(a_folder_of_somebody_else_is_no_store),
		with_world(a_folder_that_others_may_write_is_no_store),
		with_world(a_folder_of_root_alone_is_a_store),
		with_world(stores_and_roots_are_not_kept),
		with_world(what_is_no_storage_keeps_nothing),
		with_world(a_task_that_is_gone_has_nothing_kept),
		with_world(a_folder_that_is_gone_gets_nothing_back),
		with_world(a_past_that_is_not_ours_is_not_believed),
		with_world(only_a_place_with_a_store_is_looked_into),
		with_world(a_read_only_mount_is_said_to_be),
		with_world(the_namespace_of_the_task_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
