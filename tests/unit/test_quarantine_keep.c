// SPDX-License-Identifier: Apache-2.0
/*
 * test_quarantine_keep.c - objects are kept, put back and removed on real file systems: what comes back is what was there
 *
 * Each test runs on a tmpfs and on a bound folder; each refusal stands beside what is permitted. To add a case: a function with
 * WORLD(), and a row of both() in main.
 */
#include "quarantine_fixture.h"

#include <seccomp.h>

static void set_state(const char *path, mode_t mode)
{
	const struct timespec times[] = { { 7, 8 }, { 1000000000, 123456789 } };

	assert_int_equal(lchown(path, 1234, 4321), 0);
	assert_int_equal(chmod(path, mode), 0);
	if (setxattr(path, "user.note", "kept", 4, 0))
		assert_int_equal(errno, EOPNOTSUPP); /* tmpfs before Linux 6.6 */
	assert_int_equal(setxattr(path, "security.test", "kept too", 8, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void expect_state(const char *path, mode_t mode)
{
	struct stat st = state_of(path);
	char value[16] = "";

	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 4321);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	if (getxattr(path, "user.note", value, sizeof(value)) < 0)
		assert_int_equal(errno, EOPNOTSUPP);
	else
		assert_string_equal(value, "kept");
	assert_int_equal(getxattr(path, "security.test", value, sizeof(value)), 8);
}

static void a_file_is_linked_and_comes_back_itself(void **state)
{
	struct world *w = WORLD(state);
	const char *file = at(w, "a folder/\\040\n\xff");
	struct stat before;

	assert_int_equal(mkdir(at(w, "a folder"), 0755), 0);
	write_file(file, "text");
	set_state(file, 06750);
	before = state_of(file);
	assert_int_equal(keep(w, ID, file), 0);
	assert_int_equal(w->reply.how, QUARANTINE_LINKED);
	assert_int_equal(w->reply.size, 4);
	assert_int_equal(w->reply.mode, before.st_mode);
	assert_int_equal(w->reply.uid, 1234);
	assert_int_equal(w->reply.links, 1);
	assert_int_equal(w->reply.mtime_ns, 1000000000123456789);
	assert_string_equal(w->reply.origin + strlen(w->reply.origin) - 16, "/a folder/\\040\n\xff");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(restore(w, ID), 0);
	expect_text(file, "text");
	expect_state(file, 06750);
	assert_int_equal(state_of(file).st_ino, before.st_ino);
	assert_int_equal(kept_count(w), 0);
}

static void the_store_is_roots_alone(void **state)
{
	struct world *w = WORLD(state);
	struct stat st;

	assert_int_equal(chmod(w->dir, 02777), 0);
	write_file(at(w, "f"), "x");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	st = state_of(at(w, CVF_QUARANTINE_DIR));
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(state_of(at(w, CVF_QUARANTINE_DIR "/" ID ".origin")).st_mode, S_IFREG | 0600);
}

static void another_object_under_the_name_is_not_kept(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "judged");
	write_file(at(w, "g"), "other");
	ask_about(w, ID, at(w, "f"));
	assert_int_equal(rename(at(w, "f"), at(w, "aside")), 0);
	assert_int_equal(keep_now(w), -ESTALE); /* nothing has the name */
	assert_int_equal(rename(at(w, "g"), at(w, "f")), 0);
	assert_int_equal(keep_now(w), -ESTALE); /* another */
	assert_int_equal(kept_count(w), -1);
	assert_int_equal(rename(at(w, "aside"), at(w, "f")), 0);
	w->ask.device++;
	assert_int_equal(keep_now(w), -ESTALE); /* the same number on another device */
	assert_int_equal(kept_count(w), -1);
	w->ask.device--;
	assert_int_equal(keep_now(w), 0);
	assert_int_equal(kept_count(w), 2);
}

static void a_link_on_the_way_is_not_followed(void **state)
{
	struct world *w = WORLD(state);
	const char *way = at(w, "way/f");

	assert_int_equal(mkdir(at(w, "real"), 0755), 0);
	write_file(at(w, "real/f"), "x");
	assert_int_equal(symlink("real", at(w, "way")), 0);
	ask_about(w, ID, at(w, "real/f"));
	strcpy(w->ask.path, way);
	assert_int_equal(keep_now(w), -ESTALE);
	assert_int_equal(kept_count(w), -1);
	strcpy(w->ask.path, at(w, "real/f"));
	assert_int_equal(keep_now(w), 0);
}

static void a_link_is_kept_itself(void **state)
{
	struct world *w = WORLD(state);
	char to[16] = "";

	write_file(at(w, "f"), "x");
	assert_int_equal(symlink("f", at(w, "link")), 0);
	assert_int_equal(keep(w, ID, at(w, "link")), 0);
	assert_true(S_ISLNK(w->reply.mode));
	assert_int_equal(state_of(at(w, "f")).st_nlink, 1);
	assert_int_equal(unlink(at(w, "link")), 0);
	assert_int_equal(restore(w, ID), 0);
	assert_int_equal(readlink(at(w, "link"), to, sizeof(to)), 1);
	assert_string_equal(to, "f");
}

static void a_folder_is_made_anew(void **state)
{
	struct world *w = WORLD(state);
	const char *folder = at(w, "folder");

	assert_int_equal(mkdir(folder, 0755), 0);
	set_state(folder, 03770);
	assert_int_equal(keep(w, ID, folder), 0);
	assert_int_equal(w->reply.how, QUARANTINE_DIRECTORY);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(restore(w, ID), 0);
	expect_state(folder, 03770);
	assert_int_equal(kept_count(w), 0);
}

/* The rest of the program cannot make links, as on a file system without them. In a child: it stays so. */
static void without_links(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	assert_non_null(filter);
	assert_int_equal(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(linkat), 0), 0);
	assert_int_equal(seccomp_load(filter), 0);
	seccomp_release(filter);
}

/* What the child found wrong is its exit status: the line. */
#define CHILD_EXPECT(what)                    \
	do {                                  \
		if (!(what))                  \
			_exit(__LINE__ % 255 + 1); \
	} while (0)

static void in_child(void (*what)(struct world *), struct world *w)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		what(w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void copy_and_restore(struct world *w)
{
	const char *file = at(w, "f");
	struct stat before = state_of(file);

	without_links();
	w->ask.copy_max = 3;
	CHILD_EXPECT(keep_now(w) == -EFBIG);
	CHILD_EXPECT(kept_count(w) == -1);
	w->ask.copy_max = 4;
	CHILD_EXPECT(keep_now(w) == 0);
	CHILD_EXPECT(w->reply.how == QUARANTINE_COPIED);
	CHILD_EXPECT(state_of(file).st_nlink == before.st_nlink);
	CHILD_EXPECT(unlink(file) == 0);
	CHILD_EXPECT(restore(w, ID) == 0);
	CHILD_EXPECT(kept_count(w) == 0);
}

static void a_file_without_links_is_copied_up_to_a_size(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "text");
	set_state(at(w, "f"), 06755);
	ask_about(w, ID, at(w, "f"));
	in_child(copy_and_restore, w);
	expect_text(at(w, "f"), "text");
	expect_state(at(w, "f"), 06755);
}

static void fifo_without_links(struct world *w)
{
	without_links();
	CHILD_EXPECT(keep_now(w) == -EOPNOTSUPP);
	CHILD_EXPECT(kept_count(w) == -1);
}

static void what_is_no_file_is_linked_or_refused(void **state)
{
	struct world *w = WORLD(state);

	assert_int_equal(mkfifo(at(w, "fifo"), 0640), 0);
	ask_about(w, ID, at(w, "fifo"));
	in_child(fifo_without_links, w);
	assert_int_equal(keep_now(w), 0);
	assert_int_equal(unlink(at(w, "fifo")), 0);
	assert_int_equal(restore(w, ID), 0);
	assert_true(S_ISFIFO(state_of(at(w, "fifo")).st_mode));
}

static void a_name_that_is_taken_is_not_replaced(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "old");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(unlink(at(w, "f")), 0);
	write_file(at(w, "f"), "new");
	assert_int_equal(restore(w, ID), -EEXIST);
	expect_text(at(w, "f"), "new");
	assert_int_equal(kept_count(w), 2);
	assert_int_equal(unlink(at(w, "f")), 0);
	assert_int_equal(restore(w, ID), 0);
	expect_text(at(w, "f"), "old");
	assert_int_equal(restore(w, ID), -ENOENT);
}

static void an_id_is_used_once(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "first");
	write_file(at(w, "g"), "second");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(keep(w, ID, at(w, "g")), -EEXIST);
	assert_int_equal(kept_count(w), 2);
	expect_text(at(w, CVF_QUARANTINE_DIR "/" ID), "first");
	assert_int_equal(keep(w, ID2, at(w, "g")), 0);
	assert_int_equal(kept_count(w), 4);
}

static void what_has_two_names_is_said_to(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "x");
	assert_int_equal(link(at(w, "f"), at(w, "g")), 0);
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(w->reply.links, 2);
}

static void purge_removes_for_good(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "x");
	assert_int_equal(mkdir(at(w, "d"), 0755), 0);
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(keep(w, ID2, at(w, "d")), 0);
	assert_int_equal(purge(w, ID), 0);
	assert_int_equal(kept_count(w), 2);
	assert_int_equal(purge(w, ID2), 0);
	assert_int_equal(kept_count(w), 0);
	assert_int_equal(purge(w, ID2), 0);
	assert_int_equal(restore(w, ID), -ENOENT);
	expect_text(at(w, "f"), "x");
}

static void a_keep_of_which_nobody_heard_is_found_by_its_id(void **state)
{
	struct world *w = WORLD(state);

	write_file(at(w, "f"), "x");
	write_file(at(w, "g"), "y");
	assert_int_equal(keep(w, ID, at(w, "f")), 0);
	assert_int_equal(keep(w, ID2, at(w, "g")), 0);
	*w->reply.store = 0;
	*w->ask.store = 0;
	assert_int_equal(purge(w, ID), 0);
	assert_false(is_there(at(w, CVF_QUARANTINE_DIR "/" ID)));
	assert_int_equal(kept_count(w), 2);
	expect_text(at(w, CVF_QUARANTINE_DIR "/" ID2), "y");
	assert_int_equal(restore(w, ID2), -EINVAL); /* it must know where */
	w->ask.device ^= 0x80000000u;
	assert_int_equal(purge(w, ID2), -ENODEV);
	assert_int_equal(kept_count(w), 2);
}

#define both(test)                                                                        \
	cmocka_unit_test_setup_teardown(test, on_tmpfs, world_end),                       \
		{ #test " (bound folder)", test, on_bind, world_end, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		both(a_file_is_linked_and_comes_back_itself),
		both(the_store_is_roots_alone),
		both(another_object_under_the_name_is_not_kept),
		both(a_link_on_the_way_is_not_followed),
		both(a_link_is_kept_itself),
		both(a_folder_is_made_anew),
		both(a_file_without_links_is_copied_up_to_a_size),
		both(what_is_no_file_is_linked_or_refused),
		both(a_name_that_is_taken_is_not_replaced),
		both(an_id_is_used_once),
		both(what_has_two_names_is_said_to),
		both(purge_removes_for_good),
		both(a_keep_of_which_nobody_heard_is_found_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
